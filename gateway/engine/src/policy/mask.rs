//! The fields a permission lets through, as a tree that is laid over an answer on every way out.

use std::collections::BTreeMap;

use serde_json::Value;

/// What is let through of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mask {
    /// All of it.
    Whole,
    /// These fields, of an object or of each object in a list.
    Fields {
        /// It is a list.
        list: bool,
        /// By name; what is not here is taken out.
        fields: BTreeMap<String, Mask>,
    },
}

impl Mask {
    /// Takes out what is not let through. A value of another form than the mask expects is emptied, not passed.
    pub fn apply(&self, value: &mut Value) {
        let Mask::Fields { fields, .. } = self else {
            return;
        };
        match value {
            Value::Object(object) => {
                object.retain(|name, value| match fields.get(name) {
                    Some(mask) => {
                        mask.apply(value);
                        true
                    }
                    None => false,
                });
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.apply(item)),
            Value::Null => {}
            Value::Bool(_) | Value::Number(_) | Value::String(_) => *value = Value::Null,
        }
    }

    /// Whether [`Mask::apply`] would leave the value as it is.
    pub fn spares(&self, value: &Value) -> bool {
        let Mask::Fields { fields, .. } = self else {
            return true;
        };
        match value {
            Value::Object(object) => {
                object.iter().all(|(name, value)| fields.get(name).is_some_and(|mask| mask.spares(value)))
            }
            Value::Array(items) => items.iter().all(|item| self.spares(item)),
            Value::Null => true,
            Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
        }
    }

    /// What either lets through.
    pub fn either(left: &Mask, right: &Mask) -> Mask {
        let (Mask::Fields { list, fields: left }, Mask::Fields { fields: right, .. }) = (left, right) else {
            return Mask::Whole;
        };
        let mut fields = left.clone();
        for (name, mask) in right {
            let mask = fields.get(name).map_or_else(|| mask.clone(), |other| Mask::either(other, mask));
            fields.insert(name.clone(), mask);
        }
        Mask::Fields { list: *list, fields }
    }

    /// Whether nothing is let through.
    pub fn shows_nothing(&self) -> bool {
        matches!(self, Mask::Fields { fields, .. } if fields.is_empty())
    }

    /// Whether the field of this dotted name, or something below it, is let through.
    pub fn shows(&self, name: &str) -> bool {
        self.below(name).is_some_and(|mask| !mask.shows_nothing())
    }

    /// Whether the field of this dotted name is let through with all that is below it.
    pub fn shows_all(&self, name: &str) -> bool {
        self.below(name) == Some(&Mask::Whole)
    }

    /// What holds for the field of this dotted name; `None`: it is hidden.
    fn below(&self, name: &str) -> Option<&Mask> {
        name.split('.').try_fold(self, |mask, step| match mask {
            Mask::Whole => Some(mask),
            Mask::Fields { fields, .. } => fields.get(step),
        })
    }

    /// Pointers of what is let through, the outermost that say it all: `/spouse`, `/members/*/full_name`; `*`: everything.
    pub fn pointers(&self) -> Vec<String> {
        if *self == Mask::Whole {
            return vec!["*".to_owned()];
        }
        let mut pointers = Vec::new();
        self.collect("", &mut pointers);
        pointers
    }

    fn collect(&self, at: &str, pointers: &mut Vec<String>) {
        match self {
            Mask::Whole => pointers.push(at.to_owned()),
            Mask::Fields { list, fields } => {
                let at = if *list { format!("{at}/*") } else { at.to_owned() };
                for (name, mask) in fields {
                    mask.collect(&format!("{at}/{name}"), pointers);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::json;

    use super::super::Permission;
    use super::*;

    #[test]
    fn an_answer_is_shared_exactly_where_nothing_is_taken_out_of_it() {
        let fields = |list: bool, fields: &[(&str, Mask)]| Mask::Fields {
            list,
            fields: fields.iter().map(|(name, mask)| ((*name).to_owned(), mask.clone())).collect(),
        };
        let name = fields(false, &[("name", Mask::Whole)]);
        let rows = fields(false, &[("rows", fields(true, &[("name", Mask::Whole)]))]);
        let cases = [
            (Mask::Whole, json!({ "anything": [1] }), true),
            (name.clone(), json!({ "name": { "first": "A" } }), true),
            (name.clone(), json!({}), true),
            (name.clone(), json!({ "name": "A", "sex": "male" }), false),
            (name.clone(), json!("A"), false),
            (name, json!(null), true),
            (rows.clone(), json!({ "rows": [{ "name": "A" }, {}] }), true),
            (rows.clone(), json!({ "rows": [{ "name": "A" }, { "sex": "male" }] }), false),
            (rows, json!({ "rows": ["A"] }), false),
        ];
        for (mask, value, shared) in cases {
            let mut applied = value.clone();
            mask.apply(&mut applied);
            assert_eq!(applied == value, shared, "{mask:?} {value}");
            let value = Arc::new(value);
            let masked = Permission::from(mask).masked(&value);
            assert_eq!((*masked == applied, Arc::ptr_eq(&masked, &value)), (true, shared), "{value}");
        }
    }
}
