//! What tells answers apart, hashed with a key: no personal data in it, and nothing by which two subjects could meet.

use std::sync::atomic::{AtomicU64, Ordering};

use adapter_api::language::text::composed;
use aws_lc_rs::hmac;
use serde_json::Value;

/// Generations kept. Subjects share them by hash: an eviction may cost a stranger one more exchange, never a wrong answer.
/// 16,384 × 8 bytes = 128 kB, and a subject has a neighbour among 10,000 cached ones less often than not.
const GENERATIONS: usize = 16_384;

/// The key of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 32]);

/// Who may share an answer, with the value they share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everybody permitted.
    All,
    /// Questions of this dossier.
    Dossier(String),
    /// Questions of this officer of this client.
    Officer {
        /// The client.
        client: String,
        /// The officer.
        officer: String,
    },
}

/// Everything that tells answers apart, but for what moves: epoch and generations.
#[derive(Debug, Clone, PartialEq)]
pub struct Identity {
    /// The service's schema identifier, version and all.
    pub service: String,
    /// The agency that answers: two providers of one service never share an answer.
    pub agency: String,
    /// The query, in one spelling: names sorted, text in NFC.
    pub query: String,
    /// Who may share the answer.
    pub scope: Scope,
    /// The subjects it is about, as identifiers.
    pub subjects: Vec<String>,
}

/// Makes keys, and knows the generations.
pub struct Keys {
    key: hmac::Key,
    epoch: u64,
    /// Evictions so far.
    evictions: AtomicU64,
    /// For each subject, the number of the eviction that met it last; 0: none has.
    generations: Box<[AtomicU64]>,
}

/// A moment between two evictions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(u64);

/// Where the generations of an answer's people stand; says nothing about who they are.
pub type Slots = Box<[u16]>;

impl Keys {
    pub fn new(key: &[u8; 32], epoch: u64) -> Self {
        let generations = std::iter::repeat_with(AtomicU64::default).take(GENERATIONS).collect();
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        Keys { key, epoch, evictions: AtomicU64::new(0), generations }
    }

    /// The key as of now.
    pub fn key(&self, identity: &Identity) -> Key {
        let mut context = hmac::Context::with_key(&self.key);
        let mut part = |bytes: &[u8]| {
            // With its length before it, so that no two lists of parts read the same.
            context.update(&(bytes.len() as u64).to_be_bytes());
            context.update(bytes);
        };
        part(identity.service.as_bytes());
        part(identity.agency.as_bytes());
        part(identity.query.as_bytes());
        part(&self.epoch.to_be_bytes());
        match &identity.scope {
            Scope::All => part(b"all"),
            Scope::Dossier(dossier) => {
                part(b"dossier");
                part(dossier.as_bytes());
            }
            Scope::Officer { client, officer } => {
                part(b"officer");
                part(client.as_bytes());
                part(officer.as_bytes());
            }
        }
        for subject in &identity.subjects {
            part(&self.generation(self.slot(subject)).to_be_bytes());
        }
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.sign().as_ref());
        Key(bytes)
    }

    /// Makes every key of this subject another one.
    pub fn raise(&self, subject: &str) {
        let number = self.evictions.fetch_add(1, Ordering::SeqCst) + 1;
        if let Some(generation) = self.generations.get(usize::from(self.slot(subject))) {
            generation.fetch_max(number, Ordering::SeqCst);
        }
    }

    /// Now, as evictions count.
    pub fn moment(&self) -> Moment {
        Moment(self.evictions.load(Ordering::SeqCst))
    }

    /// Where the generations of these people stand.
    pub fn slots(&self, people: &[String]) -> Slots {
        let mut slots: Vec<u16> = people.iter().map(|person| self.slot(person)).collect();
        slots.sort_unstable();
        slots.dedup();
        slots.into()
    }

    /// Whether one of them was evicted after that moment.
    pub fn evicted_since(&self, slots: &[u16], moment: Moment) -> bool {
        slots.iter().any(|slot| self.generation(*slot) > moment.0)
    }

    fn generation(&self, slot: u16) -> u64 {
        self.generations.get(usize::from(slot)).map_or(0, |number| number.load(Ordering::SeqCst))
    }

    fn slot(&self, subject: &str) -> u16 {
        let hash = hmac::sign(&self.key, composed(subject.trim()).as_bytes());
        let first = hash.as_ref().iter().take(8).fold(0_usize, |sum, byte| (sum << 8) | usize::from(*byte));
        u16::try_from(first % GENERATIONS).unwrap_or_default()
    }
}

