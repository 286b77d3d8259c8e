//! Documents that agencies sent (tài liệu): stored once, apart from answers, and shown to whom an answer with them went.
//!
//! In memory, until the durable store stands: what is stored is bounded in bytes and in time, the oldest is dropped first,
//! and a restart forgets all of it. Whoever needs a document again asks for the answer again.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use adapter_api::Stored;
use aws_lc_rs::digest;
use tokio::time::Instant;

use crate::client::Purpose;
use crate::ports::{Chance, Documents};

/// To how many clients and purposes one document is shown at most; a dossier is worked on by a handful of offices.
const GRANTS_MAX: usize = 64;
/// How a PDF begins (ISO 32000-1, 7.5.2).
const PDF_BEGINS: &[u8] = b"%PDF-";
/// How it ends (7.5.5), within the last kilobyte as readers look for it (Annex H, 3.4.4).
const PDF_ENDS: &[u8] = b"%%EOF";
const PDF_TAIL_BYTES: usize = 1024;

/// One stored document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Its media type, by its first bytes.
    pub media_type: &'static str,
    /// SHA-256 of its content.
    pub sha256: [u8; 32],
}

/// Who may fetch a document, and what the answer was that told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The client the answer went to.
    pub client: String,
    /// What for: its procedure, dossier and unit bind; its officer may be a colleague at the same dossier.
    pub purpose: Purpose,
    /// The service that answered.
    pub service: String,
    /// The agency it asked.
    pub agency: String,
    /// Keyed hashes of whom it was about, as the audit log has them.
    pub subject: Option<String>,
}

/// Why a document was not stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotStored {
    /// It begins as a file of its kind and breaks off.
    BreaksOff,
    /// Longer than one document may be.
    TooLong,
}

impl NotStored {
    /// In our words.
    pub fn why(self) -> &'static str {
        match self {
            NotStored::BreaksOff => "a document that breaks off",
            NotStored::TooLong => "a document longer than we store",
        }
    }
}

/// How much is stored, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// All documents together, in bytes.
    pub bytes_max: usize,
    /// One document, in bytes.
    pub document_bytes_max: usize,
    /// A document is forgotten after this time.
    pub kept_for: Duration,
}

/// The store in memory.
pub struct InMemory {
    room: Room,
    chance: Arc<dyn Chance>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    documents: HashMap<String, Entry>,
    /// The oldest first.
    order: VecDeque<String>,
    bytes: usize,
}

struct Entry {
    document: Arc<Document>,
    since: Instant,
    grants: Vec<Grant>,
}

impl InMemory {
    /// An empty store.
    pub fn new(room: Room, chance: Arc<dyn Chance>) -> InMemory {
        InMemory { room, chance, inner: Mutex::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.forget_older_than(self.room.kept_for);
        inner
    }
}

impl Documents for InMemory {
    fn put(&self, bytes: Vec<u8>) -> Result<Option<Stored>, NotStored> {
        let Some(media_type) = media_type_of(&bytes)? else { return Ok(None) };
        let size = bytes.len();
        if size > self.room.document_bytes_max || size > self.room.bytes_max {
            return Err(NotStored::TooLong);
        }
        let id = format!("doc-{}", self.chance.uuid().replace('-', ""));
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest::digest(&digest::SHA256, &bytes).as_ref());
        let document = Arc::new(Document { bytes, media_type, sha256 });
        let mut inner = self.inner();
        while inner.bytes + size > self.room.bytes_max && inner.forget_oldest() {
            metrics::counter!("lienthong_documents_dropped_total").increment(1);
        }
        inner.bytes += size;
        inner.order.push_back(id.clone());
        inner.documents.insert(id.clone(), Entry { document, since: Instant::now(), grants: Vec::new() });
        Ok(Some(Stored { id, media_type, size }))
    }

    fn content(&self, id: &str) -> Option<Arc<Document>> {
        self.inner().documents.get(id).map(|entry| Arc::clone(&entry.document))
    }

    fn grant(&self, id: &str, grant: Grant) -> bool {
        let mut inner = self.inner();
        let Some(entry) = inner.documents.get_mut(id) else { return false };
        if entry.grants.iter().any(|known| known.covers(&grant.client, &grant.purpose)) {
            return true;
        }
        let room = entry.grants.len() < GRANTS_MAX;
        if room {
            entry.grants.push(grant);
        }
        room
    }

    fn get(&self, id: &str, client: &str, purpose: &Purpose) -> Option<(Arc<Document>, Grant)> {
        let inner = self.inner();
        let entry = inner.documents.get(id)?;
        let grant = entry.grants.iter().find(|grant| grant.covers(client, purpose))?;
        Some((Arc::clone(&entry.document), grant.clone()))
    }
}

