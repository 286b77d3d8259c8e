//! `lienthong.toml`: where the server listens and where the other files are.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::document::{ConfigError, beside, read_text};
use super::merge::{Layers, SetAt, apply_environment, merge};
use super::sense::senseless;

/// The whole of `lienthong.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Main {
    /// `[server]`
    pub server: Server,
    /// `[folders]`
    pub folders: Folders,
    /// `[files]`
    pub files: Files,
    /// `[audit]`
    pub audit: Audit,
    /// `[cache]`
    pub cache: Cache,
    /// `[documents]`
    pub documents: Documents,
    /// `[store]`
    pub store: Store,
    /// `[keys]`
    pub keys: Keys,
    /// `[log]`
    pub log: Log,
    /// The file it was read from; paths are relative to it.
    #[serde(skip)]
    pub file: PathBuf,
    /// Where each key was set.
    #[serde(skip)]
    pub set_at: SetAt,
}

/// `[server]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is described in config/lienthong.toml, which is embedded")]
pub struct Server {
    pub listen: SocketAddr,
    pub operations_listen: SocketAddr,
    pub public_url: String,
    pub workers: usize,
    pub body_bytes_max: usize,
    pub head_timeout_ms: u64,
    pub body_timeout_ms: u64,
    pub stop_timeout_s: u64,
}

/// `[folders]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is described in config/lienthong.toml, which is embedded")]
pub struct Folders {
    pub adapters: PathBuf,
    pub schemas: PathBuf,
    pub units: PathBuf,
    pub composites: PathBuf,
    pub forms: PathBuf,
    pub chains: PathBuf,
}

/// `[files]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is described in config/lienthong.toml, which is embedded")]
pub struct Files {
    pub services: PathBuf,
    pub policy: PathBuf,
    pub agencies: PathBuf,
    pub carriers: PathBuf,
    pub clients: PathBuf,
    pub calendar: PathBuf,
}

/// `[audit]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is described in config/lienthong.toml, which is embedded")]
pub struct Audit {
    pub folder: PathBuf,
    pub node: String,
    pub segment_bytes_max: u64,
}

/// `[cache]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is described in config/lienthong.toml, which is embedded")]
pub struct Cache {
    pub bytes_max: u64,
}

/// `[documents]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is described in config/lienthong.toml, which is embedded")]
pub struct Documents {
    pub bytes_max: usize,
    pub document_bytes_max: usize,
    pub kept_for_s: u64,
}

/// `[store]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is described in config/lienthong.toml, which is embedded")]
pub struct Store {
    pub file: PathBuf,
    pub master_key: PathBuf,
    pub group_wait_us: u64,
    pub readers: usize,
    pub backups: PathBuf,
}

/// `[keys]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is described in config/lienthong.toml, which is embedded")]
pub struct Keys {
    pub cache: PathBuf,
    pub subject: PathBuf,
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each key is described in config/lienthong.toml, which is embedded")]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For a person at a terminal.
    Text,
}

impl Main {
    /// Reads `lienthong.toml` over the embedded default, then the environment over both. All findings at once.
    pub fn read(file: Option<&Path>, environment: &[(String, String)]) -> Result<Main, Vec<ConfigError>> {
        let mut layers = Layers::default_of(super::DEFAULT);
        let mut findings = Vec::new();
        if let Some(file) = file {
            match read_text(file) {
                Ok(text) => findings.extend(merge(&mut layers, &file.display().to_string(), &text)),
                Err(error) => return Err(vec![error]),
            }
        }
        findings.extend(apply_environment(&mut layers, environment));
        if !findings.is_empty() {
            return Err(findings);
        }
        let (mut main, set_at): (Main, SetAt) = layers.into_typed().map_err(|error| vec![error])?;
        main.set_at = set_at;
        main.file = file.map(Path::to_path_buf).unwrap_or_else(|| PathBuf::from("config/lienthong.toml"));
        Ok(main)
    }

    /// Values that can be read and make no sense, each with its key and its line.
    pub fn findings(&self) -> Vec<ConfigError> {
        senseless(self).into_iter().map(|(key, message)| self.wrong(key, message)).collect()
    }

    fn wrong(&self, key: &str, message: String) -> ConfigError {
        let name = key.split('.').next_back().unwrap_or(key);
        let message = format!("`{name}` {message}");
        match self.set_at.iter().rev().find(|(set, _, _)| set == key) {
            Some((_, file, line)) => {
                ConfigError::Wrong { file: file.clone(), line: *line, message, nearest: None }
            }
            None => ConfigError::unfit(&self.file, message),
        }
    }

    /// A path of the configuration, resolved against the file that names it.
    pub fn path(&self, path: &Path) -> PathBuf {
        beside(&self.file, path)
    }

    /// As it is in force, as TOML.
    pub fn dump(&self) -> String {
        toml::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_file_is_complete() {
        let main = Main::read(None, &[]).unwrap();
        assert_eq!(main.server.listen.port(), 8080);
        assert_eq!(main.log.format, LogFormat::Json);
    }

    #[test]
    fn what_is_in_force_reads_back_as_itself() {
        let main = Main::read(None, &[]).unwrap();
        let again: toml::Table = main.dump().parse().unwrap();
        let default: toml::Table = super::super::DEFAULT.parse().unwrap();
        assert_eq!(again, default);
    }

    #[test]
    fn the_environment_comes_last() {
        let environment = [("LIENTHONG_SERVER_LISTEN".to_string(), "127.0.0.1:1".to_string())];
        assert_eq!(Main::read(None, &environment).unwrap().server.listen.port(), 1);
    }
}
