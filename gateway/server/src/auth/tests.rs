use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::*;
use development::{JWKS_FILE, KEY_FILE, TokenOrder};
use jws::verify_jws;
use keys::VerificationKey;

const NOW_S: i64 = 1_754_964_000;
const ISSUER: &str = "https://issuer.example";

struct FixedClock(AtomicI64);

impl Clock for FixedClock {
    fn now(&self) -> String {
        crate::clock::vietnam_time(self.unix_ms())
    }
    fn unix_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

struct World {
    folder: tempfile::TempDir,
    clock: Arc<FixedClock>,
    authenticator: Authenticator,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        development::ensure_keys(folder.path()).unwrap();
        let clock = Arc::new(FixedClock(AtomicI64::new(NOW_S * 1_000)));
        let authenticator = load(folder.path(), &["ES256"], clock.clone()).unwrap();
        World { folder, clock, authenticator }
    }

    fn sign(&self, claims: &Value) -> String {
        let pem = std::fs::read_to_string(self.folder.path().join(KEY_FILE)).unwrap();
        development::sign(&pem, claims).unwrap()
    }

    fn flaw(&self, token: &str) -> TokenFlaw {
        assert_eq!(self.authenticator.authenticate(token), Err(Refusal::Unauthenticated));
        self.authenticator.client(token).unwrap_err()
    }
}

fn load(folder: &Path, algorithms: &[&str], clock: Arc<FixedClock>) -> Result<Authenticator, KeySetError> {
    let issuer = Issuer {
        issuer: ISSUER.into(),
        audience: "lienthong".into(),
        jwks: folder.join(JWKS_FILE),
        algorithms: algorithms.iter().map(|name| (*name).into()).collect(),
        token_lifetime_max_s: None,
    };
    Authenticator::load(&[issuer], clients(), clock).map_err(|mut wrong| wrong.remove(0))
}

fn clients() -> KnownClients {
    let known = |issuer: &str, right: &str| KnownClient {
        issuer: issuer.into(),
        rights: BTreeSet::from([right.to_owned()]),
        lane: Lane::Counter,
    };
    KnownClients::from([
        ("mot-cua-mau".into(), known(ISSUER, "no-cache")),
        ("cua-nguoi-khac".into(), known("https://other.example", "x")),
    ])
}

fn good_claims() -> Value {
    json!({ "iss": ISSUER, "aud": "lienthong", "sub": "mot-cua-mau", "nbf": NOW_S, "exp": NOW_S + 600 })
}

fn with(name: &str, value: Value) -> Value {
    let mut claims = good_claims();
    claims[name] = value;
    claims
}

fn encode(part: &str) -> String {
    URL_SAFE_NO_PAD.encode(part)
}

#[test]
fn a_good_token_is_its_client_with_the_rights_of_our_configuration() {
    let world = World::new();
    let order = TokenOrder { issuer: ISSUER, audience: "lienthong", client: "mot-cua-mau", lives_s: 600 };
    let token = development::issue_at(world.folder.path(), &order, NOW_S).unwrap();
    let client = world.authenticator.authenticate(&token).unwrap();
    assert_eq!((client.id.as_str(), client.rights.contains("no-cache")), ("mot-cua-mau", true));
    let listed = world.sign(&with("aud", json!(["other", "lienthong"])));
    assert!(world.authenticator.authenticate(&listed).is_ok());
}