impl Grant {
    fn covers(&self, client: &str, purpose: &Purpose) -> bool {
        let own = &self.purpose;
        // Without a dossier there are no colleagues at it.
        let may_be_a_colleague = own.dossier.is_some() || own.officer == purpose.officer;
        self.client == client
            && own.procedure == purpose.procedure
            && own.dossier == purpose.dossier
            && own.unit == purpose.unit
            && may_be_a_colleague
    }
}

impl Inner {
    fn forget_older_than(&mut self, kept_for: Duration) {
        let is_old = |inner: &Inner| {
            let oldest = inner.order.front().and_then(|id| inner.documents.get(id));
            oldest.is_some_and(|entry| entry.since.elapsed() >= kept_for)
        };
        while is_old(self) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) -> bool {
        let Some(oldest) = self.order.pop_front().and_then(|id| self.documents.remove(&id)) else {
            return false;
        };
        self.bytes = self.bytes.saturating_sub(oldest.document.bytes.len());
        true
    }
}

/// What a file is by its first bytes, and that it is whole; `None`: nothing we store.
fn media_type_of(bytes: &[u8]) -> Result<Option<&'static str>, NotStored> {
    if !bytes.starts_with(PDF_BEGINS) {
        return Ok(None);
    }
    let tail = bytes.get(bytes.len().saturating_sub(PDF_TAIL_BYTES)..).unwrap_or(bytes);
    let whole = tail.windows(PDF_ENDS.len()).any(|window| window == PDF_ENDS);
    if whole { Ok(Some("application/pdf")) } else { Err(NotStored::BreaksOff) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fakes::FakeChance;

    const HOUR: Duration = Duration::from_secs(3600);

    fn store(bytes_max: usize) -> InMemory {
        let room = Room { bytes_max, document_bytes_max: 100, kept_for: HOUR };
        InMemory::new(room, Arc::new(FakeChance::of(0.5)))
    }

    fn pdf(length: usize) -> Vec<u8> {
        format!("%PDF-1.4{:>width$}", "%%EOF\n", width = length - 8).into_bytes()
    }

    fn purpose(dossier: &str, officer: &str) -> Purpose {
        Purpose {
            procedure: "1.000656".into(),
            dossier: Some(dossier.into()),
            unit: None,
            officer: officer.into(),
        }
    }

    fn grant(client: &str, dossier: &str) -> Grant {
        let purpose = purpose(dossier, "cb01");
        Grant {
            client: client.into(),
            purpose,
            service: "e-receipt.file".into(),
            agency: String::new(),
            subject: None,
        }
    }

    #[tokio::test]
    async fn only_who_got_the_reference_for_this_dossier_fetches_it() {
        let store = store(1_000);
        let stored = store.put(pdf(50)).unwrap().unwrap();
        assert_eq!((stored.media_type, stored.size), ("application/pdf", 50));
        assert_eq!(
            store.get(&stored.id, "desk", &purpose("H1", "cb01")),
            None,
            "nobody before an answer left"
        );
        assert!(store.grant(&stored.id, grant("desk", "H1")));
        let (document, _) = store.get(&stored.id, "desk", &purpose("H1", "cb02")).unwrap();
        assert_eq!(document.bytes, pdf(50));
        for (client, dossier) in [("other", "H1"), ("desk", "H2")] {
            assert_eq!(store.get(&stored.id, client, &purpose(dossier, "cb01")), None, "{client} {dossier}");
        }
        assert!(!store.grant("doc-unknown", grant("desk", "H1")));
    }

    #[tokio::test]
    async fn what_is_broken_or_too_long_or_unknown_is_not_stored() {
        let store = store(1_000);
        assert_eq!(store.put(b"%PDF-1.4 broken off".to_vec()), Err(NotStored::BreaksOff));
        assert_eq!(store.put(pdf(101)), Err(NotStored::TooLong));
        for strange in [&b""[..], b"<html>", b"PDF-1.4 %%EOF"] {
            assert_eq!(store.put(strange.to_vec()), Ok(None));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_goes_for_want_of_room_and_all_go_in_time() {
        let store = store(120);
        let ids: Vec<String> = (0..3).map(|_| store.put(pdf(50)).unwrap().unwrap().id).collect();
        let granted = |id: &String| store.grant(id, grant("desk", "H1"));
        assert_eq!(ids.iter().map(granted).collect::<Vec<_>>(), [false, true, true]);
        tokio::time::advance(HOUR).await;
        assert_eq!(store.get(&ids[2], "desk", &purpose("H1", "cb01")), None);
        assert_eq!(store.inner().bytes, 0);
    }
}
