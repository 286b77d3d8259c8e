//! Takes large base64 fields out of a reply before an adapter sees it, in talks as on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::tree::{Element, Lifted, Slot, Stored, Tree};
use crate::wire::Reply;

/// Characters of base64 that rules still see: six bytes, the longest magic of ours.
pub const LIFTED_HEAD_CHARS: usize = 8;

/// What is done with the bytes of one document: they are stored, or (`None`) let go.
pub type Keep<'k, E> = &'k mut dyn FnMut(Vec<u8>) -> Result<Option<Stored>, E>;

/// Replaces the base64 text at each path (dots between names, through every row of a list) by a slot.
///
/// What is no base64 stays where it stands (an agency puts its error there), and is the rules' to judge. Of a reply that
/// something was lifted from, `text` is dropped too: it begins with what the document begins with.
///
/// # Errors
/// Whatever `keep` declines with.
pub fn lift<E>(reply: &mut Reply, paths: &[String], keep: Keep<'_, E>) -> Result<(), E> {
    let Ok(body) = &mut reply.body else { return Ok(()) };
    let mut lifted = false;
    for path in paths {
        let steps: Vec<&str> = path.split('.').map(|step| step.trim_end_matches('?')).collect();
        lifted |= of_tree(body, &steps, keep)?;
    }
    if lifted {
        reply.text = String::new();
    }
    Ok(())
}

fn of_tree<E>(tree: &mut Tree, steps: &[&str], keep: Keep<'_, E>) -> Result<bool, E> {
    let mut lifted = false;
    match (tree, steps) {
        (Tree::List(items), _) => {
            for item in items {
                lifted |= of_tree(item, steps, keep)?;
            }
        }
        (Tree::Object(members), [step, rest @ ..]) => {
            for (_, member) in members.iter_mut().filter(|(name, _)| name == step) {
                lifted |= of_tree(member, rest, keep)?;
            }
        }
        (Tree::Element(element), steps) => lifted |= of_element(element, steps, keep)?,
        (leaf @ Tree::Text(_), []) => {
            let Tree::Text(text) = &*leaf else { return Ok(false) };
            if let Some(slot) = slot_of(text, keep)? {
                *leaf = slot;
                lifted = true;
            }
        }
        _ => {}
    }
    Ok(lifted)
}

/// Elements are found by their local names: a manifest's path says no namespace.
fn of_element<E>(element: &mut Element, steps: &[&str], keep: Keep<'_, E>) -> Result<bool, E> {
    let [step, rest @ ..] = steps else {
        let slot = if element.children.is_empty() { slot_of(&element.text, keep)? } else { None };
        if slot.is_some() {
            element.text = String::new();
        }
        element.lifted = slot;
        return Ok(element.lifted.is_some());
    };
    let name = step.split_once(':').map_or(*step, |(_, name)| name);
    let mut lifted = false;
    for child in element.children.iter_mut().filter(|child| child.name == name) {
        lifted |= of_element(child, rest, keep)?;
    }
    Ok(lifted)
}

fn slot_of<E>(text: &str, keep: Keep<'_, E>) -> Result<Option<Tree>, E> {
    let compact: String = text.chars().filter(|letter| !letter.is_ascii_whitespace()).collect();
    if compact.len() < LIFTED_HEAD_CHARS {
        return Ok(None);
    }
    let Ok(bytes) = STANDARD.decode(&compact) else { return Ok(None) };
    let head = compact.chars().take(LIFTED_HEAD_CHARS).collect();
    let lifted = Lifted { characters: text.chars().count(), head, stored: keep(bytes)? };
    Ok(Some(Tree::Slot(Slot::Lifted(lifted))))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::codec::{Limits, read_reply};
    use crate::wire::Format;

    const PDF: &str = "JVBERi0xLjQKJSBiaWVuIGxhaSBtYXUsIGtob25nIGNvIGdpYSB0cmkKJSVFT0YK";

    fn lifted(format: Format, body: &str, path: &str) -> (Reply, Vec<Vec<u8>>) {
        let mut reply = read_reply(format, 200, "", body.as_bytes(), &Limits::default());
        let mut kept = Vec::new();
        let stored = Stored { id: "doc-1".into(), media_type: "application/pdf", size: 48 };
        let mut keep = |bytes: Vec<u8>| -> Result<_, Infallible> {
            kept.push(bytes);
            Ok(Some(stored.clone()))
        };
        let Ok(()) = lift(&mut reply, &[path.to_owned()], &mut keep);
        (reply, kept)
    }

    #[test]
    fn nothing_of_a_document_is_left_in_the_reply_but_its_magic() {
        let soap = format!(
            "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body><r xmlns=\"urn:x\"><f>{PDF}</f></r></s:Body></s:Envelope>"
        );
        let json = format!("{{\"r\":[{{\"f\":\"{PDF}\"}}]}}");
        for (format, body) in [(Format::Soap11, soap), (Format::Json, json)] {
            let (reply, kept) = lifted(format, &body, "r.f");
            assert!(kept.len() == 1 && kept[0].starts_with(b"%PDF-1.4"), "{format:?}");
            let left = format!("{reply:?}");
            assert!(left.contains("doc-1") && left.contains("JVBERi0x"), "{left}");
            assert!(!left.contains("JVBERi0xL"), "{left}");
        }
    }

    #[test]
    fn what_is_no_document_stays_for_the_rules_to_judge() {
        for text in ["ERR:2", "fail", "", "JVBERi0xLjQKJ", "JVBERi0*LjQK"] {
            let (reply, kept) = lifted(Format::Json, &format!("{{\"f\":\"{text}\"}}"), "f");
            assert!(kept.is_empty(), "{text}");
            assert_eq!(reply.body, Ok(Tree::Object(vec![("f".into(), Tree::Text(text.into()))])));
        }
    }
}
