//! The JWS corpus: through our own verify function, and as bearer tokens at the edge.

use std::path::Path;

use anyhow::{Context, Result};
use futures_util::{StreamExt, stream};
use reqwest::header::HeaderValue;
use sandbox::world::ONE_STOP;
use serde_json::{Value, json};
use server::auth::jws::verify_jws;
use server::auth::keys::VerificationKey;

use crate::ground::{AT_ONCE, Ground};
use crate::score::{Counts, Score, bar, print_table};

/// Judges every token of the corpus.
pub async fn prove(file: &Path, ground: &Ground, score: &mut Score) -> Result<()> {
    let corpus = super::read_json(file)?;
    let groups = corpus.get("testGroups").and_then(Value::as_array).context("testGroups")?;
    let mut rows = Vec::new();
    let mut tokens = Vec::new();
    for group in groups {
        rows.push(judge(group, &mut tokens, score));
    }
    let heading = ["group", "algorithm", "cases", "valid there", "accepted here", "verdict"];
    print_table("Wycheproof JWS through server::auth", &heading, &rows);
    vector_of_rfc_8037(score);
    at_the_edge(&tokens, ground, score).await
}

/// One group has one key. For ES256 and RS256 our verdict is theirs; anything else is refused.
fn judge(group: &Value, tokens: &mut Vec<String>, score: &mut Score) -> Vec<String> {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or("").to_string();
    let key = ["public", "private"].iter().find_map(|kind| group.get(*kind)).cloned().unwrap_or_default();
    let algorithm = text(&key, "alg");
    let ours = matches!(algorithm.as_str(), "ES256" | "RS256");
    let (mut cases, mut valid, mut accepted, mut wrong) = (0, 0, 0, 0);
    for test in group.get("tests").and_then(Value::as_array).into_iter().flatten() {
        let token = text(test, "jws");
        let theirs = text(test, "result") == "valid";
        let here = accepts(&key, &token);
        cases += 1;
        valid += usize::from(theirs);
        accepted += usize::from(here);
        wrong += usize::from(here != (ours && theirs));
        score.check(here == (ours && theirs), || {
            format!(
                "JWS {} {}: accepted {here}",
                test.get("tcId").cloned().unwrap_or_default(),
                text(test, "comment")
            )
        });
        tokens.push(token);
    }
    let verdict = match (ours, wrong) {
        (true, 0) => "agrees".to_string(),
        (false, 0) => "all refused: not an algorithm of ours".to_string(),
        (_, wrong) => format!("{wrong} WRONG"),
    };
    let algorithm = if algorithm.is_empty() { "(key for encryption)".to_string() } else { algorithm };
    let [cases, valid, accepted] = [cases, valid, accepted].map(|number| number.to_string());
    vec![text(group, "comment"), algorithm, cases, valid, accepted, verdict]
}

fn accepts(key: &Value, token: &str) -> bool {
    VerificationKey::from_jwk(key).is_ok_and(|key| verify_jws(token, &key).is_ok())
}

/// RFC 8037 appendix A.4: the corpus has no EdDSA.
fn vector_of_rfc_8037(score: &mut Score) {
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    let good = format!("{message}.{signature}");
    score.check(accepts(&key, &good), || "the EdDSA vector of RFC 8037 A.4 is refused".into());
    let refused = neighbours(&good).iter().filter(|token| !accepts(&key, token)).count();
    let all = neighbours(&good).len();
    score.check(refused == all, || format!("{} neighbours of the EdDSA vector are accepted", all - refused));
    println!(
        "\n  EdDSA, RFC 8037 A.4: the vector accepted, {refused} of {all} with one character changed refused"
    );
}

/// The same token with one character changed, at every place.
fn neighbours(token: &str) -> Vec<String> {
    let changed = |at: usize, old: char| {
        let new = if old == 'A' { 'B' } else { 'A' };
        let letters = token.chars().enumerate();
        letters.map(|(index, letter)| if index == at { new } else { letter }).collect::<String>()
    };
    token.char_indices().map(|(at, old)| changed(at, old)).collect()
}

/// Nobody gets in with a token of the corpus, nor with our own token once a single character differs.
async fn at_the_edge(corpus: &[String], ground: &Ground, score: &mut Score) -> Result<()> {
    let good = ground.world.token(ONE_STOP)?;
    let mut counts = Counts::default();
    let told = ask_with(&good, ground).await?;
    score.check(told == 200, || format!("our own token is refused: {told}"));
    let altered = neighbours(&good);
    let bar = bar(corpus.len() + altered.len(), "tokens at the edge");
    for (whose, tokens) in [("of the corpus", corpus), ("ours, one character changed", &altered)] {
        let (sound, unsendable): (Vec<_>, Vec<_>) =
            tokens.iter().partition(|token| HeaderValue::from_str(token).is_ok());
        counts.many(format!("{whose}: cannot stand in a header"), unsendable.len());
        let mut told = stream::iter(sound).map(|token| ask_with(token, ground)).buffer_unordered(AT_ONCE);
        while let Some(status) = told.next().await {
            let status = status?;
            bar.inc(1);
            counts.one(format!("{whose}: {status}"));
            score.check(status == 401, || format!("a token {whose} got {status}"));
        }
    }
    bar.finish_and_clear();
    counts.print("Bearer tokens at the running edge (our own token, unchanged: 200)");
    Ok(())
}

async fn ask_with(token: &str, ground: &Ground) -> Result<u16> {
    Ok(ground.one_stop.with_token(token).get("/v1/services").await?.status)
}
