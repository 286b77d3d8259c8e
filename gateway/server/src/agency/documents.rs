//! Takes large base64 fields out of a reply, into the store, before the adapter sees it.

use adapter_api::codec::documents::lift;
use adapter_api::{Fault, Party, Reason, Reply, WireRequest};
use engine::ports::Documents;

/// Stores the documents of a reply; what begins as one and is not whole makes the whole reply senseless.
pub(super) fn store(
    reply: &mut Reply,
    request: &WireRequest,
    documents: Option<&dyn Documents>,
) -> Result<(), Fault> {
    let mut keep = |bytes: Vec<u8>| match documents {
        Some(documents) => documents.put(bytes),
        None => Ok(None),
    };
    lift(reply, &request.documents, &mut keep).map_err(|not_stored| {
        Fault::Malformed(Reason {
            exchange: Some(request.exchange.clone()),
            why: not_stored.why().to_owned(),
            by: Some(Party::Agency),
            ..Reason::default()
        })
    })
}
