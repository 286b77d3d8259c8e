//! What the house puts together out of the cache: each part says where it came from, and the whole is no fresher than its parts.

use anyhow::Result;
use sandbox::Told;
use sandbox::caller::purpose_of;
use sandbox::questions::{about, address_before};
use serde_json::Value;
use simulators::Simulators;

use crate::ground::Ground;
use crate::score::{Score, print_table};
use crate::together::{self, Together};
use crate::weather::questions::UNIT;

/// Two dossiers that nobody else works on: what one has fetched is not the other's.
const FIRST: &str = "H56.14-250815-0001";
const SECOND: &str = "H56.14-250815-0002";
/// What goes on whether anybody asks or not, and logins.
const NOT_ASKED_FOR: [&str; 3] = ["rhDoc", "token", "login"];
/// People whose old addresses are converted.
const PEOPLE: usize = 50;

/// Composites from parts that lie in the cache and parts that do not, and what needs no agency at all.
pub async fn prove(ground: &Ground, score: &mut Score) -> Result<()> {
    let register = ground.world.simulators.register();
    let mut rows = Vec::new();
    let profile = together::profile(register)?;
    // One part is known already, from a read of its own.
    ground.one_stop.ask_for("residence.person", purpose_of(FIRST, UNIT), about(register.sample())).await?;
    let mut play = Play { ground, score: &mut *score, rows: &mut rows };
    let partly = play.ask(&profile, FIRST, "one part was read before", &["residence"]).await?;
    play.warm(&profile, &partly).await?;
    let form = together::birth_form(register)?;
    let cold = play.ask(&form, FIRST, "nothing was read before", &[]).await?;
    play.warm(&form, &cold).await?;
    for composite in [&profile, &form] {
        play.ask(composite, SECOND, "in another dossier", &[]).await?;
        let told = composite.ask(FIRST, &ground.connector).await?;
        play.score.check(told.status == 403, || {
            format!("{}: the connector is told {} out of the cache", composite.name, told.status)
        });
    }
    asks_nobody(ground, score, &mut rows).await?;
    print_table("Composites and the cache", &["what", "", "parts", "exchanges"], &rows);
    Ok(())
}

struct Play<'a> {
    ground: &'a Ground,
    score: &'a mut Score,
    rows: &'a mut Vec<Vec<String>>,
}

impl Play<'_> {
    /// Asks once; these parts come from the cache, all others from their agencies.
    async fn ask(&mut self, what: &Together, dossier: &str, when: &str, kept: &[&str]) -> Result<Told> {
        let before = exchanges(&self.ground.world.simulators);
        let told = what.ask(dossier, &self.ground.one_stop).await?;
        let asked = exchanges(&self.ground.world.simulators) - before;
        let whole = told.word() == "found" && told.at("/complete") == true;
        self.score.check(whole, || format!("{} {when}: {}", what.name, told.word()));
        for part in what.parts {
            let expected = if kept.contains(&part.name) { "hit" } else { "miss" };
            let cache = cache_of(part.told(&told));
            self.score.check(cache == expected, || {
                format!("{} {when}: part {} says {cache}, not {expected}", what.name, part.name)
            });
        }
        let all_kept = what.parts.iter().all(|part| kept.contains(&part.name));
        let expected = if all_kept { "hit" } else { "miss" };
        let cache = cache_of(&told.body);
        self.score.check(cache == expected, || {
            format!("{} {when}: the whole says {cache}, not {expected}", what.name)
        });
        self.score.check((asked == 0) == all_kept, || format!("{} {when}: {asked} exchanges", what.name));
        let parts = what.parts.iter().map(|part| format!("{} {}", part.name, cache_of(part.told(&told))));
        let parts = parts.collect::<Vec<_>>().join(", ");
        self.rows.push(vec![what.name.into(), when.into(), parts, asked.to_string()]);
        Ok(told)
    }

    /// Asks again: all from the cache, the same as before.
    async fn warm(&mut self, what: &Together, before: &Told) -> Result<()> {
        let kept: Vec<&str> = what.parts.iter().map(|part| part.name).collect();
        let again = self.ask(what, FIRST, "again", &kept).await?;
        let same =
            again.at("/data") == before.at("/data") && again.at("/conflicts") == before.at("/conflicts");
        self.score.check(same, || format!("{}: out of the cache it says something else", what.name));
        let said_at = |told: &Told| {
            what.parts.iter().map(|part| part.told(told).get("at").cloned()).collect::<Vec<_>>()
        };
        self.score.check(said_at(&again) == said_at(before), || {
            format!("{}: a part from the cache says another time", what.name)
        });
        Ok(())
    }
}

/// Addresses are the house's own, and parcels it has followed: whoever asks, no agency hears of it.
async fn asks_nobody(ground: &Ground, score: &mut Score, rows: &mut Vec<Vec<String>>) -> Result<()> {
    let register = ground.world.simulators.register();
    let before = exchanges(&ground.world.simulators);
    let mut converted = 0;
    for person in register.ordinary().take(PEOPLE) {
        let told = ground.one_stop.ask("address.convert", address_before(person)).await?;
        converted += usize::from(told.word() == "found" && told.at("/source/agency") == "lienthong");
    }
    score.check(converted == PEOPLE, || format!("{converted} of {PEOPLE} addresses converted"));
    let mut tracked = 0;
    for parcel in register.parcels() {
        let query = serde_json::json!({ "order_number": parcel.order });
        let told = ground.one_stop.ask("postal.tracking", query).await?;
        tracked += usize::from(is_this_parcel(&told, &parcel.order, &parcel.states));
    }
    let parcels = register.parcels().len();
    score.check(tracked == parcels, || format!("{tracked} of {parcels} parcels told of"));
    let asked = exchanges(&ground.world.simulators) - before;
    score.check(asked == 0, || format!("{asked} exchanges for addresses and parcels"));
    let row = |what: &str, number: usize| {
        vec![what.to_owned(), format!("{number} asked"), String::new(), "0".into()]
    };
    rows.extend([row("address", converted), row("tracking", tracked)]);
    Ok(())
}

fn is_this_parcel(told: &Told, order: &str, states: &[u16]) -> bool {
    let events = told.at("/data/events").as_array().into_iter().flatten();
    let codes: Vec<&str> = events.filter_map(|event| event.get("code")?.as_str()).collect();
    let states: Vec<String> = states.iter().map(u16::to_string).collect();
    told.at("/source/cache") == "hit" && told.at("/data/order_number") == order && codes == states
}

fn cache_of(told: &Value) -> &str {
    told.pointer("/source/cache").and_then(Value::as_str).unwrap_or("-")
}

/// Everything that any agency or carrier was asked because somebody asked us.
fn exchanges(simulators: &Simulators) -> u64 {
    let of_party = |counts: simulators::Counts| {
        let asked = counts.by_operation.into_iter();
        asked
            .filter(|(operation, _)| !NOT_ASKED_FOR.contains(&operation.as_str()))
            .map(|(_, number)| number)
            .sum::<u64>()
    };
    simulators.parties().map(|party| of_party(party.counts())).into_iter().sum()
}
