//! `lienthong token`

use std::path::{Path, PathBuf};

use clap::Args;

use super::{EXIT_FINDINGS, EXIT_OK, EXIT_UNREADABLE, Settings, say, say_wrong, told};
use crate::auth::{TOKEN_LIFETIME_S_MAX, development};
use crate::config::document::read_toml;
use crate::config::parties::ClientsFile;

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
    pub fn run(self, settings: &Settings) -> u8 {
        if let Err(error) = development::ensure_keys(&self.keys) {
            say_wrong(&format!("{}: {error}", self.keys.display()));
            return EXIT_UNREADABLE;
        }
        if self.keys_only {
            say(&format!("{}", self.keys.join(development::JWKS_FILE).display()));
            return EXIT_OK;
        }
        match known(settings).map(|known| known.map_or(Ok(()), |(file, known)| self.fits(&file, &known))) {
            Ok(Ok(())) => {}
            Ok(Err(why)) => {
                say_wrong(&why);
                return EXIT_FINDINGS;
            }
            Err(code) => return code,
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

    /// Whether the gateway of this clients.toml would believe the token; a token it refuses helps nobody.
    fn fits(&self, file: &Path, known: &ClientsFile) -> Result<(), String> {
        let file = file.display();
        if !known.clients.contains_key(&self.client) {
            let names: Vec<&str> = known.clients.keys().map(String::as_str).collect();
            return Err(format!("{file}: no client `{}`; there are: {}", self.client, names.join(", ")));
        }
        let issuer = known.issuers.iter().find(|block| block.issuer == self.issuer);
        let issuer = issuer.ok_or_else(|| format!("{file}: no issuer `{}`", self.issuer))?;
        if issuer.audience != self.audience {
            return Err(format!("{file}: this issuer's audience is `{}`", issuer.audience));
        }
        let lives_s_max = issuer.token_lifetime_max_s.unwrap_or(TOKEN_LIFETIME_S_MAX);
        if self.lives_s == 0 || self.lives_s > lives_s_max {
            return Err(format!("--lives-s: from 1 to {lives_s_max}, the longest life {file} believes"));
        }
        Ok(())
    }
}

/// The clients.toml in force, if there is one: beside the file that was named, or in ./config.
fn known(settings: &Settings) -> Result<Option<(PathBuf, ClientsFile)>, u8> {
    let main = settings.read()?;
    let file = main.path(&main.files.clients);
    if settings.file.is_none() && !file.exists() {
        return Ok(None);
    }
    read_toml(&file).map(|known| Some((file, known))).map_err(|error| told(&[error]))
}
