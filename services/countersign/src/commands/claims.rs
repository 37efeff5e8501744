//! `countersign claims`

use anyhow::Context;
use countersign_contracts::api::{ClaimDetail, ClaimItemView, ClaimSummary, ClaimView};
use countersign_deficiency::claims::{ClaimQuery, State, SummaryBy};
use countersign_kernel::{Cents, EncounterId, Timestamp};
use jiff::tz::TimeZone;

use crate::{
    cli::{ClaimState, Claims, ClaimsAction, ListClaims, ShowClaim, SummarizeClaims, SummaryKey},
    print,
};

/// Every account: as many as fit a page at the most.
const ALL: usize = i32::MAX as usize;

pub async fn run(args: Claims) -> anyhow::Result<()> {
    match args.action {
        ClaimsAction::List(args) => list(args).await,
        ClaimsAction::Show(args) => show(args).await,
        ClaimsAction::Summary(args) => summary(args).await,
    }
}

async fn list(args: ListClaims) -> anyhow::Result<()> {
    let (state, name) = match args.state {
        ClaimState::Held => (State::Held, "held"),
        ClaimState::Pending => (State::Pending, "pending"),
        ClaimState::Released => (State::Released, "released"),
    };
    let claims: Vec<ClaimView> = if let Some(client) = args.source.client() {
        let mut query = vec![("state", name.to_owned())];
        query.extend(args.facility.map(|facility| ("facility", facility)));
        query.extend(args.document_type.map(|kind| ("document_type", kind)));
        query.extend(args.provider.map(|provider| ("provider", provider)));
        client.all("/api/v1/claims", &query).await?
    } else {
        let ground = args.source.open("countersign claims").await?;
        let service = ground.deficiency().await?;
        service.catch_up().await?;
        let query = ClaimQuery {
            state,
            facility: args.facility,
            document_type: args.document_type,
            provider: args.provider,
            limit: ALL,
            ..ClaimQuery::default()
        };
        service.claims(query).await?.items
    };
    if args.json {
        return print::json(&claims);
    }
    let headings =
        ["DOLLARS", "DAYS", "SINCE", "OPEN", "SOLE BLOCKER", "RESPONSIBLE", "FACILITY", "VISIT", "CHART"];
    let rows: Vec<Vec<String>> = claims.iter().map(cells).collect();
    if args.csv {
        return print::csv(&headings, &rows);
    }
    print::table(&headings, &rows)?;
    print::line(&format!(
        "\n{} accounts {name}. What holds one? countersign claims show CHART (with the same --data or --url)",
        claims.len()
    ))
}

fn cells(claim: &ClaimView) -> Vec<String> {
    let item = claim.sole_blocker.as_ref().or(claim.attributed_to.as_ref());
    let charges = if claim.state == "held" { claim.dollars_held_cents } else { claim.charges_cents };
    vec![
        money(charges),
        claim.days_held.to_string(),
        local(claim.from, &claim.time_zone),
        claim.open_items.to_string(),
        item.map(|item| format!("{} {}", item.rule, item.document_type)).unwrap_or_default(),
        item.map(responsible).unwrap_or_default(),
        claim.facility.clone(),
        claim.encounter.clone(),
        claim.chart.to_string(),
    ]
}

/// `1234.50`, or `unknown`: never zero for what nobody sent.
fn money(cents: Option<i64>) -> String {
    cents.map_or_else(|| "unknown".to_owned(), |cents| Cents(cents).to_string())
}

fn local(at: Option<Timestamp>, zone: &str) -> String {
    let zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
    at.map(|at| at.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string()).unwrap_or_default()
}

fn responsible(item: &ClaimItemView) -> String {
    item.responsible.clone().unwrap_or_else(|| "unassigned".to_owned())
}