#[test]
fn t3_wrong_claims_are_refused() {
    let world = World::new();
    let flaw = |claims: Value| world.flaw(&world.sign(&claims));
    assert_eq!(flaw(with("iss", json!("https://other.example"))), TokenFlaw::UnknownIssuer);
    assert_eq!(flaw(with("aud", json!("other"))), TokenFlaw::Audience);
    assert_eq!(flaw(with("aud", json!(null))), TokenFlaw::Audience);
    assert_eq!(flaw(with("sub", json!("stranger"))), TokenFlaw::UnknownClient);
    assert_eq!(flaw(with("sub", json!(""))), TokenFlaw::Claim("sub"));
    assert_eq!(flaw(with("exp", json!((NOW_S + 600).to_string()))), TokenFlaw::Claim("exp"));
    assert_eq!(flaw(with("exp", json!(-1))), TokenFlaw::Claim("exp"));
    assert_eq!(flaw(with("exp", json!(1e300))), TokenFlaw::Claim("exp"));
    assert_eq!(flaw(with("nbf", json!(null))), TokenFlaw::Claim("nbf"));
    assert_eq!(flaw(with("exp", json!(NOW_S + 601))), TokenFlaw::Lifetime);
    assert_eq!(flaw(with("iat", json!(NOW_S - 1))), TokenFlaw::Lifetime);
    assert_eq!(flaw(with("exp", json!(NOW_S))), TokenFlaw::Lifetime);
    assert_eq!(flaw(json!([])), TokenFlaw::Claims);
    for name in ["iss", "aud", "sub", "nbf", "exp"] {
        let mut claims = good_claims();
        claims.as_object_mut().unwrap().remove(name);
        flaw(claims);
    }
}

#[test]
fn t3_an_issuer_speaks_for_its_own_clients_alone() {
    let world = World::new();
    assert_eq!(world.flaw(&world.sign(&with("sub", json!("cua-nguoi-khac")))), TokenFlaw::ForeignClient);
    assert!(world.authenticator.authenticate(&world.sign(&good_claims())).is_ok());
}

#[test]
fn t4_a_token_ends_even_if_it_is_remembered() {
    let world = World::new();
    let token = world.sign(&good_claims());
    let at = |seconds: i64| world.clock.0.store(seconds * 1_000, Ordering::SeqCst);
    at(NOW_S - LEEWAY_S - 1);
    assert_eq!(world.flaw(&token), TokenFlaw::NotYet);
    at(NOW_S - LEEWAY_S);
    assert!(world.authenticator.authenticate(&token).is_ok());
    at(NOW_S + 600 + LEEWAY_S - 1);
    assert!(world.authenticator.authenticate(&token).is_ok());
    at(NOW_S + 600 + LEEWAY_S);
    assert_eq!(world.flaw(&token), TokenFlaw::Ended);
}

