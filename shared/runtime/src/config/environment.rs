//! Settings from environment variables.

use toml::Value;

use super::{
    fault::{Fault, Origin, misfit, unknown_variable},
    schema::{SCHEMA, Shape, variable_of},
};

/// What every variable of ours begins with.
pub(super) const PREFIX: &str = "COUNTERSIGN_";

/// One setting that a variable or an option of the command line gives.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) path: String,
    pub(super) origin: Origin,
    /// `None` takes an optional setting back.
    pub(super) value: Option<Value>,
}

/// Variables that begin with our prefix and are not settings.
fn is_other(name: &str) -> bool {
    // the file itself; what tests and `./dev` hand each other
    if matches!(name, "COUNTERSIGN_CONFIG" | "COUNTERSIGN_NATS_SERVER")
        || name.starts_with("COUNTERSIGN_TEST_")
    {
        return true;
    }
    // Kubernetes puts these into every container beside a Service named `countersign`
    let rest = &name[PREFIX.len()..];
    rest == "PORT"
        || rest.starts_with("PORT_")
        || rest.starts_with("SERVICE_HOST")
        || rest.starts_with("SERVICE_PORT")
}

/// Reads our variables out of an environment. An empty variable takes an optional setting back.
pub(super) fn read(
    environment: impl IntoIterator<Item = (String, String)>,
    faults: &mut Vec<Fault>,
) -> Vec<Given> {
    let mut ours: Vec<(String, String)> =
        environment.into_iter().filter(|(name, _)| name.starts_with(PREFIX) && !is_other(name)).collect();
    ours.sort();
    let mut given = Vec::new();
    for (name, text) in ours {
        let Some(path) = SCHEMA.settings.keys().find(|path| variable_of(path) == name) else {
            faults.push(unknown_variable(&name));
            continue;
        };
        let origin = Origin::Environment(name);
        if text.is_empty() && !SCHEMA.defaults.contains_key(path) {
            given.push(Given { path: path.clone(), origin, value: None });
            continue;
        }
        match from_text(path, &text, origin.clone()) {
            Ok(value) => given.push(Given { path: path.clone(), origin, value: Some(value) }),
            Err(fault) => faults.push(fault),
        }
    }
    given
}

/// A value written without TOML's quotes, in the shape that its setting has.
pub(super) fn from_text(path: &str, text: &str, origin: Origin) -> Result<Value, Fault> {
    let shape = SCHEMA.settings.get(path).copied().unwrap_or(Shape::Text);
    let value = match shape {
        Shape::Text => Some(Value::String(text.to_owned())),
        Shape::Whole => {
            text.trim().replace('_', "").parse().ok().filter(|number| *number >= 0).map(Value::Integer)
        }
        Shape::Number => text.trim().parse().ok().filter(|number| *number >= 0.0).map(Value::Float),
    };
    value.ok_or_else(|| misfit(origin, path, &super::found_text(text), shape.allowed()))
}
