//! `lienthong token`

use std::path::PathBuf;

use clap::Args;

use super::{EXIT_FINDINGS, EXIT_OK, EXIT_UNREADABLE, Settings, say, say_wrong};
use crate::auth::development;

/// Issues a development token from a local key; makes the key pair on the first use.
///
/// Never for production: there the tokens come from the province's identity provider, whose JWKS stands in clients.toml.
#[derive(Debug, Args)]
pub struct Token {
    /// The folder with development.key.pem and development.jwks.json; made if missing.
    #[arg(long, value_name = "DIR", default_value = "data/keys")]
    keys: PathBuf,
    /// The client the token is for; must stand in clients.toml.
    #[arg(long, default_value = "mot-cua-demo")]
    client: String,
    /// The issuer, as in clients.toml.
    #[arg(long, default_value = "https://development.lienthong.example")]
    issuer: String,
    /// The audience, as in clients.toml.
    #[arg(long, default_value = "lienthong")]
    audience: String,
    /// How long it lives, in seconds.
    #[arg(long, default_value_t = 600)]
    lives_s: u64,
    /// Only make the key pair and print nothing secret.
    #[arg(long)]
    keys_only: bool,
}

impl Token {
    /// Runs the verb.
    pub fn run(self, _settings: &Settings) -> u8 {
        if let Err(error) = development::ensure_keys(&self.keys) {
            say_wrong(&format!("{}: {error}", self.keys.display()));
            return EXIT_UNREADABLE;
        }
        if self.keys_only {
            say(&format!("{}", self.keys.join(development::JWKS_FILE).display()));
            return EXIT_OK;
        }
        let order = development::TokenOrder {
            issuer: &self.issuer,
            audience: &self.audience,
            client: &self.client,
            lives_s: self.lives_s,
        };
        match development::issue(&self.keys, &order) {
            Ok(token) => {
                say(&token);
                EXIT_OK
            }
            Err(error) => {
                say_wrong(&error.to_string());
                EXIT_FINDINGS
            }
        }
    }
}
