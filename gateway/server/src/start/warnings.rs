//! What is allowed and worth a warning at the start: words that leave this machine in the clear.

use std::collections::BTreeMap;

use super::World;
use crate::config::parties::SecretReference;

/// One sentence for everything that leaves this machine unencrypted.
pub fn warnings(world: &World) -> Vec<String> {
    let mut warnings = Vec::new();
    let server = &world.main.server;
    if !server.listen.ip().is_loopback() {
        warnings.push(format!(
            "[server] listen = {}: tokens and personal data arrive in the clear; end TLS in front of it",
            server.listen
        ));
    }
    if !server.operations_listen.ip().is_loopback() {
        warnings.push(format!(
            "[server] operations_listen = {}: health and metrics are open to whoever reaches this port",
            server.operations_listen
        ));
    }
    let agencies = world.agency_blocks.iter().filter_map(|(name, block)| {
        let carrier = world.carrier_blocks.get(&block.carrier).map(|carrier| &carrier.credentials);
        let shown = has_secrets(&block.credentials) || carrier.is_some_and(has_secrets);
        Some((name, block.base_url.as_deref()?, shown))
    });
    let carriers = world
        .carrier_blocks
        .iter()
        .map(|(name, block)| (name, block.base_url.as_str(), has_secrets(&block.credentials)));
    for (name, url, shown) in agencies.chain(carriers) {
        if shown && leaves_in_the_clear(url) {
            warnings.push(format!("[{name}] base_url is http://: its credentials leave in the clear"));
        }
    }
    warnings
}

fn has_secrets(credentials: &BTreeMap<String, BTreeMap<String, SecretReference>>) -> bool {
    credentials.values().any(|keys| !keys.is_empty())
}

/// Whether an address is plain HTTP to another machine.
fn leaves_in_the_clear(url: &str) -> bool {
    let Ok(url) = reqwest::Url::parse(url) else { return false };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback());
    url.scheme() == "http" && !here
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_to_another_machine_is_in_the_clear() {
        for url in ["http://lgsp.example:8280", "http://10.0.0.1", "HTTP://lgsp.example/"] {
            assert!(leaves_in_the_clear(url), "{url}");
        }
        for url in ["https://lgsp.example", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost", "x"] {
            assert!(!leaves_in_the_clear(url), "{url}");
        }
    }
}
