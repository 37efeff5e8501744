//! What templates can do with values.

use jiff::civil::Date;
use minijinja::{Environment, Error, ErrorKind};

/// Columns of plain text: RFC 5322 recommends no more than 78 characters a line.
const COLUMNS: usize = 76;

pub(super) fn add_to(environment: &mut Environment<'static>) {
    environment.add_filter("day", day);
    environment.add_filter("count", count);
    environment.add_filter("listed", listed);
    environment.add_filter("wrap", wrap);
}

/// A day as Americans write it in letters, e.g. `December 3, 2026`.
pub(crate) fn long_day(date: Date) -> String {
    date.strftime("%B %-d, %Y").to_string()
}

/// `{{ date | day }}`: `December 3, 2026`.
#[expect(clippy::needless_pass_by_value, reason = "the signature that the template engine calls")]
fn day(iso: String) -> Result<String, Error> {
    let date: Date = iso.parse().map_err(|_| Error::new(ErrorKind::InvalidOperation, "not a day"))?;
    Ok(long_day(date))
}

/// `{{ 3 | count("item") }}`: `3 items`.
#[expect(clippy::needless_pass_by_value, reason = "the signature that the template engine calls")]
fn count(number: u64, of: String) -> String {
    if number == 1 { format!("1 {of}") } else { format!("{number} {of}s") }
}

/// `{{ ["a", "b", "c"] | listed }}`: `a, b and c`.
#[expect(clippy::needless_pass_by_value, reason = "the signature that the template engine calls")]
fn listed(names: Vec<String>) -> String {
    match names.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// `{{ paragraph | wrap }}`: lines of at most 76 characters; a longer word stands alone.
#[expect(clippy::needless_pass_by_value, reason = "the signature that the template engine calls")]
fn wrap(paragraph: String) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in paragraph.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= COLUMNS => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_templates() {
        assert_eq!(day("2026-12-03".to_owned()).expect("a day"), "December 3, 2026");
        assert!(day("soon".to_owned()).is_err());
        assert_eq!(
            (count(1, "item".to_owned()), count(0, "item".to_owned())),
            ("1 item".into(), "0 items".into())
        );
        assert_eq!(listed(vec!["a".into(), "b".into(), "c".into()]), "a, b and c");
        assert!(wrap("word ".repeat(40)).lines().all(|line| line.len() <= COLUMNS));
    }
}
