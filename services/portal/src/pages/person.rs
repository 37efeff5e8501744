//! `/people/{key}`: one provider of the directory.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use countersign_contracts::api::people::{IdentifierView, LeaveView, PeriodView, PersonView};
use countersign_kernel::Timestamp;
use uuid::Uuid;

use super::{
    Portal,
    escalation::next_step::{self, NextLine},
    people::status_chip,
    site::Site,
    worklist,
};
use crate::{
    ask,
    failure::Failure,
    show::{Chip, Layout, Moment, Section, html, words},
    visitor,
};

/// A provider may work in several zones: instants are told in UTC.
const ZONE: &str = "UTC";

struct LeaveRow {
    kind: String,
    from: Moment,
    until: Option<Moment>,
    state: Chip,
    late: bool,
    by: String,
    why: String,
}

impl LeaveRow {
    fn new(leave: LeaveView, now: Timestamp) -> Self {
        let moment = |at: Timestamp| Moment::new(at, now, ZONE);
        let (class, label) = match (leave.counts, leave.approval.as_str()) {
            (true, _) => ("satisfied", "Counts"),
            (false, "awaited") => ("doubt", "Approval awaited"),
            (false, "refused") => ("closed", "Refused"),
            (false, _) => ("closed", "Does not count"),
        };
        Self {
            kind: words(&leave.kind),
            from: moment(leave.from),
            until: leave.until.map(moment),
            state: Chip { class, label: label.to_owned() },
            late: leave.entered_late,
            by: leave.recorded.by,
            why: leave.recorded.why,
        }
    }
}

struct Period {
    from: Option<Moment>,
    until: Option<Moment>,
}

#[derive(Template)]
#[template(path = "person.html")]
struct PersonPage {
    layout: Layout,
    name: String,
    credentials: String,
    status: Chip,
    listed: bool,
    worklist: String,
    identifiers: Vec<IdentifierView>,
    departments: String,
    facilities: String,
    service: Option<String>,
    specialty: Option<String>,
    group: Option<String>,
    supervisor: Option<IdentifierView>,
    delegate: Option<IdentifierView>,
    email: Option<String>,
    telephone: Option<String>,
    activity: Vec<Period>,
    leaves: Vec<LeaveRow>,
    merged: Vec<IdentifierView>,
    /// What comes next, for those who may see it.
    next_steps: Vec<NextLine>,
    /// Where to see how the person is reached.
    contact: String,
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path(key): Path<String>,
) -> Result<Response, Failure> {
    let key: Uuid = key.parse().map_err(|_| Failure::NotFound(None))?;
    let now = portal.clock.now();
    let api = portal.api.as_ref();
    let person = ask::people::one(api, key).await?;
    let next_steps = match visitor::present().who {
        Some(_) => next_step::of(api, (&person.id, &person.authority), &Site::ask(api, now).await, now).await,
        None => Vec::new(),
    };
    html(&assemble(person, next_steps, now))
}

fn assemble(person: PersonView, next_steps: Vec<NextLine>, now: Timestamp) -> PersonPage {
    let moment = |at: Timestamp| Moment::new(at, now, ZONE);
    let period =
        |period: PeriodView| Period { from: period.from.map(moment), until: period.until.map(moment) };
    PersonPage {
        layout: Layout::within(person.name.clone(), Section::People, "/people"),
        status: status_chip(&person),
        credentials: person.credentials.join(", "),
        listed: person.listed,
        worklist: worklist::of_provider(&person.id),
        identifiers: person.identifiers,
        departments: person.departments.join(", "),
        facilities: person.facilities.join(", "),
        service: person.service,
        specialty: person.specialty,
        group: person.group,
        supervisor: person.supervisor,
        delegate: person.delegate,
        email: person.email,
        telephone: person.telephone,
        activity: person.activity.into_iter().map(period).collect(),
        leaves: person.leaves.into_iter().map(|leave| LeaveRow::new(leave, now)).collect(),
        merged: person.merged,
        next_steps,
        contact: format!("/contacts/provider-{}", person.key),
        name: person.name,
    }
}