#[test]
fn t3_headers_that_bring_their_own_rules_are_refused() {
    let world = World::new();
    let good = world.sign(&good_claims());
    let rest = good.split_once('.').unwrap().1;
    let key = URL_SAFE_NO_PAD.decode(good.split('.').next().unwrap()).unwrap();
    let id = serde_json::from_str::<Value>(std::str::from_utf8(&key).unwrap()).unwrap()["kid"].clone();
    let flaw = |header: String| world.flaw(&format!("{}.{rest}", encode(&header)));
    for field in ["crit", "b64", "jku", "jwk", "x5u", "x5c", "zip"] {
        let header = json!({ "alg": "ES256", "kid": id, field: ["x"] }).to_string();
        assert_eq!(flaw(header), TokenFlaw::RefusedField(field));
    }
    for algorithm in ["none", "None", "HS256", "RS256", "ES384", "es256", ""] {
        assert_eq!(
            flaw(json!({ "alg": algorithm, "kid": id }).to_string()),
            TokenFlaw::Algorithm,
            "{algorithm}"
        );
    }
    assert_eq!(flaw(format!(r#"{{"alg":"none","alg":"ES256","kid":{id}}}"#)), TokenFlaw::Header);
    assert_eq!(flaw(json!({ "alg": "ES256", "kid": 1 }).to_string()), TokenFlaw::Header);
    assert_eq!(flaw(json!({ "alg": "ES256", "kid": "../../etc/passwd" }).to_string()), TokenFlaw::UnknownKey);
    assert_eq!(flaw("[]".into()), TokenFlaw::Header);
}

#[test]
fn t3_anything_but_the_token_as_signed_is_refused() {
    let world = World::new();
    let good = world.sign(&good_claims());
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!("three parts") };
    for bad in [
        String::new(),
        "..".into(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{good}.{signature}"),
        format!("{good}="),
        format!(" {good}"),
        format!("{header}.{payload}.{}", encode(&"\0".repeat(64))),
        format!("{header}.{}.{signature}", encode(&with("sub", json!("other")).to_string())),
        "x".repeat(TOKEN_BYTES_MAX + 1),
    ] {
        world.flaw(&bad);
    }
    // A stranger's key under our key's name.
    let stranger = World::new();
    assert_eq!(world.flaw(&stranger.sign(&good_claims())), TokenFlaw::UnknownKey);
}

#[test]
fn t3_duplicate_claims_are_refused() {
    let world = World::new();
    let pem = std::fs::read_to_string(world.folder.path().join(KEY_FILE)).unwrap();
    let good = world.sign(&good_claims());
    let header = good.split('.').next().unwrap();
    let claims = good_claims().to_string().replacen('{', r#"{"sub":"other","#, 1);
    let signed = format!("{header}.{}", encode(&claims));
    let key = jsonwebtoken::EncodingKey::from_ec_pem(pem.as_bytes()).unwrap();
    let signature =
        jsonwebtoken::crypto::sign(signed.as_bytes(), &key, jsonwebtoken::Algorithm::ES256).unwrap();
    assert_eq!(world.flaw(&format!("{signed}.{signature}")), TokenFlaw::Claims);
}

#[test]
fn key_sets_that_cannot_be_trusted_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock(AtomicI64::new(0)));
    assert!(matches!(load(folder.path(), &["ES256"], clock.clone()), Err(KeySetError::Unreadable { .. })));
    development::ensure_keys(folder.path()).unwrap();
    assert!(matches!(load(folder.path(), &["RS256"], clock.clone()), Err(KeySetError::Empty(_))));
    assert!(matches!(load(folder.path(), &["HS256"], clock.clone()), Err(KeySetError::Algorithm(_))));
    assert!(matches!(
        KeySet::read(Path::new("https://issuer.example/jwks"), &[Algorithm::Es256]),
        Err(KeySetError::Address(_))
    ));
    let path = folder.path().join(JWKS_FILE);
    let private = std::fs::read_to_string(&path).unwrap().replace("\"kty\"", "\"d\":\"AA\",\"kty\"");
    std::fs::write(&path, private).unwrap();
    assert!(matches!(load(folder.path(), &["ES256"], clock), Err(KeySetError::Key { position: 1, .. })));
}

#[test]
fn t27_the_private_key_is_its_owners_alone_and_is_kept() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    development::ensure_keys(folder.path()).unwrap();
    let path = folder.path().join(KEY_FILE);
    let first = std::fs::read(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    development::ensure_keys(folder.path()).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), first);
}

/// RFC 8037, appendix A.4.
#[test]
fn the_ed25519_vector_of_rfc_8037_is_believed() {
    let key = VerificationKey::from_jwk(&json!({
        "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    }))
    .unwrap();
    let token = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
    assert_eq!(verify_jws(token, &key).unwrap(), b"Example of Ed25519 signing");
    let changed = token.replace("hgyY", "hgyZ");
    assert_eq!(verify_jws(&changed, &key), Err(TokenFlaw::Signature));
}

/// Wycheproof's JWS cases: what they call valid for ES256 and RS256 is believed, everything else is refused.
#[test]
fn t3_wycheproof_agrees() {
    let path = "/work/shared/corpora/wycheproof-jws.json";
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: {path} is not here");
        return;
    };
    let corpus: Value = serde_json::from_str(&text).unwrap();
    let (mut believed, mut refused) = (0, 0);
    for group in corpus["testGroups"].as_array().unwrap() {
        let key = VerificationKey::from_jwk(&group["public"]);
        for case in group["tests"].as_array().unwrap() {
            let ours = key
                .as_ref()
                .ok()
                .is_some_and(|key| case["jws"].as_str().is_some_and(|token| verify_jws(token, key).is_ok()));
            let allowed = matches!(group["public"]["alg"].as_str(), Some("ES256" | "RS256"));
            let theirs = allowed && case["result"] == "valid";
            assert_eq!(ours, theirs, "case {}: {}", case["tcId"], case["comment"]);
            if ours { believed += 1 } else { refused += 1 }
        }
    }
    assert!(believed >= 9 && refused >= 300, "{believed} believed, {refused} refused");
}