/// A value in one spelling: names sorted, text in NFC, no space.
pub fn canonical(value: &Value) -> String {
    let mut spelt = String::new();
    spell(value, &mut spelt);
    spelt
}

fn spell(value: &Value, spelt: &mut String) {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<(String, &Value)> =
                fields.iter().map(|(name, value)| (quoted(name), value)).collect();
            fields.sort_by(|left, right| left.0.cmp(&right.0));
            spelt.push('{');
            for (index, (name, value)) in fields.iter().enumerate() {
                spelt.push_str(if index > 0 { "," } else { "" });
                spelt.push_str(name);
                spelt.push(':');
                spell(value, spelt);
            }
            spelt.push('}');
        }
        Value::Array(items) => {
            spelt.push('[');
            for (index, item) in items.iter().enumerate() {
                spelt.push_str(if index > 0 { "," } else { "" });
                spell(item, spelt);
            }
            spelt.push(']');
        }
        Value::String(text) => spelt.push_str(&quoted(text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => spelt.push_str(&value.to_string()),
    }
}

/// Text in NFC as JSON writes it.
fn quoted(text: &str) -> String {
    Value::String(composed(text).into_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn identity() -> Identity {
        Identity {
            service: "residence.person.v1".into(),
            agency: "residence".into(),
            query: canonical(&json!({ "personal_id": "038042000001" })),
            scope: Scope::Dossier("H56.14-250812-0035".into()),
            subjects: vec!["038042000001".into()],
        }
    }

    #[test]
    fn one_spelling() {
        let composed = json!({ "b": [1, { "y": null, "x": "Mẫu" }], "a": true });
        let decomposed = json!({ "a": true, "b": [1, { "x": "Ma\u{302}\u{303}u", "y": null }] });
        assert_eq!(canonical(&composed), canonical(&decomposed));
        assert_eq!(canonical(&composed), r#"{"a":true,"b":[1,{"x":"Mẫu","y":null}]}"#);
        assert_ne!(canonical(&json!({ "a": "1" })), canonical(&json!({ "a": 1 })));
    }

    #[test]
    fn everything_that_tells_answers_apart_is_in_the_key() {
        let keys = Keys::new(&[1; 32], 1);
        let key = keys.key(&identity());
        assert_eq!(key, keys.key(&identity()));
        let others = [
            Identity { service: "residence.person.v2".into(), ..identity() },
            Identity { agency: "another-provider".into(), ..identity() },
            Identity { query: "{}".into(), ..identity() },
            Identity { scope: Scope::All, ..identity() },
            Identity { scope: Scope::Dossier("H56.14-250812-0036".into()), ..identity() },
            Identity { scope: Scope::Officer { client: "a".into(), officer: "b".into() }, ..identity() },
            Identity { subjects: vec![], ..identity() },
        ];
        for other in others {
            assert_ne!(key, keys.key(&other), "{other:?}");
        }
        assert_ne!(key, Keys::new(&[1; 32], 2).key(&identity()), "another epoch");
        assert_ne!(key, Keys::new(&[2; 32], 1).key(&identity()), "another key");
        keys.raise("038042000001");
        assert_ne!(key, keys.key(&identity()), "another generation");
    }
}
