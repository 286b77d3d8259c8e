//! What lines become: paths, date formats, forms, drawings in the order of their lines.

use std::sync::Arc;

use crate::diagnostic::Source;
use crate::language::parse::value::{Findings, Spot};
use crate::language::parse::{date_format, expression, path, source};
use crate::language::syntax::{
    Cast, Constant, Convert, DateToken, Drawing, Expression, Head, Node, Root, Test, TextFunction,
};
use crate::tree::Coding;

/// The first value of a TOML text as an expression.
fn expression(text: &str) -> Expression {
    let mut findings = Findings::default();
    let table = source::read(&Source { name: Arc::from("x.toml"), text: text.to_owned() }, &mut findings);
    let read = expression::read(&Spot::new(&table.entries[0].item, "x"), &mut findings);
    assert_eq!(findings.into_list(), Vec::new());
    read.unwrap()
}

fn steps(text: &str) -> String {
    let path = path::parse(text).unwrap();
    let mut told = match path.root {
        Root::Here => "here".to_owned(),
        Root::Named { name, optional } => format!("root {name}{}", if optional { " maybe" } else { "" }),
    };
    for step in path.steps {
        let prefix = step.prefix.map(|prefix| format!("{prefix} ")).unwrap_or_default();
        let attribute = if step.attribute { "attribute " } else { "" };
        let optional = if step.optional { " maybe" } else { "" };
        told.push_str(&format!(" / {attribute}{prefix}{}{optional}", step.name));
    }
    told
}

#[test]
fn paths() {
    for (text, expected) in [
        (".", "here"),
        ("$items", "root items"),
        ("$cursor?", "root cursor maybe"),
        ("$who.HoVaTen.Ho?", "root who / HoVaTen / Ho maybe"),
        ("$reply.fault.code", "root reply / fault / code"),
        ("a.\"odd.name\"?.b", "here / a / odd.name maybe / b"),
        ("\"$odd\"", "here / $odd"),
        ("dc:CongdanCollection.CongDan", "here / dc CongdanCollection / CongDan"),
        ("a?.@id?", "here / a maybe / attribute id maybe"),
        ("@xsi:type", "here / attribute xsi type"),
        ("_id.$oid", "here / _id / $oid"),
        ("Họ-tên", "here / Họ-tên"),
    ] {
        assert_eq!(steps(text), expected, "{text}");
    }
}

#[test]
fn date_formats() {
    use DateToken::{AnyDigit, Day, Hour, Literal, Minute, Month, Second, Year};
    let text = |text: &str| Literal(text.to_owned());
    for (format, expected) in [
        ("yyyyMM**", vec![Year, Month, AnyDigit, AnyDigit]),
        ("dd/MM/yyyy", vec![Day, text("/"), Month, text("/"), Year]),
        ("yyyy-MM-dd'T'HH:mm:ss", {
            vec![
                Year,
                text("-"),
                Month,
                text("-"),
                Day,
                text("T"),
                Hour,
                text(":"),
                Minute,
                text(":"),
                Second,
            ]
        }),
        ("'năm '''yyyy", vec![text("năm '"), Year]),
    ] {
        assert_eq!(date_format::parse(format).unwrap().tokens, expected, "{format}");
    }
}

#[test]
fn heads_and_modifiers() {
    let read = expression(
        r#"x = { else = 0, encode = ["json", "base64"], as = "number", document = "base64", text = ["digits"],
                 match = ['(\d)', '(?<a>x)'], decode = ["xml"], path = "a?",
                 when = { b = [1, "x"], "c.d" = { same = "$e", empty = false } } }"#,
    );
    let Node::Form(form) = read.node else { panic!("a form") };
    assert!(matches!(&form.head, Head::Path(path) if path.text == "a?"));
    let modifiers = form.modifiers;
    let when = modifiers.when.unwrap();
    let values = vec![Constant::Number("1".into()), Constant::Text("x".into())];
    assert!(matches!(when.conditions[0].tests.as_slice(), [Test::In(found)] if *found == values));
    assert!(matches!(when.conditions[1].tests.as_slice(), [Test::Same(_), Test::Empty(false)]));
    assert_eq!(when.conditions[1].path.steps.len(), 2);
    assert_eq!(modifiers.decode, [Coding::Xml]);
    assert_eq!(modifiers.encode, [Coding::Json, Coding::Base64]);
    assert_eq!(modifiers.text, [TextFunction::Digits]);
    assert!(matches!(modifiers.convert, Some(Convert::Document)));
    assert_eq!(modifiers.cast, Some(Cast::Number));
    assert_eq!(modifiers.otherwise, Some(Constant::Number("0".into())));
    let pattern = modifiers.pattern.unwrap();
    assert_eq!((pattern.patterns.len(), pattern.all), (2, false));
}

#[test]
fn rows_and_lists() {
    let Node::Form(form) = expression("x = { each = { one = \"a\" }, item = { a = \".\" } }").node else {
        panic!("a form")
    };
    let Head::Each { source, item } = form.head else { panic!("each") };
    assert!(matches!(source.node, Node::Form(_)) && matches!(item.unwrap().node, Node::Drawing(_)));
    assert!(matches!(expression("x = []").node, Node::List(items) if items.is_empty()));
    let Node::Form(form) = expression("x = { join = [\"a\", \"b\"] }").node else { panic!("a form") };
    assert!(matches!(form.head, Head::Join { parts, with } if parts.len() == 2 && with == " "));
}

#[test]
fn numbers_keep_their_text() {
    for (text, expected) in
        [("x = 1_000", "1000"), ("x = 0x1F", "31"), ("x = +7", "7"), ("x = 1.50", "1.50"), ("x = -1", "-1")]
    {
        let node = expression(text).node;
        assert!(
            matches!(&node, Node::Constant(Constant::Number(number)) if number == expected),
            "{text}: {node:?}"
        );
    }
}

fn names(drawing: &Drawing) -> Vec<&str> {
    drawing.fields.iter().map(|field| field.name.as_str()).collect()
}

#[test]
fn drawings_keep_the_order_and_the_lines() {
    let text = "[x]\nz = \"a\"\n\"dan:B\" = \"b\"\nd.e = \"c\"\n\"@id\" = \"i\"\nd.c = \"d\"\n[x.a]\nq = 1\n";
    let Node::Drawing(drawing) = expression(text).node else { panic!("a drawing") };
    assert_eq!(names(&drawing), ["z", "dan:B", "d", "@id", "a"]);
    let lines: Vec<u32> = drawing.fields.iter().map(|field| field.place.line).collect();
    assert_eq!(lines, [2, 3, 4, 5, 7]);
    let Node::Drawing(inner) = &drawing.fields[2].value.node else { panic!("a drawing") };
    assert_eq!(names(inner), ["e", "c"]);
    assert_eq!(inner.fields[1].place.line, 6);
}

#[test]
fn an_object_may_have_fields_called_like_heads() {
    let Node::Form(form) = expression("x = { object = { path = \"a\", const = \"b\" } }").node else {
        panic!("a form")
    };
    assert!(matches!(&form.head, Head::Object(drawing) if names(drawing) == ["path", "const"]));
    let Node::Drawing(drawing) = expression("x = { text = \"a\", date = \"b\" }").node else {
        panic!("a drawing")
    };
    assert_eq!(names(&drawing), ["text", "date"]);
}
