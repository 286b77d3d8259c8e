//! Brings issuers, their key sets and the clients together: whose tokens speak for whom.

use std::sync::Arc;

use engine::ports::Clock;

use super::World;
use crate::auth::{Authenticator, Issuer, KnownClient, KnownClients};
use crate::config::ConfigError;
use crate::config::document::beside;
use crate::config::parties::{ClientBlock, IssuerBlock};

/// Reads every key set; everything that is wrong is reported at once.
pub fn believe(world: &World, clock: &Arc<dyn Clock>) -> Result<Authenticator, Vec<ConfigError>> {
    let file = world.main.path(&world.main.files.clients);
    let blocks = &world.clients_file.issuers;
    let issuer = |block: &IssuerBlock| Issuer {
        issuer: block.issuer.clone(),
        audience: block.audience.clone(),
        jwks: beside(&file, &block.jwks),
        algorithms: block.algorithms.clone(),
        token_lifetime_max_s: block.token_lifetime_max_s,
    };
    let issuers: Vec<Issuer> = blocks.iter().map(issuer).collect();
    let mut findings = Vec::new();
    let mut clients = KnownClients::new();
    for (id, block) in &world.clients_file.clients {
        match issuer_of(block, blocks) {
            Ok(issuer) => {
                let rights = block.rights.iter().cloned().collect();
                clients.insert(id.clone(), KnownClient { issuer, rights, lane: block.lane });
            }
            Err(why) => findings.push(ConfigError::unfit(&file, format!("[clients.{id}] {why}"))),
        }
    }
    match Authenticator::load(&issuers, clients, Arc::clone(clock)) {
        Ok(authenticator) if findings.is_empty() => Ok(authenticator),
        Ok(_) => Err(findings),
        Err(wrong) => {
            findings.extend(wrong.iter().map(|error| ConfigError::unfit(&file, error.to_string())));
            Err(findings)
        }
    }
}

/// The issuer a client belongs to: the one it names, or the only one there is.
fn issuer_of(client: &ClientBlock, issuers: &[IssuerBlock]) -> Result<String, String> {
    match (&client.issuer, issuers) {
        (Some(named), _) if issuers.iter().any(|block| block.issuer == *named) => Ok(named.clone()),
        (Some(named), _) => Err(format!("issuer: {named} is none of [[issuers]]")),
        (None, [only]) => Ok(only.issuer.clone()),
        (None, []) => Err("there are no [[issuers]]: nobody could issue a token for it".into()),
        (None, _) => {
            Err("needs `issuer`: there are several, and each speaks for its own clients alone".into())
        }
    }
}
