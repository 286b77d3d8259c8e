//! Fills the slots that only the house may fill: secrets and seals.

use adapter_api::{Slot, Tree};
use aws_lc_rs::{digest, hmac};
use secrecy::ExposeSecret;

use super::settings::Party;
use crate::hex;

/// What a slot becomes; the error names the place, never a value.
pub fn fill(slot: &Slot, party: &Party) -> Result<Tree, &'static str> {
    match slot {
        Slot::Secret(name) => secret(party, name).map(Tree::Text).ok_or("secret"),
        // Documents come with the cases (issue 4): no read of today sends one.
        Slot::Document(_) => Err("document"),
        Slot::Seal(_) | Slot::Lifted { .. } => Err("slot"),
    }
}

fn secret(party: &Party, name: &str) -> Option<String> {
    let mut values = party.credentials.values().filter_map(|credential| credential.secrets.get(name));
    values.next().map(|secret| secret.expose_secret().to_string())
}

/// Puts the checksum of a seal into the drawn body: the named fields joined, the secret last (interfaces.md 13.1).
pub fn seal(body: &mut Tree, name: &str, party: &Party) -> Result<(), &'static str> {
    let seal = party.seals.get(name).ok_or("seal")?;
    let key = secret(party, &seal.secret).ok_or("secret")?;
    let Tree::Object(members) = body else { return Err("seal") };
    let field = |name: &String| members.iter().find(|(known, _)| known == name).map_or("", |(_, value)| text(value));
    let fields: Vec<&str> = seal.fields.iter().map(field).collect();
    let sealed = match seal.algorithm.as_str() {
        "sha256-hex" => {
            let joined = format!("{}{}{key}", fields.join(&seal.join), seal.join);
            hex::lower(digest::digest(&digest::SHA256, joined.as_bytes()).as_ref())
        }
        "hmac-sha256-hex" => {
            let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
            hex::lower(hmac::sign(&key, fields.join(&seal.join).as_bytes()).as_ref())
        }
        _ => return Err("seal"),
    };
    match members.iter_mut().find(|(known, _)| *known == seal.field) {
        Some((_, value)) => *value = Tree::Text(sealed),
        None => members.push((seal.field.clone(), Tree::Text(sealed))),
    }
    Ok(())
}

fn text(tree: &Tree) -> &str {
    match tree {
        Tree::Text(text) | Tree::Number(text) => text,
        _ => "",
    }
}
