//! `countersign site`

use std::process::ExitCode;

use countersign_contracts::{
    Field,
    api::people::{
        CancelRequest, DepartmentRequest, DepartmentView, DowntimeRequest, FacilityRequest, FacilityView,
    },
};
use serde::Serialize;

use super::directory::open;
use crate::{
    cli::{DowntimeAction, HolidaysAction, Site, SiteAction, Source},
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
            change.tell(COMMAND, &format!("{FACILITIES}/{code}"), &request).await
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
                facility,
                code,
                name,
                chair: chair.map(Into::into),
                closed,
                effective_at,
                why: change.why.clone(),
            };
            change.tell(COMMAND, "/api/v1/departments", &request).await
        }
        SiteAction::Downtime { action } => downtime(action).await,
        SiteAction::Holidays { action: HolidaysAction::Import { file, facility, dry_run, change } } => {
            let path = format!("{FACILITIES}/{facility}/holidays");
            return change.import(COMMAND, &path, &file, dry_run).await;
        }
    };
    result.map(|()| ExitCode::SUCCESS)
}

async fn downtime(action: DowntimeAction) -> anyhow::Result<()> {
    match action {
        DowntimeAction::Record { facility, id, span, change } => {
            let (from, until) = span.instants(&change.changing.source)?;
            let request = DowntimeRequest { id, from, until, why: change.why.clone() };
            change.tell(COMMAND, &format!("{FACILITIES}/{facility}/downtimes"), &request).await
        }
        DowntimeAction::Cancel { id, change } => {
            let request = CancelRequest { why: change.why.clone() };
            change.tell(COMMAND, &format!("/api/v1/downtimes/{id}/cancel"), &request).await
        }
    }
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
