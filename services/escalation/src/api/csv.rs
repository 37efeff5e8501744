//! Lists as files for the committee: comma-separated values (RFC 4180), one heading line.

use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use countersign_contracts::api::escalation::{ByWhom, RegisterView, RunView, TrackView};
use countersign_kernel::Timestamp;

/// One field. What a spreadsheet would take for a formula is shown as text.
fn field(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn line(to: &mut String, fields: &[String]) {
    let fields: Vec<String> = fields.iter().map(|text| field(text)).collect();
    to.push_str(&fields.join(","));
    to.push_str("\r\n");
}

fn heading(names: &[&str]) -> String {
    let mut file = String::new();
    line(&mut file, &names.iter().map(ToString::to_string).collect::<Vec<_>>());
    file
}

fn at(at: Option<Timestamp>) -> String {
    at.map_or_else(String::new, |at| at.to_string())
}

fn people(by: &[ByWhom]) -> String {
    by.iter().map(|by| format!("{} ({})", by.name, by.why)).collect::<Vec<_>>().join("; ")
}

pub(super) fn tracks(rows: &[TrackView]) -> String {
    let mut file = heading(&[
        "provider",
        "name",
        "facility",
        "state",
        "cycle",
        "policy",
        "step",
        "step_at",
        "counting",
        "oldest_days",
        "next_at",
        "held",
        "suspended_from",
        "track",
    ]);
    for row in rows {
        line(
            &mut file,
            &[
                row.provider.id.clone(),
                row.provider.name.clone(),
                row.facility.clone(),
                row.state.clone(),
                row.cycle.to_string(),
                row.policy.as_ref().map_or_else(String::new, |policy| policy.version.to_string()),
                row.step.clone().unwrap_or_default(),
                at(row.step_at),
                row.counting.to_string(),
                row.oldest_days.to_string(),
                at(row.next_at),
                row.held.clone().unwrap_or_default(),
                at(row.suspended_from),
                row.id.to_string(),
            ],
        );
    }
    file
}

pub(super) fn register(view: &RegisterView) -> String {
    let mut file = heading(&[
        "provider",
        "name",
        "facility",
        "scope",
        "exempt",
        "from",
        "until",
        "days",
        "within_year",
        "why_ended",
        "ended_by",
        "authority",
        "npdb_asked_at",
        "npdb_answer",
        "superseded",
        "fine_cents",
    ]);
    for row in &view.items {
        line(
            &mut file,
            &[
                row.provider.id.clone(),
                row.provider.name.clone(),
                row.facility.clone(),
                row.scope.join("; "),
                row.exempt.join("; "),
                at(Some(row.from)),
                at(row.until),
                row.days.to_string(),
                row.within_year.to_string(),
                row.ended_because.clone().unwrap_or_default(),
                people(row.ended_by.as_slice()),
                people(&row.authority),
                at(row.npdb_asked_at),
                people(row.npdb_answer.as_slice()),
                if row.superseded { "yes" } else { "" }.to_owned(),
                row.fine_cents.map_or_else(String::new, |cents| cents.to_string()),
            ],
        );
    }
    file
}

pub(super) fn run(view: &RunView) -> String {
    let mut file =
        heading(&["provider", "name", "facility", "cutoff_at", "step", "counting", "oldest_days", "track"]);
    for row in &view.lines {
        line(
            &mut file,
            &[
                row.provider.id.clone(),
                row.provider.name.clone(),
                view.facility.clone(),
                at(Some(view.cutoff_at)),
                row.step.clone(),
                row.counting.to_string(),
                row.oldest_days.to_string(),
                row.track.to_string(),
            ],
        );
    }
    file
}

pub(super) fn as_file(name: &str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, text).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_compute_is_text() {
        assert_eq!(field("=1+1"), "'=1+1");
        assert_eq!(field("Smith, \"Jo\""), "\"Smith, \"\"Jo\"\"\"");
        assert_eq!(field("plain"), "plain");
    }
}
