//! `lienthong.toml`: where the server listens and where the other files are.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::document::{ConfigError, beside, parse_toml, read_text};

/// What environment variables of ours begin with.
pub const ENVIRONMENT_PREFIX: &str = "LIENTHONG_";

/// The whole of `lienthong.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
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
    /// `[keys]`
    pub keys: Keys,
    /// `[log]`
    pub log: Log,
    /// The file it was read from; paths are relative to it.
    #[serde(skip)]
    pub file: PathBuf,
}

/// `[server]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each key is described in config/lienthong.toml, which is embedded")]
pub struct Server {
    pub listen: SocketAddr,
    pub operations_listen: SocketAddr,
    pub public_url: String,
    pub workers: usize,
    pub body_bytes_max: usize,
    pub head_timeout_ms: u64,
    pub stop_timeout_s: u64,
}

/// `[folders]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each key is described in config/lienthong.toml, which is embedded")]
pub struct Folders {
    pub adapters: PathBuf,
    pub schemas: PathBuf,
    pub units: PathBuf,
}

/// `[files]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each key is described in config/lienthong.toml, which is embedded")]
pub struct Files {
    pub services: PathBuf,
    pub policy: PathBuf,
    pub agencies: PathBuf,
    pub carriers: PathBuf,
    pub clients: PathBuf,
}

/// `[audit]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each key is described in config/lienthong.toml, which is embedded")]
pub struct Audit {
    pub folder: PathBuf,
    pub node: String,
    pub segment_bytes_max: u64,
}

/// `[cache]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each key is described in config/lienthong.toml, which is embedded")]
pub struct Cache {
    pub bytes_max: u64,
}

/// `[keys]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "each key is described in config/lienthong.toml, which is embedded")]
pub struct Keys {
    pub cache: PathBuf,
    pub subject: PathBuf,
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
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

/// The embedded default as a table: the one place where the defaults stand.
fn default_table() -> toml::Table {
    super::DEFAULT.parse().unwrap_or_default()
}

/// One section of the embedded default.
macro_rules! default_from_embedded {
    ($($section:ident $key:literal),*) => {$(
        impl Default for $section {
            fn default() -> Self {
                /// The section as a type whose every field must stand in the embedded file.
                fn embedded() -> Option<$section> {
                    default_table().remove($key)?.try_into().ok()
                }
                embedded().unwrap_or_else(|| unreachable!("config/lienthong.toml misses keys of [{}]", $key))
            }
        }
    )*};
}
