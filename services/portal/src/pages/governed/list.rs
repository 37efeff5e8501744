//! `/rules`, `/policies`: which versions are, were and will be in force, and who decided that.

use axum::response::Response;

use super::{VersionRow, Words, life::Window};
use crate::{
    ask::{self, governed::Texts},
    failure::Failure,
    pages::{
        Portal,
        escalation::simulation,
        sheet::{Line, Part, Row, Sheet, Table},
        site::Site,
    },
    visitor,
};

pub(super) async fn handle(portal: Portal, texts: Texts) -> Result<Response, Failure> {
    let (words, visitor) = (Words::of(texts), visitor::present());
    let site = Site::ask(portal.api.as_ref(), portal.clock.now()).await;
    let path = words.path;
    let versions = ask::governed::list(portal.api.as_ref(), texts).await?;
    let windows = versions.windows.iter().map(|window| {
        let window = Window::new(window, &site);
        let version = format!("Version {}", window.version);
        let which = Line::new().link(format!("{path}/{}", window.version), version);
        Row::new([
            if window.now { which.chip("satisfied", "Now") } else { which },
            window.from.map_or_else(|| Line::from("the beginning"), |from| Line::new().at(from)),
            window.until.map_or_else(|| Line::new().quiet("no end is set"), |until| Line::new().at(until)),
        ])
    });
    let in_force = Table::new("In force", &["Version", "From", "Until"]).rows(windows);
    let simulates = texts == Texts::Policies && simulation::may(&visitor);
    // the newest first
    let rows = versions.items.into_iter().rev().map(|set| {
        let open = matches!(set.status.as_str(), "draft" | "checked");
        let row = VersionRow::new(set, &site);
        let (at, told) = (format!("{path}/{}", row.version), row.told());
        let mut next = Line::new();
        if let Some(based_on) = row.based_on {
            let against = format!("of version {} against {based_on}", row.version);
            next = next.button(format!("{at}/changes"), "Changes", against);
        }
        if open && simulates {
            next = next.button(format!("{at}#simulate"), "Simulate", format!("version {}", row.version));
        }
        let which = Line::new().link(at, format!("Version {}", row.version)).below(row.title);
        Row::new([which, Line::new().a_chip(row.status), told, next])
    });
    let table = Table::new("Versions", &["Version", "State", "Who, when and why", "!Changes"]).rows(rows);
    let mut how = words.how();
    if words.may_draft(&visitor) {
        how = how.line(Line::new().button(format!("{path}/draft"), "Draft a new version", ""));
    }
    Sheet::new(words.title, words.section, path)
        .intro(words.intro)
        .part(Part::new("windows", "In force").table_or(in_force, format!("No {} is in force.", words.noun)))
        .part(Part::new("versions", "Versions").table_or(table, "None was drafted."))
        .part(how)
        .answer()
}
