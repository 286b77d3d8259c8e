//! Lays a file and the environment over the embedded default, which is also the list of known keys and their types.

use adapter_api::diagnostic::nearest;
use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use super::document::ConfigError;

/// What environment variables of ours begin with.
pub const ENVIRONMENT_PREFIX: &str = "LIENTHONG_";

/// A key as `section.key`, the file or variable that set it, and its line; the last of a key holds.
pub type SetAt = Vec<(String, String, usize)>;

/// The values in force so far, and where each key was last set.
#[derive(Debug, Clone)]
pub struct Layers {
    values: Table,
    set_at: SetAt,
}

impl Layers {
    /// The embedded default alone.
    pub fn default_of(text: &str) -> Self {
        Layers { values: text.parse().unwrap_or_default(), set_at: Vec::new() }
    }

    /// The values as their type. A value of the right TOML type that still says nothing sensible is named with its place.
    pub fn into_typed<T: DeserializeOwned>(self) -> Result<(T, SetAt), ConfigError> {
        let set_at = self.set_at;
        let typed = T::deserialize(self.values).map_err(|error| {
            let message = error.message().trim().to_string();
            let keys = error.to_string();
            let named = |path: &str| path.split('.').next_back().is_some_and(|key| keys.contains(key));
            let place = set_at.iter().rev().find(|(key, _, _)| named(key));
            match place {
                Some((_, file, line)) => {
                    ConfigError::Wrong { file: file.clone(), line: *line, message, nearest: None }
                }
                None => ConfigError::Unfit { file: "configuration".into(), message },
            }
        })?;
        Ok((typed, set_at))
    }

    fn section_mut(&mut self, section: &str) -> Option<&mut Table> {
        self.values.get_mut(section)?.as_table_mut()
    }
}

/// Lays a file over what is there; every wrong key of it is a finding.
pub fn merge(layers: &mut Layers, file: &str, text: &str) -> Vec<ConfigError> {
    let parsed = match DeTable::parse(text) {
        Ok(parsed) => parsed,
        Err(error) => {
            let line = error.span().map_or(1, |span| line_of(text, span.start));
            let message = error.message().to_string();
            return vec![ConfigError::Wrong { file: file.into(), line, message, nearest: None }];
        }
    };
    let mut findings = Vec::new();
    for (section, value) in parsed.get_ref() {
        let name: &str = section.get_ref();
        let line = line_of(text, section.span().start);
        let DeValue::Table(keys) = value.get_ref() else {
            findings.push(unknown(file, line, name, &section_names(&layers.values)));
            continue;
        };
        let Some(known) = layers.section_mut(name) else {
            findings.push(unknown(file, line, name, &section_names(&layers.values)));
            continue;
        };
        let mut set = Vec::new();
        for (key, value) in keys {
            let line = line_of(text, key.span().start);
            match lay(known, key.get_ref(), plain(value.get_ref())) {
                Ok(()) => set.push((format!("{name}.{}", key.get_ref()), file.to_string(), line)),
                Err(wrong) => findings.push(wrong.at(file, line)),
            }
        }
        layers.set_at.extend(set);
    }
    findings
}

/// Lays environment variables over what is there: `LIENTHONG_<SECTION>_<KEY>`.
pub fn apply_environment(layers: &mut Layers, environment: &[(String, String)]) -> Vec<ConfigError> {
    let mut findings = Vec::new();
    let ours = |name: &str| name.starts_with(ENVIRONMENT_PREFIX) && !is_service_link(name);
    for (name, text) in environment.iter().filter(|(name, _)| ours(name)) {
        let lower = name.trim_start_matches(ENVIRONMENT_PREFIX).to_lowercase();
        let Some((section, key)) = lower.split_once('_') else {
            findings.push(unknown("environment", 0, name, &variable_names(&layers.values)));
            continue;
        };
        let known = variable_names(&layers.values);
        let Some(table) = layers.section_mut(section).filter(|table| table.contains_key(key)) else {
            findings.push(unknown("environment", 0, name, &known));
            continue;
        };
        match lay(table, key, typed_like(table.get(key), text)) {
            Ok(()) => layers.set_at.push((format!("{section}.{key}"), format!("environment ({name})"), 0)),
            Err(wrong) => findings.push(wrong.at(&format!("environment ({name})"), 0)),
        }
    }
    findings
}

/// Whether a variable is one of those that Kubernetes gives every pod beside a Service named `lienthong`: exactly
/// `LIENTHONG_SERVICE_HOST`, `LIENTHONG_SERVICE_PORT[_<NAME>]`, `LIENTHONG_PORT` and
/// `LIENTHONG_PORT_<number>_<TCP|UDP|SCTP>[_PROTO|_PORT|_ADDR]`. They say nothing to us and are no slip of a pen.
fn is_service_link(name: &str) -> bool {
    let Some(rest) = name.strip_prefix(ENVIRONMENT_PREFIX) else { return false };
    if matches!(rest, "SERVICE_HOST" | "SERVICE_PORT" | "PORT") || rest.starts_with("SERVICE_PORT_") {
        return true;
    }
    let Some((number, protocol)) = rest.strip_prefix("PORT_").and_then(|port| port.split_once('_')) else {
        return false;
    };
    let protocol =
        ["_PROTO", "_PORT", "_ADDR"].iter().find_map(|part| protocol.strip_suffix(part)).unwrap_or(protocol);
    number.parse::<u16>().is_ok() && matches!(protocol, "TCP" | "UDP" | "SCTP")
}

