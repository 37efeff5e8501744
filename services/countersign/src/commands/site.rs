//! `countersign site`

use std::process::ExitCode;

use anyhow::Context;
use countersign_contracts::{
    Field,
    api::people::{
        CancelRequest, DepartmentRequest, DepartmentView, DirectoryStep, DowntimeRequest, FacilityRequest,
        FacilityView, ImportRequest,
    },
};
use countersign_deficiency::domain::site::{
    DowntimeId,
    decide::{Command, FacilityChanges},
};
use serde::Serialize;

use super::people::{imported, open, told};
use crate::{
    cli::{Change, DowntimeAction, HolidaysAction, Site, SiteAction, Source},
    print,
};

const COMMAND: &str = "countersign site";
const FACILITIES: &str = "/api/v1/facilities";

pub async fn run(args: Site) -> anyhow::Result<ExitCode> {
    let result = match args.action {
        SiteAction::List { source, json } => list(&source, json).await,
        SiteAction::Facility {
            code,
            called: name,
            jurisdiction,
            time_zone,
            weekend,
            bill_hold_days,
            strict_directory,
            own_leave_needs_approval,
            change,
        } => {
            let request = FacilityRequest {
                name,
                jurisdiction,
                time_zone,
                weekend,
                holidays: None,
                minimum_bill_hold_days: bill_hold_days,
                strict_directory,
                own_leave_needs_approval,
                why: change.why.clone(),
            };
            let changes = FacilityChanges {
                name: request.name.clone(),
                jurisdiction: request.jurisdiction.clone(),
                time_zone: request.time_zone.clone(),
                weekend: request.weekend.clone(),
                minimum_bill_hold_days: bill_hold_days,
                strict_directory,
                own_leave_needs_approval,
                ..FacilityChanges::default()
            };
            let path = format!("{FACILITIES}/{code}");
            let command = |_: &str, _: &str| Command::DescribeFacility { code, changes: Box::new(changes) };
            tell(&change, &path, request, command).await
        }
        SiteAction::Department {
            facility,
            code,
            called: name,
            chair,
            no_chair,
            closed,
            effective_at,
            change,
        } => {
            let chair = if no_chair { Field::Null } else { Field::from(chair) };
            let request = DepartmentRequest {
                facility: facility.clone(),
                code: code.clone(),
                name: name.clone(),
                chair: chair.clone().map(Into::into),
                closed,
                effective_at,
                why: change.why.clone(),
            };
            let command = |_: &str, _: &str| Command::DescribeDepartment {
                facility,
                code,
                name,
                chair,
                closed,
                effective_at,
            };
            tell(&change, "/api/v1/departments", request, command).await
        }
        SiteAction::Downtime { action } => downtime(action).await,
        SiteAction::Holidays { action: HolidaysAction::Import { file, facility, dry_run, change } } => {
            let text = std::fs::read_to_string(&file)
                .with_context(|| format!("cannot read {} as UTF-8 text", file.display()))?;
            let key = change.acting.key();
            let report = if let Some(client) = change.acting.client(&change.source)? {
                let request = ImportRequest { text, dry_run, why: change.why.clone() };
                client.change(&format!("{FACILITIES}/{facility}/holidays"), &key, &request).await?
            } else {
                let (ground, service) = open(&change.source, COMMAND).await?;
                let actor = change.acting.actor(&ground.config)?;
                let sites = service.sites();
                sites.import_holidays(&actor, &change.why, &key, &facility, &text, dry_run).await?
            };
            return imported(&report, change.json);
        }
    };
    result.map(|()| ExitCode::SUCCESS)
}

async fn downtime(action: DowntimeAction) -> anyhow::Result<()> {
    match action {
        DowntimeAction::Record { facility, id, span, change } => {
            let (from, until) = span.instants(&change.source)?;
            let request = DowntimeRequest { id, from, until, why: change.why.clone() };
            let path = format!("{FACILITIES}/{facility}/downtimes");
            let command = |actor: &str, key: &str| Command::RecordDowntime {
                downtime: id.map_or_else(|| DowntimeId::derive(&[actor, key]), DowntimeId),
                facility,
                from,
                until,
            };
            tell(&change, &path, request, command).await
        }
        DowntimeAction::Cancel { id, change } => {
            let request = CancelRequest { why: change.why.clone() };
            let command = |_: &str, _: &str| Command::CancelDowntime { downtime: DowntimeId(id) };
            tell(&change, &format!("/api/v1/downtimes/{id}/cancel"), request, command).await
        }
    }
}

/// Makes a change: on a running Countersign, or in a data folder. `command` is told who acts and under which key.
async fn tell(
    change: &Change,
    path: &str,
    request: impl Serialize,
    command: impl FnOnce(&str, &str) -> Command,
) -> anyhow::Result<()> {
    let key = change.acting.key();
    let step = if let Some(client) = change.acting.client(&change.source)? {
        client.change(path, &key, &request).await?
    } else {
        let (ground, service) = open(&change.source, COMMAND).await?;
        let actor = change.acting.actor(&ground.config)?;
        let command = command(&actor.name, &key);
        let id = match &command {
            Command::RecordDowntime { downtime, .. } => Some(downtime.0),
            _ => None,
        };
        let done = service.sites().execute(&actor, &change.why, &key, command).await?;
        DirectoryStep { position: done.position.0, changed: done.changed, id }
    };
    told(&step, change.json)
}

/// What is printed: facilities, and the departments of all of them.
#[derive(Serialize)]
struct Listed {
    facilities: Vec<FacilityView>,
    departments: Vec<DepartmentView>,
}

async fn list(source: &Source, json: bool) -> anyhow::Result<()> {
    let listed = if let Some(client) = source.client() {
        Listed {
            facilities: client.get(FACILITIES, &()).await?,
            departments: client.get("/api/v1/departments", &()).await?,
        }
    } else {
        let (_ground, service) = open(source, COMMAND).await?;
        Listed {
            facilities: countersign_deficiency::api::list_facilities(&service).await?,
            departments: countersign_deficiency::api::list_departments(&service, None, None).await?,
        }
    };
    if json {
        return print::json(&listed);
    }
    let rows: Vec<Vec<String>> = listed
        .facilities
        .iter()
        .map(|facility| {
            let downtimes: Vec<String> = facility
                .downtimes
                .iter()
                .map(|down| {
                    let until = down.until.map_or_else(|| "now".to_owned(), |until| until.to_string());
                    format!("{} {} to {until}", down.id, down.from)
                })
                .collect();
            vec![
                facility.code.clone(),
                facility.name.clone(),
                facility.jurisdiction.clone(),
                facility.time_zone.clone(),
                facility.weekend.join(" "),
                facility.holidays.len().to_string(),
                downtimes.join("; "),
            ]
        })
        .collect();
    print::table(&["CODE", "NAME", "JURISDICTION", "ZONE", "WEEKEND", "HOLIDAYS", "DOWNTIMES"], &rows)?;
    if listed.departments.is_empty() {
        return Ok(());
    }
    print::line("")?;
    let rows: Vec<Vec<String>> = listed
        .departments
        .iter()
        .map(|department| {
            vec![
                department.facility.clone(),
                department.code.clone(),
                department.name.clone(),
                department.chair.as_ref().map(|chair| chair.id.clone()).unwrap_or_default(),
            ]
        })
        .collect();
    print::table(&["FACILITY", "DEPARTMENT", "NAME", "CHAIR"], &rows)
}
