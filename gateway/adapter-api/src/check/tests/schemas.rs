//! A field without a data class is found wherever it hides.

use std::collections::BTreeMap;

use crate::check::check_schemas;
use crate::schema::{DataClass, Property, Scalar, ServiceShape, Shape};

fn field(name: &str, class: Option<DataClass>, shape: Shape) -> Property {
    Property { name: name.to_owned(), required: false, shape, class }
}

#[test]
fn a_field_without_a_data_class_is_found() {
    let text = || Shape::Scalar(Scalar::Text);
    let row =
        Shape::Object(vec![field("name", Some(DataClass::Personal), text()), field("phone", None, text())]);
    let answer = Shape::Object(vec![field("people", None, Shape::List(Box::new(row)))]);
    let query = Shape::Object(vec![field("codes", None, Shape::List(Box::new(text())))]);
    let services = BTreeMap::from([("sample.people".to_owned(), ServiceShape { query, answer })]);
    let told: Vec<_> = check_schemas(&services)
        .into_iter()
        .map(|found| (found.code, found.place.to_string(), found.at))
        .collect();
    let expected = [
        ("S1", "sample.people:1".to_owned(), "query.codes".to_owned()),
        ("S1", "sample.people:1".to_owned(), "answer.people.phone".to_owned()),
    ];
    assert_eq!(told, expected);
}
