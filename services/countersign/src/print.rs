//! Tables and JSON on standard output.

use std::io::Write;

use jiff::Timestamp;
use serde::Serialize;

/// Prints a value as JSON.
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    // Written apart, so that a reader who went away is known as that.
    line(&serde_json::to_string_pretty(value)?)
}

/// An instant to the minute, in UTC; nothing for none.
pub fn instant(at: impl Into<Option<Timestamp>>) -> String {
    at.into().map(|at| at.strftime("%Y-%m-%d %H:%MZ").to_string()).unwrap_or_default()
}

/// A name of the API as words: `in_force` becomes `in force`.
pub fn words(name: &str) -> String {
    name.replace('_', " ")
}

/// Prints a line.
pub fn line(text: &str) -> anyhow::Result<()> {
    writeln!(std::io::stdout().lock(), "{text}")?;
    Ok(())
}

/// Prints a text as it is.
pub fn text(text: &str) -> anyhow::Result<()> {
    Ok(std::io::stdout().lock().write_all(text.as_bytes())?)
}

/// Prints rows as CSV under headings in small letters.
pub fn csv(headings: &[&str], rows: &[Vec<String>]) -> anyhow::Result<()> {
    csv_to(std::io::stdout().lock(), headings, rows)
}

/// Writes rows as CSV under headings in small letters.
pub fn csv_to(to: impl Write, headings: &[&str], rows: &[Vec<String>]) -> anyhow::Result<()> {
    let mut writer = csv::Writer::from_writer(to);
    writer.write_record(headings.iter().map(|heading| heading.to_lowercase().replace([' ', '-'], "_")))?;
    for row in rows {
        writer.write_record(row.iter().map(|cell| harmless(cell)))?;
    }
    Ok(writer.flush()?)
}

/// A spreadsheet would take a cell that begins like a formula for one and run it: an apostrophe makes it text. Negative
/// numbers stay numbers.
fn harmless(cell: &str) -> String {
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && cell.parse::<f64>().is_err();
    if formula { format!("'{cell}") } else { cell.to_owned() }
}

/// Prints rows under headings, columns as wide as their widest cell.
pub fn table(headings: &[&str], rows: &[Vec<String>]) -> anyhow::Result<()> {
    let mut widths: Vec<usize> = headings.iter().map(|heading| heading.chars().count()).collect();
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut out = std::io::stdout().lock();
    let mut print = |cells: &mut dyn Iterator<Item = &str>| -> std::io::Result<()> {
        let line: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        writeln!(out, "{}", line.join("  ").trim_end())
    };
    print(&mut headings.iter().copied())?;
    for row in rows {
        print(&mut row.iter().map(String::as_str))?;
    }
    Ok(())
}
