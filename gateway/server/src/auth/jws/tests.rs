use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::*;

const ALL: [Algorithm; 3] = [Algorithm::Es256, Algorithm::EdDsa, Algorithm::Rs256];

fn verdict(key: &Value, token: &str) -> Result<(), JwsError> {
    crate::start::install_crypto();
    let keys = KeySet::of_key(key).map_err(|_unusable| JwsError::Key)?;
    Signed::read(token)?.verify(&keys, &ALL)
}

/// RFC 8037 appendix A.4: an Ed25519 signature and its key.
#[test]
fn the_vector_of_rfc_8037_is_accepted_and_its_neighbour_refused() {
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" });
    let message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(verdict(&key, &format!("{message}.{signature}")), Ok(()));
    let other = message.replace("RXhh", "RXhi");
    assert_eq!(verdict(&key, &format!("{other}.{signature}")), Err(JwsError::Signature));
}

#[test]
fn headers_that_bring_their_own_key_are_refused() {
    for header in [
        r#"{"alg":"none"}"#,
        r#"{"alg":"HS256"}"#,
        r#"{"alg":"ES256","jwk":{}}"#,
        r#"{"alg":"ES256","jku":"https://evil.example"}"#,
        r#"{"alg":"ES256","x5u":"https://evil.example"}"#,
        r#"{"alg":"ES256","crit":["exp"],"exp":1}"#,
        r#"{"alg":"none","alg":"ES256"}"#,
        r#"{"alg":["ES256"]}"#,
        r#"{"alg":"ES256","kid":7}"#,
        "[]",
    ] {
        let token = format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(header));
        let refused = Signed::read(&token).unwrap_err();
        assert!(matches!(refused, JwsError::Header | JwsError::Algorithm), "{header}: {refused}");
    }
}

#[test]
fn forms_that_are_no_compact_jws_are_refused() {
    for token in ["", ".", "..", "a.b", "e30=.e30.AA", "e30.e30.AA\n", "e30.e30.e30.AA", "e30.é.AA"] {
        assert!(Signed::read(token).is_err(), "{token:?}");
    }
    assert_eq!(Signed::read(&"a".repeat(TOKEN_BYTES_MAX + 1)).unwrap_err(), JwsError::TooLong);
}

/// Wycheproof: our verdict agrees for the algorithms we allow; every other algorithm is refused (promise S1, threat T3).
#[test]
fn the_foreign_corpus_agrees() {
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora/wycheproof-jws.json");
    let Ok(text) = std::fs::read_to_string(default) else {
        println!("skipped: the JWS corpus is absent");
        return;
    };
    let corpus: Value = serde_json::from_str(&text).unwrap();
    let mut counted: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    for group in corpus["testGroups"].as_array().unwrap() {
        let key = if group["public"].is_object() { &group["public"] } else { &group["private"] };
        let ours = matches!(key["alg"].as_str(), Some("ES256" | "RS256"));
        for test in group["tests"].as_array().unwrap() {
            let accepted = verdict(key, test["jws"].as_str().unwrap_or_default()).is_ok();
            let expected = ours && test["result"] == "valid";
            assert_eq!(accepted, expected, "{} {}: {}", group["comment"], test["tcId"], test["comment"]);
            let count = counted.entry(key["alg"].as_str().unwrap_or("none").to_string()).or_default();
            if accepted { count.0 += 1 } else { count.1 += 1 }
        }
    }
    println!("accepted and refused by algorithm: {counted:?}");
    assert!(counted["ES256"].0 > 0 && counted["RS256"].0 > 0);
}
