//! `countersign deficiencies`

use countersign_contracts::api::DeficiencyView;
use countersign_deficiency::api::{Filter, list};
use countersign_runtime::authority::Reach;
use jiff::tz::TimeZone;

use crate::{
    cli::{Deficiencies, Status},
    print,
};

/// Every deficiency: as many as fit a page at the most.
const ALL: usize = i32::MAX as usize;

pub async fn run(args: Deficiencies) -> anyhow::Result<()> {
    let status = args.status.map(|status| match status {
        Status::Dormant => "dormant",
        Status::Open => "open",
        Status::Satisfied => "satisfied",
        Status::Voided => "voided",
        Status::Waived => "waived",
    });
    let filter = Filter {
        provider: args.provider,
        status: status.map(str::to_owned),
        rule: args.rule,
        facility: args.facility,
        unassigned: args.unassigned,
        overdue: args.overdue,
        delinquent: args.delinquent,
        disputed: args.disputed,
        as_of: args.as_of,
        known_at: args.known_at,
        ..Filter::default()
    };
    let items: Vec<DeficiencyView> = if let Some(client) = args.source.client() {
        let mut query: Vec<(&str, String)> = Vec::new();
        query.extend(filter.provider.map(|provider| ("provider", provider)));
        query.extend(filter.status.map(|status| ("status", status)));
        query.extend(filter.rule.map(|rule| ("rule", rule)));
        query.extend(filter.facility.map(|facility| ("facility", facility)));
        for (name, wanted) in [
            ("unassigned", filter.unassigned),
            ("overdue", filter.overdue),
            ("delinquent", filter.delinquent),
            ("disputed", filter.disputed),
        ] {
            query.extend(wanted.then(|| (name, "true".to_owned())));
        }
        query.extend(filter.as_of.map(|at| ("as_of", at.to_string())));
        query.extend(filter.known_at.map(|at| ("known_at", at.to_string())));
        client.all("/api/v1/deficiencies", &query).await?
    } else {
        let ground = args.source.open("countersign deficiencies").await?;
        let service = ground.deficiency().await?;
        service.catch_up().await?;
        list(&service, &filter, &Reach::everything(), ALL, None).await?.items
    };
    if args.json {
        return print::json(&items);
    }
    show(&items)
}

fn show(items: &[DeficiencyView]) -> anyhow::Result<()> {
    let rows: Vec<Vec<String>> = items
        .iter()
        .map(|item| {
            let zone = TimeZone::get(&item.time_zone).unwrap_or(TimeZone::UTC);
            let due = item.due_at.map_or_else(
                || "-".to_owned(),
                |due| due.to_zoned(zone).strftime("%Y-%m-%d %H:%M").to_string(),
            );
            vec![
                if item.overdue { format!("{due} overdue") } else { due },
                item.rule.clone(),
                item.title.clone(),
                item.status.clone(),
                item.responsible.clone().unwrap_or_else(|| {
                    if item.document_type == "chart" {
                        "facility".to_owned()
                    } else {
                        "unassigned".to_owned()
                    }
                }),
                item.facility.clone(),
                item.encounter.clone(),
                item.id.to_string(),
            ]
        })
        .collect();
    print::table(&["DUE", "RULE", "REQUIRED", "STATUS", "RESPONSIBLE", "FACILITY", "VISIT", "ID"], &rows)?;
    print::line(&format!(
        "\n{} deficiencies. Why does one exist? countersign explain ID (with the same --data or --url)",
        items.len()
    ))
}
