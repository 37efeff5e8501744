//! Settings from the TOML file, each with its line and column.

use toml::{
    Spanned, Table, Value,
    de::{DeTable, DeValue},
};

use super::{
    environment::Given,
    fault::{Fault, Origin, misfit, unknown_key},
    schema::{SCHEMA, Shape, join},
};

/// Reads a file. What is unknown or of the wrong shape becomes a fault and is left out.
pub(super) fn read(name: &str, text: &str, faults: &mut Vec<Fault>) -> Vec<Given> {
    let parsed = DeTable::parse(text).and_then(|tree| Ok((tree, text.parse::<Table>()?)));
    let (tree, values) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => {
            let origin = place(name, text, error.span().map_or(0, |span| span.start));
            // the line itself is not repeated: it may hold a password
            faults.push(Fault { origin, message: format!("not TOML: {}", error.message().trim()) });
            return Vec::new();
        }
    };
    let mut reader = Reader { name, text, faults, given: Vec::new() };
    reader.section("", tree.get_ref(), &values);
    reader.given
}

struct Reader<'a> {
    name: &'a str,
    text: &'a str,
    faults: &'a mut Vec<Fault>,
    given: Vec<Given>,
}

impl Reader<'_> {
    fn section(&mut self, prefix: &str, tree: &DeTable<'_>, values: &Table) {
        // in the order of the file, not of the alphabet
        let mut entries: Vec<_> = tree.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, node) in entries {
            let path = join(prefix, key.get_ref());
            let origin = place(self.name, self.text, key.span().start);
            let Some(value) = values.get(key.get_ref().as_ref()) else { continue };
            match (node.get_ref(), value) {
                (DeValue::Table(inner), Value::Table(values)) if SCHEMA.sections.contains(&path) => {
                    self.section(&path, inner, values);
                }
                _ if SCHEMA.sections.contains(&path) => {
                    self.faults.push(misfit(
                        origin,
                        &path,
                        describe(value),
                        &format!("a section: write [{path}]"),
                    ));
                }
                _ => self.setting(path, origin, node, value),
            }
        }
    }

    fn setting(&mut self, path: String, origin: Origin, node: &Spanned<DeValue<'_>>, value: &Value) {
        let Some(shape) = SCHEMA.settings.get(&path).copied() else {
            self.faults.push(unknown_key(origin, &path));
            return;
        };
        let fits = match (shape, value) {
            (Shape::Text, Value::String(_)) => Some(value.clone()),
            (Shape::Whole, Value::Integer(number)) if *number >= 0 => Some(value.clone()),
            #[expect(
                clippy::cast_precision_loss,
                reason = "a ratio: no whole number of meaning is that large"
            )]
            (Shape::Number, Value::Integer(number)) if *number >= 0 => Some(Value::Float(*number as f64)),
            (Shape::Number, Value::Float(number)) if *number >= 0.0 => Some(value.clone()),
            _ => None,
        };
        if fits.is_some() {
            self.given.push(Given { path, origin, value: fits });
            return;
        }
        let found = match value {
            Value::String(text) => super::found_text(text),
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => {
                self.text.get(node.span()).unwrap_or_default().to_owned()
            }
            other => describe(other).to_owned(),
        };
        self.faults.push(misfit(origin, &path, &found, shape.allowed()));
    }
}

fn describe(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) | Value::Float(_) => "a number",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date",
        Value::Array(_) => "a list",
        Value::Table(_) => "a section",
    }
}

/// Line and column of a byte offset.
fn place(name: &str, text: &str, offset: usize) -> Origin {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Origin::File { name: name.to_owned(), line, column }
}
