//! Sealing: a data key per case, wrapped by the master key; what is sealed opens only where it was put.
//!
//! AES-256-GCM with a random nonce. The additional data binds case, table, column and row, so that a value moved to another
//! place opens no more. A lookup hashes with a key of its own, derived from the master key: equal values meet, and nobody
//! who has only the file can try the 12-digit space against it (T15).

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::{hmac, rand};

/// The first byte of everything sealed: how it was sealed.
const FORMAT: u8 = 1;
/// A key's bytes.
pub const KEY_BYTES: usize = 32;
/// So many digits name a master key: 48 bits tell a handful of keys apart and say nothing about one.
const ID_DIGITS: usize = 12;

/// It does not open: another key, another place, or not what was sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("sealed by another key, at another place, or damaged")]
pub struct Sealed;

/// The key that wraps the cases' keys. Never printed.
pub struct MasterKey {
    id: String,
    wrapping: Key,
    lookup: hmac::Key,
}

/// Where a sealed value stands.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The case.
    pub case: &'a str,
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// The row within the case: a leg's name, an event's version and ordinal.
    pub row: &'a str,
}

/// A case's data key. Never printed.
pub struct CaseKey(Key);

struct Key(LessSafeKey);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({})", self.id)
    }
}

impl fmt::Debug for CaseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CaseKey")
    }
}

impl MasterKey {
    /// From its bytes: one key to wrap, one to look up, neither the file's own bytes.
    pub fn new(bytes: &[u8; KEY_BYTES]) -> Result<MasterKey, Sealed> {
        let root = hmac::Key::new(hmac::HMAC_SHA256, bytes);
        let derived = |what: &str| hmac::sign(&root, what.as_bytes());
        let wrapping = Key::new(derived("lienthong store wrapping 1").as_ref())?;
        let lookup = hmac::Key::new(hmac::HMAC_SHA256, derived("lienthong store lookup 1").as_ref());
        let named = digest(&SHA256, derived("lienthong store name 1").as_ref());
        let id = crate::hex::lower(named.as_ref()).chars().take(ID_DIGITS).collect();
        Ok(MasterKey { id, wrapping, lookup })
    }

    /// Names the key without saying anything about it.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A fresh data key for a case, and how it is stored.
    pub fn make(&self, case: &str) -> Result<(CaseKey, Vec<u8>), Sealed> {
        let mut bytes = [0; KEY_BYTES];
        rand::fill(&mut bytes).map_err(|_| Sealed)?;
        let wrapped = self.wrapping.seal(&key_place(case), &bytes)?;
        Ok((CaseKey(Key::new(&bytes)?), wrapped))
    }

    /// A case's data key.
    pub fn unwrap(&self, case: &str, wrapped: &[u8]) -> Result<CaseKey, Sealed> {
        Ok(CaseKey(Key::new(&self.wrapping.open(&key_place(case), wrapped)?)?))
    }

    /// What proves at the next start that the key is the same.
    pub fn probe(&self) -> Result<Vec<u8>, Sealed> {
        self.wrapping.seal(&self.probe_place(), b"lienthong")
    }

    /// Whether a probe was made by this key.
    pub fn made(&self, probe: &[u8]) -> bool {
        self.wrapping.open(&self.probe_place(), probe).is_ok()
    }

    /// The keyed hash of something to be looked up; `kind` keeps a reference from meeting an idempotency key.
    pub fn lookup(&self, kind: &str, parts: &[&str]) -> Vec<u8> {
        let all: Vec<&str> = std::iter::once(kind).chain(parts.iter().copied()).collect();
        hmac::sign(&self.lookup, &framed(&all)).as_ref().to_vec()
    }

    fn probe_place(&self) -> Place<'_> {
        Place { case: "", table: "master_keys", column: "probe", row: &self.id }
    }
}

fn key_place(case: &str) -> Place<'_> {
    Place { case, table: "cases", column: "key", row: "" }
}

impl CaseKey {
    /// Seals bytes for a place.
    pub fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>, Sealed> {
        self.0.seal(place, plain)
    }

    /// Opens what was sealed for a place.
    pub fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Sealed> {
        self.0.open(place, sealed)
    }
}

