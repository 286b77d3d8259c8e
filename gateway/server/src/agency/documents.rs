//! Takes large base64 fields out of a reply before the adapter sees it.
//!
//! The hook for documents: today the text is dropped and only its length is kept; once the store of documents is there, it is
//! streamed into it here and the slot names it.

use adapter_api::{Reply, Slot, Tree};

/// Replaces the text at each path (dots between names, through every row of a list) by its length.
pub(super) fn lift(reply: &mut Reply, paths: &[String]) {
    let Ok(body) = &mut reply.body else { return };
    for path in paths {
        let steps: Vec<&str> = path.split('.').map(|step| step.trim_end_matches('?')).collect();
        lift_at(body, &steps);
    }
}

fn lift_at(tree: &mut Tree, steps: &[&str]) {
    match (tree, steps) {
        (Tree::List(items), _) => items.iter_mut().for_each(|item| lift_at(item, steps)),
        (Tree::Object(members), [step, rest @ ..]) => {
            members.iter_mut().filter(|(name, _)| name == step).for_each(|(_, member)| lift_at(member, rest));
        }
        (leaf @ Tree::Text(_), []) => {
            if let Tree::Text(text) = &*leaf
                && !text.is_empty()
            {
                *leaf = Tree::Slot(Slot::Lifted { characters: text.chars().count() });
            }
        }
        _ => {}
    }
}
