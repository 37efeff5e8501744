//! `/claims/{chart}`: one account, what holds or held its bill, and when.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use countersign_contracts::api::{ClaimDetail, ClaimItemView, ClaimPeriodView};
use countersign_kernel::{EncounterId, Timestamp};

use super::{
    Portal,
    claims::{Blocker, money, state_chip},
    worklist,
};
use crate::{
    ask,
    failure::Failure,
    show::{Chip, Layout, Moment, Section, html, number, words},
};

struct ItemRow {
    href: String,
    what: String,
    rule: String,
    who: String,
    /// The provider's worklist.
    list: Option<String>,
    open: bool,
    opened: Moment,
    closed: Option<Moment>,
}

impl ItemRow {
    fn new(item: ClaimItemView, now: Timestamp, zone: &str) -> Self {
        let moment = |at: Timestamp| Moment::new(at, now, zone);
        let (open, opened, closed) = (item.open, moment(item.opened_at), item.closed_at.map(moment));
        let list = item.responsible.as_deref().map(worklist::of_provider);
        let Blocker { href, what, rule, who } = Blocker::new(item);
        Self { href, what, rule, who, list, open, opened, closed }
    }
}

struct PeriodRow {
    from: Moment,
    until: Option<Moment>,
    ended_by: Option<String>,
    released_by: Option<String>,
    days: String,
}

impl PeriodRow {
    fn new(period: ClaimPeriodView, now: Timestamp, zone: &str) -> Self {
        let moment = |at: Timestamp| Moment::new(at, now, zone);
        Self {
            from: moment(period.from),
            until: period.until.map(moment),
            ended_by: period.ended_by.as_deref().map(words),
            released_by: period.released_by.map(|id| format!("/deficiencies/{id}")),
            days: number(u64::from(period.days)),
        }
    }
}

#[derive(Template)]
#[template(path = "claim.html")]
struct ClaimPage {
    layout: Layout,
    chart: String,
    visit: String,
    facility: String,
    details: String,
    state: Chip,
    held: bool,
    pending: bool,
    from: Option<Moment>,
    discharged: Option<Moment>,
    coded: Option<Moment>,
    billed: Option<Moment>,
    charges: String,
    dollars_held: String,
    dollar_days: String,
    days: String,
    minimum_days: u16,
    blocker: Option<Blocker>,
    attributed: Option<Blocker>,
    items: Vec<ItemRow>,
    periods: Vec<PeriodRow>,
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: EncounterId = id.parse().map_err(|_| Failure::NotFound(None))?;
    let now = portal.clock.now();
    let ClaimDetail { claim, minimum_bill_hold_days, items, periods } =
        ask::claims::one(portal.api.as_ref(), id).await?;
    let zone = claim.time_zone.as_str();
    let moment = |at: Timestamp| Moment::new(at, now, zone);
    let details = [claim.class.as_deref().map(words), claim.service, claim.payer];
    html(&ClaimPage {
        // the visit number would tell whose account it was
        layout: Layout::new("Account", Section::Claims),
        chart: claim.chart.to_string(),
        visit: claim.encounter,
        facility: claim.facility,
        details: details.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        state: state_chip(&claim.state),
        held: claim.state == "held",
        pending: claim.state == "pending",
        from: claim.from.map(moment),
        discharged: claim.discharged_at.map(moment),
        coded: claim.coded_at.map(moment),
        billed: claim.billed_at.map(moment),
        charges: money(claim.charges_cents),
        dollars_held: money(claim.dollars_held_cents),
        dollar_days: money(claim.dollar_days_cents),
        days: number(u64::from(claim.days_held)),
        minimum_days: minimum_bill_hold_days,
        blocker: claim.sole_blocker.map(Blocker::new),
        attributed: claim.attributed_to.map(Blocker::new),
        items: items.into_iter().map(|item| ItemRow::new(item, now, zone)).collect(),
        periods: periods.into_iter().map(|period| PeriodRow::new(period, now, zone)).collect(),
    })
}
