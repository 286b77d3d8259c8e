use jsonwebtoken::EncodingKey;
use serde_json::json;

use super::*;
use crate::auth::development;
use crate::config::parties::ClientBlock;

const ISSUER: &str = "https://issuer.example";

struct Still(i64);

impl Clock for Still {
    fn now(&self) -> String {
        crate::clock::vietnam_time(self.0 * 1000)
    }

    fn unix_ms(&self) -> i64 {
        self.0 * 1000
    }
}

struct Bench {
    folder: tempfile::TempDir,
    authenticator: Authenticator,
    now: i64,
}

fn bench() -> Bench {
    crate::start::install_crypto();
    let folder = tempfile::tempdir().unwrap();
    development::ensure_keys(folder.path()).unwrap();
    let now = 1_800_000_000;
    let issuer = IssuerBlock {
        issuer: ISSUER.into(),
        audience: "lienthong".into(),
        jwks: folder.path().join(development::JWKS_FILE),
        algorithms: vec!["ES256".into()],
        token_lifetime_max_s: None,
    };
    let client = ClientBlock { title: "Một cửa".into(), rights: vec!["no-cache".into()] };
    let clients = ClientsFile { issuers: vec![issuer], clients: [("a".to_string(), client)].into() };
    let file = folder.path().join("clients.toml");
    let authenticator = Authenticator::read(&file, &clients, Arc::new(Still(now))).ok().unwrap();
    Bench { folder, authenticator, now }
}

impl Bench {
    fn signed(&self, claims: &Value) -> String {
        let pem = std::fs::read(self.folder.path().join("development.key.pem")).unwrap();
        let key = EncodingKey::from_ec_pem(&pem).unwrap();
        let header = json!({ "alg": "ES256", "kid": "development" });
        development::sign(&header, claims, &key, jsonwebtoken::Algorithm::ES256).unwrap()
    }

    fn sound(&self) -> Value {
        json!({ "iss": ISSUER, "aud": "lienthong", "sub": "a", "nbf": self.now - 10, "exp": self.now + 100 })
    }

    fn without(&self, name: &str) -> Value {
        let mut claims = self.sound();
        claims.as_object_mut().unwrap().remove(name);
        claims
    }

    fn with(&self, name: &str, value: Value) -> Value {
        let mut claims = self.sound();
        claims[name] = value;
        claims
    }
}

#[test]
fn a_sound_token_names_its_client_and_rights() {
    let bench = bench();
    let client = bench.authenticator.admit(&bench.signed(&bench.sound())).unwrap();
    assert_eq!(client.id, "a");
    assert!(client.rights.contains("no-cache"));
    let again = bench.authenticator.admit(&bench.signed(&bench.with("aud", json!(["x", "lienthong"]))));
    assert!(again.is_ok());
}

#[test]
fn every_claim_is_required_in_its_own_type() {
    let bench = bench();
    for name in ["iss", "aud", "sub", "nbf", "exp"] {
        assert!(bench.authenticator.admit(&bench.signed(&bench.without(name))).is_err(), "{name}");
    }
    let now = bench.now;
    let cases = [
        ("exp", json!((now + 100).to_string()), Distrust::Claims),
        ("nbf", json!(null), Distrust::Claims),
        ("exp", json!(now - 100), Distrust::Time),
        ("nbf", json!(now + 100), Distrust::Time),
        ("exp", json!(now + 100_000), Distrust::Time),
        ("exp", json!(1e300), Distrust::Claims),
        ("aud", json!("somebody else"), Distrust::Audience),
        ("iss", json!("https://evil.example"), Distrust::Issuer),
        ("sub", json!("b"), Distrust::Client),
    ];
    for (name, value, expected) in cases {
        let refused = bench.authenticator.admit(&bench.signed(&bench.with(name, value.clone()))).unwrap_err();
        assert_eq!(refused, expected, "{name} = {value}");
    }
}

#[test]
fn a_remembered_token_still_ends() {
    let mut bench = bench();
    let token = bench.signed(&bench.sound());
    assert!(bench.authenticator.admit(&token).is_ok());
    bench.authenticator.clock = Arc::new(Still(bench.now + 1_000));
    assert_eq!(bench.authenticator.admit(&token).unwrap_err(), Distrust::Time);
}

#[test]
fn a_token_of_another_key_is_refused() {
    let (ours, theirs) = (bench(), bench());
    let refused = ours.authenticator.admit(&theirs.signed(&ours.sound())).unwrap_err();
    assert_eq!(refused, Distrust::Jws(jws::JwsError::Signature));
}
