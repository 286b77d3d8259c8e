//! Which values of `lienthong.toml` can be read and still make no sense.

use tracing_subscriber::EnvFilter;

use super::main_file::Main;

/// The largest request schema needs under 2 kB; a thousand times that is somebody's mistake, and memory for each caller.
const BODY_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// The largest machines have some hundred cores; each worker costs a thread and its own listener.
const WORKERS_MAX: u64 = 1_024;
/// Below this not even one record fits.
const SEGMENT_BYTES_MIN: u64 = 4_096;
/// `audit verify` reads a segment whole.
const SEGMENT_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// Documents lie in memory until the durable store stands.
const DOCUMENTS_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;
/// A document in memory is fetched soon or asked for again: a week is no more a cache.
const DOCUMENT_KEPT_FOR_S_MAX: u64 = 604_800;
/// A commit that waits longer than a slow disk syncs (10 ms) gains nothing more.
const GROUP_WAIT_US_MAX: u64 = 100_000;
/// A point read takes some 10 µs; each reader has a thread and a page cache of 2 MB.
const READERS_MAX: u64 = 64;
/// A caller who needs longer for some hundred bytes holds a connection and nothing else (T7).
const HEAD_TIMEOUT_MS_MAX: u64 = 60_000;
/// Longer than any deadline allowed; orchestrators kill sooner.
const STOP_TIMEOUT_S_MAX: u64 = 3_600;

/// The keys (`section.key`) whose values make no sense, with what they must be.
pub fn senseless(main: &Main) -> Vec<(&'static str, String)> {
    let (server, as_u64) = (&main.server, |number: usize| u64::try_from(number).unwrap_or(u64::MAX));
    let ranges = [
        ("server.body_bytes_max", as_u64(server.body_bytes_max), 1, BODY_BYTES_MAX),
        ("server.workers", as_u64(server.workers), 0, WORKERS_MAX),
        ("server.head_timeout_ms", server.head_timeout_ms, 1, HEAD_TIMEOUT_MS_MAX),
        ("server.stop_timeout_s", server.stop_timeout_s, 0, STOP_TIMEOUT_S_MAX),
        ("documents.bytes_max", as_u64(main.documents.bytes_max), 1, DOCUMENTS_BYTES_MAX),
        (
            "documents.document_bytes_max",
            as_u64(main.documents.document_bytes_max),
            1,
            as_u64(main.documents.bytes_max),
        ),
        ("documents.kept_for_s", main.documents.kept_for_s, 1, DOCUMENT_KEPT_FOR_S_MAX),
        ("store.group_wait_us", main.store.group_wait_us, 0, GROUP_WAIT_US_MAX),
        ("store.readers", as_u64(main.store.readers), 1, READERS_MAX),
        ("audit.segment_bytes_max", main.audit.segment_bytes_max, SEGMENT_BYTES_MIN, SEGMENT_BYTES_MAX),
    ];
    let beyond = ranges.into_iter().filter(|(_, value, least, most)| !(least..=most).contains(&value));
    let mut wrong: Vec<_> =
        beyond.map(|(key, _, least, most)| (key, format!("must lie between {least} and {most}"))).collect();
    if main.audit.node.trim().is_empty() {
        wrong.push(("audit.node", "must name this node".into()));
    }
    let url = &server.public_url;
    if !url.is_empty() && !url.starts_with("https://") && !url.starts_with("http://") {
        wrong.push(("server.public_url", "must be empty or begin with https:// or http://".into()));
    }
    if !is_filter(&main.log.level) {
        let example = "must be error, warn, info, debug, trace, or a filter such as \"info,engine=debug\"";
        wrong.push(("log.level", example.into()));
    }
    wrong
}

/// Whether a log filter says something. A bare word is a level: as the name of a module it would silence all others.
fn is_filter(level: &str) -> bool {
    let levels = ["error", "warn", "info", "debug", "trace", "off"];
    let is_level = |word: &str| levels.contains(&word.trim().to_lowercase().as_str());
    let directive = |word: &str| {
        word.contains(['[', '{'])
            || word
                .split_once('=')
                .map_or(is_level(word), |(module, level)| !module.trim().is_empty() && is_level(level))
    };
    level.split(',').all(directive) && EnvFilter::try_new(level).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_senseless_value_is_told_with_its_key_and_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("lienthong.toml");
        let text = "[server]\nbody_bytes_max = 0\nworkers = 99999999\nhead_timeout_ms = 0\n\
                    [audit]\nsegment_bytes_max = 0\nnode = \"\"\n[log]\nlevel = \"nonsense==\"\n\
                    [store]\ngroup_wait_us = 100001\nreaders = 0\n";
        std::fs::write(&file, text).unwrap();
        let environment = [("LIENTHONG_SERVER_PUBLIC_URL".to_string(), "example".to_string())];
        let main = Main::read(Some(&file), &environment).unwrap();
        let said: Vec<String> = main.findings().iter().map(ToString::to_string).collect();
        let at = |line: usize, key: &str| format!("{}:{line}: `{key}` must ", file.display());
        let expected = [
            at(2, "body_bytes_max"),
            at(3, "workers"),
            at(4, "head_timeout_ms"),
            at(11, "group_wait_us"),
            at(12, "readers"),
            at(6, "segment_bytes_max"),
            at(7, "node"),
            "environment (LIENTHONG_SERVER_PUBLIC_URL): `public_url` must ".to_string(),
            at(9, "level"),
        ];
        assert_eq!(said.len(), expected.len(), "{said:#?}");
        for (said, expected) in said.iter().zip(&expected) {
            assert!(said.starts_with(expected), "{said} / {expected}");
        }
    }

    #[test]
    fn the_default_makes_sense_and_so_do_filters() {
        assert!(Main::read(None, &[]).unwrap().findings().is_empty());
        for level in ["info", "WARN", "info,engine=debug", "off", "info,server::http[read]=trace"] {
            assert!(is_filter(level), "{level}");
        }
        for level in ["", "nonsense", "nonsense==", "info,", "engine=loud", "=info"] {
            assert!(!is_filter(level), "{level}");
        }
    }
}
