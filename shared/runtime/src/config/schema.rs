//! Which settings exist and of what shape: read from the commented defaults, so that there is one list.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use toml::{Table, Value};

/// The commented defaults. Also the reference for operators (`docs/configuration.md`).
pub const DEFAULTS: &str = include_str!("../../config.default.toml");

/// The shape of a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Text,
    Whole,
    Number,
}

impl Shape {
    fn of(value: &Value) -> Self {
        match value {
            Value::Integer(_) => Self::Whole,
            Value::Float(_) => Self::Number,
            _ => Self::Text,
        }
    }

    /// What is allowed, for people.
    pub(super) const fn allowed(self) -> &'static str {
        match self {
            Self::Text => "a text in quotes",
            Self::Whole => "a whole number, zero or more",
            Self::Number => "a number, zero or more",
        }
    }
}

/// Every setting and every section.
#[derive(Debug)]
pub(super) struct Schema {
    /// Settings by dotted name, e.g. `mllp.tls.key`.
    pub(super) settings: BTreeMap<String, Shape>,
    /// Sections by dotted name, e.g. `mllp.tls`.
    pub(super) sections: BTreeSet<String>,
    /// Settings that have a value when nothing is said.
    pub(super) defaults: BTreeMap<String, Value>,
}

/// The schema of this build.
pub(super) static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let complete: Table = complete_example().parse().expect("the built-in example parses: a test holds it");
    let effective: Table = DEFAULTS.parse().expect("the built-in defaults parse: a test holds it");
    let mut schema =
        Schema { settings: BTreeMap::new(), sections: BTreeSet::new(), defaults: BTreeMap::new() };
    leaves("", &complete, &mut |path, value| match value {
        Value::Table(_) => {
            schema.sections.insert(path);
        }
        leaf => {
            schema.settings.insert(path, Shape::of(leaf));
        }
    });
    leaves("", &effective, &mut |path, value| {
        if !value.is_table() {
            schema.defaults.insert(path, value.clone());
        }
    });
    schema
});

/// The defaults with every optional setting switched on: `#key = …` and `#[section]` lose their `#`.
pub(super) fn complete_example() -> String {
    let uncomment = |line: &str| match line.strip_prefix('#') {
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_lowercase() || c == '[') => rest.to_owned(),
        _ => line.to_owned(),
    };
    DEFAULTS.lines().map(uncomment).collect::<Vec<_>>().join("\n")
}

/// Visits sections and settings with their dotted names.
fn leaves(prefix: &str, table: &Table, visit: &mut dyn FnMut(String, &Value)) {
    for (key, value) in table {
        let path = join(prefix, key);
        visit(path.clone(), value);
        if let Value::Table(inner) = value {
            leaves(&path, inner, visit);
        }
    }
}

pub(super) fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") }
}

/// The environment variable of a setting: `mllp.tls.key` → `COUNTERSIGN_MLLP__TLS__KEY`.
pub(super) fn variable_of(path: &str) -> String {
    format!("{}{}", super::environment::PREFIX, path.replace('.', "__").to_ascii_uppercase())
}