async fn show(args: ShowClaim) -> anyhow::Result<()> {
    let chart: EncounterId = args.chart.parse().with_context(|| {
        format!("`{}` is not the id of a chart: take one from `countersign claims list`", args.chart)
    })?;
    let detail: ClaimDetail = if let Some(client) = args.source.client() {
        client.get(&format!("/api/v1/claims/{chart}"), &()).await?
    } else {
        let ground = args.source.open("countersign claims").await?;
        let service = ground.deficiency().await?;
        service.catch_up().await?;
        service
            .claim(chart, Vec::new())
            .await?
            .with_context(|| format!("chart {chart} has no account: it was never discharged"))?
    };
    if args.json {
        return print::json(&detail);
    }
    let claim = &detail.claim;
    let zone = &claim.time_zone;
    print::line(&format!("visit {} at {} · {}", claim.encounter, claim.facility, claim.state))?;
    for (name, at) in [
        ("discharged", claim.discharged_at),
        ("coded", claim.coded_at),
        ("billed", claim.billed_at),
        ("held from", claim.from),
        ("released", claim.released_at),
    ] {
        if at.is_some() {
            print::line(&format!("  {name:<12} {}", local(at, zone)))?;
        }
    }
    print::line(&format!("  {:<12} {}", "charges", money(claim.charges_cents)))?;
    print::line(&format!("  {:<12} {}", "held now", money(claim.dollars_held_cents)))?;
    print::line(&format!(
        "  {:<12} {} nights, {} dollar-days (minimum bill-hold {} days)\n",
        "held for",
        claim.days_held,
        money(claim.dollar_days_cents),
        detail.minimum_bill_hold_days
    ))?;
    let rows: Vec<Vec<String>> = detail
        .items
        .iter()
        .map(|item| {
            vec![
                if item.open { "open".to_owned() } else { format!("closed {}", local(item.closed_at, zone)) },
                item.rule.clone(),
                item.document_type.clone(),
                responsible(item),
                local(Some(item.opened_at), zone),
                item.deficiency.to_string(),
            ]
        })
        .collect();
    print::table(&["STATUS", "RULE", "REQUIRED", "RESPONSIBLE", "OPENED", "DEFICIENCY"], &rows)?;
    print::line("")?;
    let rows: Vec<Vec<String>> = detail
        .periods
        .iter()
        .map(|period| {
            vec![
                local(Some(period.from), zone),
                local(period.until, zone),
                period.days.to_string(),
                period.ended_by.clone().unwrap_or_default().replace('_', " "),
            ]
        })
        .collect();
    print::table(&["HELD FROM", "UNTIL", "NIGHTS", "ENDED BY"], &rows)
}

async fn summary(args: SummarizeClaims) -> anyhow::Result<()> {
    let (by, name) = match args.by {
        SummaryKey::DocumentType => (SummaryBy::DocumentType, "document_type"),
        SummaryKey::Provider => (SummaryBy::Provider, "provider"),
        SummaryKey::Facility => (SummaryBy::Facility, "facility"),
        SummaryKey::Class => (SummaryBy::Class, "class"),
        SummaryKey::Day => (SummaryBy::Day, "day"),
    };
    let summary: ClaimSummary = if let Some(client) = args.source.client() {
        let mut query = vec![("by", name.to_owned())];
        query.extend(args.facility.map(|facility| ("facility", facility)));
        query.extend(args.from.map(|day| ("from", day.to_string())));
        query.extend(args.to.map(|day| ("to", day.to_string())));
        client.get("/api/v1/claims/summary", &query).await?
    } else {
        let ground = args.source.open("countersign claims").await?;
        let service = ground.deficiency().await?;
        service.catch_up().await?;
        service.claim_summary(by, args.facility, Vec::new(), (args.from, args.to)).await?
    };
    if args.json {
        return print::json(&summary);
    }
    let headings = [
        "KEY",
        "NAME",
        "HELD",
        "DOLLARS HELD",
        "UNKNOWN",
        "SOLE BLOCKER",
        "SOLE DOLLARS",
        "RELEASED",
        "NIGHTS",
        "DOLLAR-DAYS",
    ];
    let rows: Vec<Vec<String>> = summary
        .rows
        .iter()
        .chain([&summary.total])
        .map(|row| {
            vec![
                if row.key.is_empty() { "unassigned".to_owned() } else { row.key.clone() },
                row.name.clone().unwrap_or_default(),
                row.held_accounts.to_string(),
                Cents(row.dollars_held_cents).to_string(),
                row.charges_unknown.to_string(),
                row.sole_blocker_accounts.to_string(),
                Cents(row.sole_blocker_cents).to_string(),
                row.released_accounts.to_string(),
                row.days_held.to_string(),
                Cents(row.dollar_days_cents).to_string(),
            ]
        })
        .collect();
    if args.csv {
        return print::csv(&headings, &rows);
    }
    print::table(&headings, &rows)?;
    print::line(&format!(
        "\n{} to {}, minimum bill-hold {} days",
        summary.from, summary.to, summary.minimum_bill_hold_days
    ))
}
