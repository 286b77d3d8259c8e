//! `lienthong new`: a small agency that is already green, with comments that teach, to be replaced line by
//! line.

use std::fmt;

/// How the new agency speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wire {
    /// JSON over HTTP.
    Json,
    /// XML over HTTP.
    Xml,
    /// SOAP 1.1.
    Soap,
}

/// A new agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Skeleton {
    /// Paths below the repository's root, with their texts.
    pub files: Vec<(String, String)>,
    /// The lines to add to `config/`, to be printed.
    pub lines: String,
}

/// Why there is no new agency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadName;

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "an agency's name is {NAME_CHARS_MAX} lower-case letters, digits and hyphens at most, and begins with a letter"
        )
    }
}

impl std::error::Error for BadName {}

/// The name stands in paths, metrics and every talk; the longest real one, `social-insurance`, has 16
/// letters.
const NAME_CHARS_MAX: usize = 40;
/// What the templates call the agency.
const PLACEHOLDER: &str = "agency-name";

macro_rules! template {
    ($path:literal) => {
        include_str!(concat!("../templates/", $path))
    };
}

const SERVICE: &str = template!("common/service.json");
const TABLES: &str = template!("common/tables.toml");

impl Wire {
    /// By the word of `--format`.
    pub fn of_word(word: &str) -> Option<Wire> {
        match word {
            "json" => Some(Wire::Json),
            "xml" => Some(Wire::Xml),
            "soap" => Some(Wire::Soap),
            _ => None,
        }
    }

    fn files(self) -> [(&'static str, &'static str); 5] {
        match self {
            Wire::Json => [
                ("adapter.toml", template!("json/adapter.toml")),
                ("record.toml", template!("json/record.toml")),
                ("fixtures/record.found.talk", template!("json/fixtures/record.found.talk")),
                ("fixtures/record.absent.talk", template!("json/fixtures/record.absent.talk")),
                ("fixtures/record.fault.talk", template!("json/fixtures/record.fault.talk")),
            ],
            Wire::Xml => [
                ("adapter.toml", template!("xml/adapter.toml")),
                ("record.toml", template!("xml/record.toml")),
                ("fixtures/record.found.talk", template!("xml/fixtures/record.found.talk")),
                ("fixtures/record.absent.talk", template!("xml/fixtures/record.absent.talk")),
                ("fixtures/record.fault.talk", template!("xml/fixtures/record.fault.talk")),
            ],
            Wire::Soap => [
                ("adapter.toml", template!("soap/adapter.toml")),
                ("record.toml", template!("soap/record.toml")),
                ("fixtures/record.found.talk", template!("soap/fixtures/record.found.talk")),
                ("fixtures/record.absent.talk", template!("soap/fixtures/record.absent.talk")),
                ("fixtures/record.fault.talk", template!("soap/fixtures/record.fault.talk")),
            ],
        }
    }
}

/// Draws up a new agency: its folder, the schema of its service, and the lines that make the gateway know it.
pub fn skeleton(agency: &str, wire: Wire) -> Result<Skeleton, BadName> {
    let letters =
        agency.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let begins = agency.starts_with(|letter: char| letter.is_ascii_lowercase());
    if !letters || !begins || agency.ends_with('-') || agency.len() > NAME_CHARS_MAX {
        return Err(BadName);
    }
    let named = |text: &str| text.replace(PLACEHOLDER, agency);
    let folder = agency.replace('-', "_");
    let mut files: Vec<(String, String)> =
        wire.files().iter().map(|(path, text)| (format!("adapters/{folder}/{path}"), named(text))).collect();
    files.push((format!("adapters/{folder}/tables.toml"), named(TABLES)));
    files.push((format!("schemas/services/{agency}.record.v1.json"), named(SERVICE)));
    Ok(Skeleton { files, lines: named(LINES) })
}

/// What the other files need; a service without a block is never cached, a client without a rule sees
/// nothing.
const LINES: &str = r#"# config/agencies.toml: where it is, and what it may cost
[agency-name]
carrier = "direct"                       # or a block of carriers.toml
base_url = "https://agency-name.example.invalid"
# tls = { ca = "pki/agency-name-ca.pem", certificate = "pki/agency-name-client.pem", key = "pki/agency-name-client.key" }

[agency-name.limits]                     # as agreed with the agency
rate_per_s = 5
concurrency = 4

# config/services.toml: how long an answer is good, and how long a caller waits
["agency-name.record"]
fresh_for_s = 0                          # never from the cache, until somebody has thought about it
deadline_ms = 5000

# config/policy.toml: who may ask it, for which purpose, and what they see
[[rules]]
name = "agency-name: tra cứu hồ sơ"
client = "CLIENT"
services = ["agency-name.record"]
procedures = ["1.000656"]
fields = ["*"]
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_narrow_and_the_placeholder_is_gone() {
        for bad in ["", "Tax", "9tax", "a/b", "../x", "tax-", "thuế"] {
            assert_eq!(skeleton(bad, Wire::Json), Err(BadName), "{bad}");
        }
        let made = skeleton("land-office", Wire::Soap).unwrap();
        assert!(
            made.files.iter().all(|(path, text)| !text.contains(PLACEHOLDER) && !path.contains(PLACEHOLDER))
        );
        assert!(made.files.iter().any(|(path, _)| path == "adapters/land_office/adapter.toml"));
        assert!(made.lines.contains("[\"land-office.record\"]") && !made.lines.contains(PLACEHOLDER));
    }
}
