//! `/charts/{id}`: one chart with everything owed in it, past and present.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use countersign_contracts::api::ChartView;
use countersign_kernel::{EncounterId, Phi, Timestamp};

use super::{Portal, worklist};
use crate::{
    ask,
    failure::Failure,
    show::{DeficiencyRow, Layout, Moment, Responsible, Section, html, sentence, words},
};

#[derive(Template)]
#[template(path = "chart.html")]
struct ChartPage {
    layout: Layout,
    visit: String,
    authority: String,
    facility: String,
    stage: String,
    class: Option<String>,
    location: Option<String>,
    service: Option<String>,
    /// Name and address of the attending's worklist.
    attending: Option<(String, Option<String>)>,
    admitted: Option<Moment>,
    discharged: Option<Moment>,
    patient: Option<String>,
    patient_name: Option<String>,
    time_zone: String,
    continues_as: Option<String>,
    findings: Vec<String>,
    open: Vec<DeficiencyRow>,
    past: Vec<DeficiencyRow>,
}

pub(super) async fn handle(
    State(portal): State<Portal>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: EncounterId = id.parse().map_err(|_| Failure::NotFound(None))?;
    let now = portal.clock.now();
    html(&assemble(ask::chart(portal.api.as_ref(), id).await?, now))
}

fn assemble(chart: ChartView, now: Timestamp) -> ChartPage {
    let moment = |at: Timestamp| Moment::new(at, now, &chart.time_zone);
    let (open, past) = chart
        .deficiencies
        .iter()
        .map(|view| DeficiencyRow::new(view, now))
        .partition(|row: &DeficiencyRow| row.open || row.dormant);
    let attending = match (chart.attending_name, chart.attending) {
        (name, Some(id)) => Some((name.unwrap_or_else(|| id.clone()), Some(worklist::of_provider(&id)))),
        (Some(name), None) => Some((name, None)),
        (None, None) => None,
    };
    ChartPage {
        // the visit number would tell whose chart it was
        layout: Layout::new("Chart", Section::Worklist),
        admitted: chart.admitted_at.map(moment),
        discharged: chart.discharged_at.map(moment),
        visit: chart.encounter,
        authority: chart.authority,
        facility: chart.facility,
        stage: words(&chart.stage),
        class: chart.class.as_deref().map(words),
        // point of care, room and bed are components (HL7 PL)
        location: chart.location.map(|sent| sent.replace('^', " ").trim_end().to_owned()),
        service: chart.service,
        attending,
        patient: chart.patient.as_ref().map(Phi::reveal).cloned(),
        patient_name: chart.patient_name.as_ref().map(Phi::reveal).cloned(),
        time_zone: chart.time_zone,
        continues_as: chart.continues_as.map(|id| id.to_string()),
        findings: chart.findings.iter().map(|finding| sentence(finding)).collect(),
        open,
        past,
    }
}
