//! Values on their way through a form: looked at where they stand until something must be made of them.

use super::convert::{coerce, coerce_view, scalar_text, text_of_view};
use super::path::spot;
use super::scope::{Scope, View};
use super::{Origin, Spot, Stop, Way};
use crate::language::syntax::Path;
use crate::language::text;
use crate::schema::Shape;
use crate::tree::{Slot, Tree};

/// A value on its way: looked at where it stands for as long as that will do, for most of what a path leads to is read once, as text.
pub(super) enum Held<'s> {
    /// Still where it stands.
    Seen(View<'s>),
    /// Made by the mapping.
    Drawn(Tree),
}

impl Held<'_> {
    pub(super) fn view(&self) -> View<'_> {
        match self {
            Held::Seen(view) => view.clone(),
            Held::Drawn(tree) => View::of(tree),
        }
    }

    pub(super) fn into_tree(self) -> Tree {
        match self {
            Held::Seen(view) => view.to_tree(),
            Held::Drawn(tree) => tree,
        }
    }

    /// The text of a single value, NFC and trimmed.
    pub(super) fn text(&self) -> Result<String, String> {
        match self {
            Held::Seen(view) => text_of_view(view).map(|text| text::normalise(&text)),
            Held::Drawn(tree) => scalar_text(tree),
        }
    }

    /// What the house fills last can be neither unpacked nor converted here.
    pub(super) fn is_filled_last(&self) -> bool {
        let is_slot = |tree: &Tree| matches!(tree, Tree::Slot(Slot::Secret(_) | Slot::Seal(_)));
        match self {
            Held::Seen(View::Tree(tree)) => is_slot(tree),
            Held::Seen(View::Element(_) | View::Many(_) | View::Text(_)) => false,
            Held::Drawn(tree) => is_slot(tree),
        }
    }
}

/// Brings a leaf into the form its side wants: ours by the schema, theirs as normal text.
pub(super) fn settle(held: Held<'_>, scope: &Scope<'_>, want: &Shape) -> Result<Tree, String> {
    let is_text = match (scope.way, &held) {
        (Way::Read, Held::Seen(view)) => return coerce_view(view, want),
        (Way::Read, Held::Drawn(_)) => return coerce(held.into_tree(), want),
        (Way::Write, Held::Seen(View::Text(_)) | Held::Drawn(Tree::Text(_) | Tree::Bytes(_))) => true,
        (Way::Write, Held::Seen(View::Tree(tree))) => matches!(tree, Tree::Text(_) | Tree::Bytes(_)),
        (Way::Write, Held::Seen(View::Element(element))) => element.children.is_empty(),
        (Way::Write, Held::Drawn(Tree::Element(element))) => element.children.is_empty(),
        (Way::Write, Held::Seen(View::Many(_)) | Held::Drawn(_)) => false,
    };
    if is_text { held.text().map(Tree::Text) } else { Ok(held.into_tree()) }
}

/// A head's value with the name and the place it is reported at.
pub(super) struct Headed<'e, 's> {
    pub(super) value: Option<Held<'s>>,
    pub(super) at: &'e str,
    pub(super) place: Place<'e>,
}

/// Where a head's value stands; a path is followed to its spot only when there is something to say of it.
pub(super) enum Place<'e> {
    Path(&'e Path),
    Spot(Spot),
}

impl<'e, 's> Headed<'e, 's> {
    pub(super) fn of_house(value: Option<Tree>, at: &'e str) -> Self {
        Headed { value: value.map(Held::Drawn), at, place: Place::Spot(Spot::of(Origin::House)) }
    }

    pub(super) fn spot(&self, scope: &Scope<'_>) -> Spot {
        match &self.place {
            Place::Path(path) => spot(path, scope),
            Place::Spot(spot) => spot.clone(),
        }
    }

    pub(super) fn stop(&self, why: impl Into<String>, scope: &Scope<'_>) -> Stop {
        Stop::new(self.at, why, &self.spot(scope))
    }
}
