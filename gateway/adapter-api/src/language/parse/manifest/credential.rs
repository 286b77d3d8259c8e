//! Reads credentials: their kind and the keys of that kind.

use super::super::value::{Findings, Keys, Spot};
use crate::agency::{Below, Credential, CredentialKind, Login, LoginFormat};

/// The kinds with the keys each takes beside `kind`.
const KINDS: [(&str, &[&str]); 8] = [
    ("lgsp-token", &["access_key"]),
    ("c06-signature", &[]),
    ("mtls", &[]),
    ("session-login", &["exchange", "lasts_s"]),
    ("secrets", &["names"]),
    ("oauth-password", &["header", "path", "below", "format", "refresh"]),
    ("basic", &[]),
    ("api-key", &["header"]),
];

/// Reads one credential.
pub fn read(spot: Spot<'_>, findings: &mut Findings) -> Option<Credential> {
    let place = spot.place.clone();
    let table = spot.table(findings)?;
    let Some(entry) = table.entry("kind") else {
        findings.say("C1", &spot, "the key `kind` is missing");
        return None;
    };
    let words = KINDS.map(|(word, keys)| (word, (word, keys)));
    let (kind, own) = spot.child(entry).word(&words, findings)?;
    let known: Vec<&'static str> = own.iter().copied().chain(["kind"]).collect();
    let keys = Keys::open(spot, &known, findings)?;
    Some(Credential { place, kind: read_kind(kind, &keys, findings)? })
}

fn read_kind(kind: &str, keys: &Keys<'_>, findings: &mut Findings) -> Option<CredentialKind> {
    Some(match kind {
        "lgsp-token" => CredentialKind::LgspToken { access_key: keys.flag("access_key", findings) },
        "c06-signature" => CredentialKind::C06Signature,
        "mtls" => CredentialKind::Mtls,
        "session-login" => {
            let lasts_s = keys.count("lasts_s", findings);
            CredentialKind::SessionLogin { exchange: keys.required_name("exchange", findings)?, lasts_s }
        }
        "secrets" => CredentialKind::Secrets { names: keys.required("names", findings)?.names(findings) },
        "oauth-password" => {
            let header = keys.name("header", findings);
            CredentialKind::OauthPassword { header, login: read_login(keys, findings) }
        }
        "basic" => CredentialKind::Basic,
        _ => CredentialKind::ApiKey { header: keys.required_name("header", findings)? },
    })
}

fn read_login(keys: &Keys<'_>, findings: &mut Findings) -> Login {
    let path = keys.spot("path").and_then(|spot| {
        let path = spot.name(findings)?;
        if !path.starts_with('/') {
            findings.say("C1", &spot, format!("`{path}` does not begin with `/`"));
        }
        Some(path)
    });
    let below = keys.spot("below").and_then(|spot| spot.word(&Below::WORDS, findings));
    let format = keys.spot("format").and_then(|spot| spot.word(&LoginFormat::WORDS, findings));
    Login {
        path,
        below: below.unwrap_or_default(),
        format: format.unwrap_or_default(),
        refresh: keys.flag("refresh", findings),
    }
}
