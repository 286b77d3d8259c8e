//! Answers of several agencies in bad weather: the part that is struck fails as its read alone would, the others are shown.

use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use sandbox::{Caller, Told};
use serde_json::Value;
use simulators::{Misbehaviour, Party, Register};

use super::expected::{self, Expected};
use super::{Place, at_the_door};
use crate::ground::nth_dossier;
use crate::together::{self, Part, Together};

/// The composites that are asked in every weather, and what no weather reaches.
#[derive(Debug)]
pub struct Composites {
    /// A profile, and a form filled in.
    pub all: [Together; 2],
    /// The house's own tables: no agency is asked.
    pub conversion: Together,
    turns: AtomicUsize,
}

impl Composites {
    /// About people and papers of this register.
    pub fn of(register: &Register) -> Result<Composites> {
        let all = [together::profile(register)?, together::birth_form(register)?];
        Ok(Composites { all, conversion: together::conversion(register), turns: AtomicUsize::new(0) })
    }

    /// Asks those which have a part in what is spoiled, and where nothing of theirs is, the profile.
    pub async fn ask(&self, weather: &Weather<'_>, caller: &Caller) -> Result<Vec<(Together, Told)>> {
        let [profile, _] = &self.all;
        let struck: Vec<&Together> = self.all.iter().filter(|one| weather.strikes_any(one)).collect();
        let asked = if struck.is_empty() { vec![profile] } else { struck };
        let asked = asked.into_iter().chain([&self.conversion]);
        // Another dossier for each case: nobody joins an exchange of the case before that is being given up.
        let dossier = nth_dossier(self.turns.fetch_add(1, Ordering::Relaxed));
        let told = asked.map(async |one| Ok((one.clone(), one.ask(&dossier, caller).await?)));
        futures_util::future::join_all(told).await.into_iter().collect()
    }
}

/// What is played, where, and on which operations.
#[derive(Debug)]
pub struct Weather<'a> {
    /// The misbehaviour.
    pub kind: &'a Misbehaviour,
    /// Where.
    pub place: Place,
    /// The operations that are spoiled.
    pub operations: Vec<&'static str>,
}

impl Weather<'_> {
    fn strikes_any(&self, together: &Together) -> bool {
        together.parts.iter().any(|part| self.read_struck(part).is_some())
    }

    /// The read of weather's tables as which a part is struck; `None`: it is not.
    fn read_struck(&self, part: &Part) -> Option<&'static str> {
        let carriers_own = match self.place {
            Place::Token => true,
            Place::Carrier => at_the_door(self.kind),
            _ => false,
        };
        let first = part.exchanges.first().map(|(_, read)| *read);
        if carriers_own && is_carried(part) {
            return first;
        }
        // An agency's operation is its own; at the carrier the operation behind it is named.
        let own = |operation: &str| self.operations.contains(&operation);
        part.exchanges.iter().find(|(operation, _)| own(operation)).map(|(_, read)| *read)
    }

    /// Whoever spends the carrier's token spends it for all behind the carrier who share it: one that renews just then may
    /// meet a token that is spent again, and logs in but once.
    fn may_lose_its_token(&self, part: &Part) -> bool {
        *self.kind == Misbehaviour::ExpiredToken
            && matches!(self.place, Place::Carrier | Place::CivilStatus | Place::Tax)
            && matches!(part.party, Party::CivilStatus | Party::Tax)
    }

    /// Whoever asks too much of the carrier is told so by the carrier: from then on its bucket stands still for all behind it.
    fn may_be_kept_away(&self, part: &Part) -> bool {
        *self.kind == Misbehaviour::TooManyRequests
            && is_carried(part)
            && (self.place.is_carried() || self.place == Place::Carrier)
    }

    /// What became of a composite, in words, and what is wrong with it.
    pub fn judge(&self, together: &Together, told: &Told) -> (String, Option<String>) {
        let required = together.parts.iter().find(|part| part.required && self.read_struck(part).is_some());
        if told.status != 200 {
            let actual = Expected::told(told);
            let read = required.and_then(|part| self.read_struck(part));
            let allowed = read.is_some_and(|read| expected::allows(self.kind, self.place, read, actual));
            return (actual.to_string(), (!allowed).then(|| format!("the whole is {actual}")));
        }
        if told.word() != "found" {
            return (told.word().into(), Some("200 without an answer".into()));
        }
        let states: Vec<(&Part, Expected)> =
            together.parts.iter().map(|part| (part, state_of(part, told))).collect();
        let gaps: Vec<String> = states
            .iter()
            .filter(|(_, state)| *state != Expected::Found)
            .map(|(part, state)| format!("{}: {state}", part.name))
            .collect();
        // Nobody here is told otherwise of by anybody: who is, is somebody else.
        let strangers = told.at("/conflicts").as_array().is_some_and(|conflicts| !conflicts.is_empty());
        if strangers {
            return (
                "conflicts".into(),
                Some(format!("contradictions are shown: {}", told.at("/conflicts"))),
            );
        }
        let wrong = states.iter().find_map(|(part, state)| self.judge_part(part, *state, told));
        let whole = together.parts.is_empty() || told.at("/complete") == gaps.is_empty();
        let wrong = wrong.or_else(|| (!whole).then(|| format!("complete is {}", told.at("/complete"))));
        let word = if gaps.is_empty() { "found, whole".into() } else { gaps.join(", ") };
        (word, wrong)
    }

    fn judge_part(&self, part: &Part, state: Expected, told: &Told) -> Option<String> {
        let is_right = match self.read_struck(part) {
            Some(read) => expected::allows(self.kind, self.place, read, state),
            None => state == Expected::Found,
        };
        let is_right = is_right
            || (self.may_lose_its_token(part) && state == expected::NOT_LET_IN)
            || (self.may_be_kept_away(part) && state == expected::CARRIER_TOO_MUCH);
        if !is_right {
            return Some(format!("part {} is {state}", part.name));
        }
        if part.required && state != Expected::Found {
            return Some(format!("an answer without its required part {}", part.name));
        }
        // What is told of is shown, and what failed is not.
        let shown = part.is_shown(told);
        (shown != (state == Expected::Found))
            .then(|| format!("part {} is {state}, shown: {shown}", part.name))
    }
}

/// Whether it is asked through the carrier.
fn is_carried(part: &Part) -> bool {
    matches!(part.party, Party::CivilStatus | Party::SocialInsurance | Party::Tax)
}

/// What a part says became of it.
fn state_of(part: &Part, told: &Told) -> Expected {
    if part.status(told) == "ok" {
        return Expected::Found;
    }
    let text = |pointer| part.problem(told, pointer).as_str().unwrap_or_default();
    let status = part.problem(told, "/status").as_u64().and_then(|status| u16::try_from(status).ok());
    Expected::problem(status.unwrap_or_default(), text("/code"), text("/blame"))
}

/// Everything that the problems of an answer's parts say.
pub fn words_of_problems(told: &Told) -> String {
    let parts = told.at("/parts").as_array().into_iter().flatten();
    parts.filter_map(|part| part.get("problem")).map(Value::to_string).collect()
}