impl Key {
    fn new(bytes: &[u8]) -> Result<Key, Sealed> {
        let key = UnboundKey::new(&AES_256_GCM, bytes).map_err(|_| Sealed)?;
        Ok(Key(LessSafeKey::new(key)))
    }

    /// Format, nonce, ciphertext, tag.
    fn seal(&self, place: &Place<'_>, plain: &[u8]) -> Result<Vec<u8>, Sealed> {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).map_err(|_| Sealed)?;
        let mut text = plain.to_vec();
        let aad = Aad::from(place.bound());
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        self.0.seal_in_place_append_tag(nonce_used, aad, &mut text).map_err(|_| Sealed)?;
        let mut sealed = vec![FORMAT];
        sealed.extend_from_slice(&nonce);
        sealed.append(&mut text);
        Ok(sealed)
    }

    fn open(&self, place: &Place<'_>, sealed: &[u8]) -> Result<Vec<u8>, Sealed> {
        let rest = sealed.strip_prefix(&[FORMAT]).ok_or(Sealed)?;
        let (nonce, text) = rest.split_at_checked(NONCE_LEN).ok_or(Sealed)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| Sealed)?;
        let mut text = text.to_vec();
        let plain = self.0.open_in_place(nonce, Aad::from(place.bound()), &mut text).map_err(|_| Sealed)?;
        let plain_bytes = plain.len();
        text.truncate(plain_bytes);
        Ok(text)
    }
}

impl Place<'_> {
    fn bound(&self) -> Vec<u8> {
        framed(&[self.case, self.table, self.column, self.row])
    }
}

/// Parts with their lengths before them: no two lists of parts give the same bytes.
fn framed(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn master(first: u8) -> MasterKey {
        MasterKey::new(&[first; KEY_BYTES]).unwrap()
    }

    const PLACE: Place<'_> = Place { case: "a", table: "legs", column: "words", row: "registration" };

    #[test]
    fn what_is_sealed_opens_where_it_was_put_and_nowhere_else() {
        let (key, wrapped) = master(1).make("a").unwrap();
        let sealed = key.seal(&PLACE, "Nguyễn Văn Mẫu".as_bytes()).unwrap();
        let again = master(1).unwrap("a", &wrapped).unwrap();
        assert_eq!(again.open(&PLACE, &sealed).unwrap(), "Nguyễn Văn Mẫu".as_bytes());
        let elsewhere = [
            Place { case: "b", ..PLACE },
            Place { table: "events", ..PLACE },
            Place { column: "input", ..PLACE },
            Place { row: "removal", ..PLACE },
            // The same bytes, cut at another place.
            Place { table: "leg", column: "swords", ..PLACE },
        ];
        for place in elsewhere {
            assert_eq!(key.open(&place, &sealed), Err(Sealed), "{place:?}");
        }
        let (other, _) = master(1).make("a").unwrap();
        assert_eq!(other.open(&PLACE, &sealed), Err(Sealed), "each case has a key of its own");
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let (key, _) = master(1).make("a").unwrap();
        let sealed = key.seal(&PLACE, b"001042005678").unwrap();
        for bit in 0..sealed.len() * 8 {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(key.open(&PLACE, &flipped), Err(Sealed), "bit {bit}");
        }
        for bytes in 0..sealed.len() {
            assert_eq!(key.open(&PLACE, &sealed[..bytes]), Err(Sealed), "{bytes} bytes");
        }
    }

    #[test]
    fn another_master_key_opens_nothing_finds_nothing_and_is_told_apart() {
        let (_, wrapped) = master(1).make("a").unwrap();
        assert!(master(2).unwrap("a", &wrapped).is_err());
        assert!(master(1).unwrap("b", &wrapped).is_err(), "a key is wrapped for its case");
        assert!(master(1).made(&master(1).probe().unwrap()));
        assert!(!master(2).made(&master(1).probe().unwrap()));
        assert_ne!(master(1).id(), master(2).id());
        assert_ne!(master(1).lookup("reference", &["x"]), master(2).lookup("reference", &["x"]));
        assert_ne!(master(1).lookup("reference", &["x"]), master(1).lookup("request", &["x"]));
        assert_ne!(master(1).lookup("request", &["ab", "c"]), master(1).lookup("request", &["a", "bc"]));
    }
}