struct Wrong {
    message: String,
    nearest: Option<String>,
}

impl Wrong {
    fn at(self, file: &str, line: usize) -> ConfigError {
        ConfigError::Wrong { file: file.to_string(), line, message: self.message, nearest: self.nearest }
    }
}

fn unknown(file: &str, line: usize, key: &str, known: &[String]) -> ConfigError {
    let nearest = nearest(key, known.iter().map(String::as_str)).map(str::to_string);
    Wrong { message: format!("unknown key `{key}`"), nearest }.at(file, line)
}

fn lay(table: &mut Table, key: &str, value: Option<Value>) -> Result<(), Wrong> {
    let Some(known) = table.get(key) else {
        let names: Vec<&str> = table.keys().map(String::as_str).collect();
        let nearest = nearest(key, names).map(str::to_string);
        return Err(Wrong { message: format!("unknown key `{key}`"), nearest });
    };
    match value {
        Some(value) if value.same_type(known) => {
            table.insert(key.to_string(), value);
            Ok(())
        }
        _ => {
            let message = format!("`{key}` must be of type {}", known.type_str());
            Err(Wrong { message, nearest: None })
        }
    }
}

fn plain(value: &DeValue<'_>) -> Option<Value> {
    Some(match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => {
            Value::Integer(i64::from_str_radix(number.as_str(), number.radix()).ok()?)
        }
        DeValue::Float(number) => Value::Float(number.as_str().parse().ok()?),
        DeValue::Boolean(truth) => Value::Boolean(*truth),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => return None,
    })
}

fn typed_like(known: Option<&Value>, text: &str) -> Option<Value> {
    match known? {
        Value::Integer(_) => text.parse().ok().map(Value::Integer),
        Value::Boolean(_) => text.parse().ok().map(Value::Boolean),
        Value::Float(_) => text.parse().ok().map(Value::Float),
        _ => Some(Value::String(text.to_string())),
    }
}

fn section_names(values: &Table) -> Vec<String> {
    values.keys().cloned().collect()
}

fn variable_names(values: &Table) -> Vec<String> {
    let keys = |section: &str, table: &Table| -> Vec<String> {
        table.keys().map(|key| format!("{ENVIRONMENT_PREFIX}{section}_{key}").to_uppercase()).collect()
    };
    values.iter().filter_map(|(section, value)| Some(keys(section, value.as_table()?))).flatten().collect()
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layers() -> Layers {
        Layers::default_of("[server]\nlisten = \"a\"\nworkers = 0\n[log]\nlevel = \"info\"\n")
    }

    #[test]
    fn every_wrong_key_is_found_at_once_with_its_line() {
        let text = "[server]\nlistne = \"b\"\nworkers = \"many\"\n[lgo]\nlevel = \"x\"\n";
        let found: Vec<String> =
            merge(&mut layers(), "my.toml", text).iter().map(|e| e.to_string()).collect();
        assert_eq!(
            found,
            [
                "my.toml:2: unknown key `listne`\n  help: did you mean `listen`?",
                "my.toml:3: `workers` must be of type integer",
                "my.toml:4: unknown key `lgo`\n  help: did you mean `log`?",
            ]
        );
    }

    #[test]
    fn an_unknown_variable_of_ours_is_refused() {
        let environment =
            [("LIENTHONG_SERVER_LISTE".to_string(), "x".to_string()), ("PATH".into(), "y".into())];
        let found = apply_environment(&mut layers(), &environment);
        assert_eq!(found.len(), 1);
        assert!(found[0].to_string().starts_with("environment: unknown key"), "{}", found[0]);
        assert!(found[0].to_string().contains("did you mean `LIENTHONG_SERVER_LISTEN`?"), "{}", found[0]);
    }

    #[test]
    fn what_kubernetes_says_of_a_service_of_our_name_is_passed_over() {
        let given = |name: &str| vec![(name.to_string(), "tcp://10.0.0.1:8080".to_string())];
        for name in [
            "LIENTHONG_PORT",
            "LIENTHONG_SERVICE_HOST",
            "LIENTHONG_SERVICE_PORT",
            "LIENTHONG_SERVICE_PORT_API",
            "LIENTHONG_PORT_8080_TCP",
            "LIENTHONG_PORT_8080_TCP_ADDR",
            "LIENTHONG_PORT_8080_TCP_PORT",
            "LIENTHONG_PORT_8080_TCP_PROTO",
        ] {
            assert_eq!(apply_environment(&mut layers(), &given(name)).len(), 0, "{name}");
        }
        for name in ["LIENTHONG_PORTS", "LIENTHONG_PORT_X_TCP", "LIENTHONG_PORT_8080", "LIENTHONG_SERVICE"] {
            assert_eq!(apply_environment(&mut layers(), &given(name)).len(), 1, "{name}");
        }
    }

    #[test]
    fn a_variable_is_read_as_the_type_of_its_default() {
        let mut layers = layers();
        let environment = [("LIENTHONG_SERVER_WORKERS".to_string(), "3".to_string())];
        assert!(apply_environment(&mut layers, &environment).is_empty());
        assert_eq!(layers.values["server"]["workers"], Value::Integer(3));
    }
}
