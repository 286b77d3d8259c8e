//! Reads one configuration file into its type and says what is wrong with it by file and line.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

/// The permissions of group and others.
const OTHERS: u32 = 0o077;

/// What is wrong with a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("{file}: cannot be read: {why}")]
    Unreadable {
        /// The file.
        file: String,
        /// The system's reason.
        why: String,
    },
    /// A line of it is wrong.
    #[error("{file}{}: {message}{}", numbered(.line), suggestion(.nearest))]
    Wrong {
        /// The file, or `environment`.
        file: String,
        /// From 1; 0 where there are no lines.
        line: usize,
        /// What is wrong.
        message: String,
        /// The nearest known key.
        nearest: Option<String>,
    },
    /// Told elsewhere already, with its place.
    #[error("{0}")]
    Told(String),
    /// It does not fit the rest.
    #[error("{file}: {message}")]
    Unfit {
        /// The file.
        file: String,
        /// What does not fit.
        message: String,
    },
}

fn numbered(line: &usize) -> String {
    if *line == 0 { String::new() } else { format!(":{line}") }
}

fn suggestion(nearest: &Option<String>) -> String {
    nearest.as_ref().map(|key| format!("\n  help: did you mean `{key}`?")).unwrap_or_default()
}

impl ConfigError {
    /// A file that does not fit the rest.
    pub fn unfit(file: &Path, message: impl Into<String>) -> Self {
        ConfigError::Unfit { file: file.display().to_string(), message: message.into() }
    }
}

/// Reads a TOML file into its type; unknown keys are refused by the type.
pub fn read_toml<T: DeserializeOwned>(file: &Path) -> Result<T, ConfigError> {
    let text = read_text(file)?;
    parse_toml(&file.display().to_string(), &text)
}

/// Reads a file's text.
pub fn read_text(file: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(file)
        .map_err(|error| ConfigError::Unreadable { file: file.display().to_string(), why: error.to_string() })
}

/// Reads a file that only its owner may read: a secret or a private key that others can read is none any more.
pub fn read_private(file: &Path) -> Result<Vec<u8>, ConfigError> {
    let unreadable = |error: std::io::Error| ConfigError::Unreadable {
        file: file.display().to_string(),
        why: error.to_string(),
    };
    let mode = std::fs::metadata(file).map_err(unreadable)?.permissions().mode();
    if mode & OTHERS != 0 {
        let mode = mode & 0o777;
        return Err(ConfigError::unfit(
            file,
            format!("others than its owner can read it (mode {mode:03o}); run: chmod 600 {}", file.display()),
        ));
    }
    std::fs::read(file).map_err(unreadable)
}

/// Parses TOML; the error names the line and, for an unknown key, the nearest known one.
pub fn parse_toml<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        let message = error.message().trim().to_string();
        let nearest = nearest_of(&message);
        ConfigError::Wrong { file: file.to_string(), line, message: shorten(&message), nearest }
    })
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// Cuts serde's list of expected keys: the suggestion says what matters.
fn shorten(message: &str) -> String {
    match message.split_once(", expected") {
        Some((head, _)) if message.starts_with("unknown field") => {
            head.replace("unknown field", "unknown key")
        }
        _ => message.to_string(),
    }
}

/// The known key nearest to the unknown one, out of serde's own message.
fn nearest_of(message: &str) -> Option<String> {
    let rest = message.strip_prefix("unknown field `")?;
    let (unknown, expected) = rest.split_once('`')?;
    let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    adapter_api::diagnostic::nearest(unknown, known.iter().copied()).map(str::to_string)
}

/// Resolves a path against the folder of the file that names it.
pub fn beside(file: &Path, path: &Path) -> PathBuf {
    if path.is_absolute() {
        return path.to_path_buf();
    }
    file.parent().unwrap_or(Path::new("")).join(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Sample {
        #[expect(dead_code, reason = "only its name matters")]
        listen: String,
    }

    #[test]
    fn an_unknown_key_names_its_line_and_the_nearest_known_one() {
        let error = parse_toml::<Sample>("x.toml", "# a comment\nlisten = \"a\"\nlistne = 1\n").unwrap_err();
        assert_eq!(error.to_string(), "x.toml:3: unknown key `listne`\n  help: did you mean `listen`?");
    }

    #[test]
    fn a_secret_that_others_can_read_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "x").unwrap();
        for (mode, private) in [(0o600, true), (0o400, true), (0o640, false), (0o604, false), (0o660, false)]
        {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            let read = read_private(&file);
            assert_eq!(read.is_ok(), private, "{mode:o}: {read:?}");
            let said = read.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(private || said.contains(&format!("chmod 600 {}", file.display())), "{said}");
        }
    }

    #[test]
    fn a_wrong_type_names_its_line() {
        let error = parse_toml::<Sample>("x.toml", "\nlisten = 3\n").unwrap_err();
        assert!(error.to_string().starts_with("x.toml:2: invalid type"), "{error}");
    }
}
