//! Escalation: tracks, leadership's inbox, the register, runs, policies, the auditor.

use countersign_contracts::api::{
    Page,
    escalation::{
        AuditView, ClockView, DryRun, HeldRun, InboxItem, LimitView, PacketView, Recorded, RegisterView,
        RunView, SimulateJob, SimulateRequest, TrackActRequest, TrackActed, TrackDetail, TrackExplanation,
        TrackView, WhyRequest,
    },
};
use countersign_kernel::TrackId;

use super::{get, post, send, with_query};
use crate::{
    api::{Api, Call},
    failure::Failure,
};

/// Which tracks a page wants: the parameters of `GET /api/v1/escalation/tracks`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Wanted<'a> {
    pub(crate) facility: Option<&'a str>,
    pub(crate) provider: Option<&'a str>,
    /// Who assigned the provider's identifier.
    pub(crate) authority: Option<&'a str>,
    /// One state; none = all but idle ones.
    pub(crate) state: Option<&'a str>,
    /// Why nothing followed last.
    pub(crate) held: Option<&'a str>,
    pub(crate) cursor: Option<&'a str>,
    pub(crate) limit: usize,
}

pub(crate) async fn tracks(api: &dyn Api, wanted: Wanted<'_>) -> Result<Page<TrackView>, Failure> {
    let limit = wanted.limit.to_string();
    let path = with_query(
        "/api/v1/escalation/tracks",
        [
            ("facility", wanted.facility),
            ("provider", wanted.provider),
            ("authority", wanted.authority),
            ("state", wanted.state),
            ("held", wanted.held),
            ("cursor", wanted.cursor),
            ("limit", Some(limit.as_str())),
        ],
    );
    get(api, Call::get(path)).await
}

pub(crate) async fn track(
    api: &dyn Api,
    id: TrackId,
    not_before: Option<u64>,
) -> Result<TrackDetail, Failure> {
    get(api, Call::get(format!("/api/v1/escalation/tracks/{id}")).not_before(not_before)).await
}

pub(crate) async fn explanation(
    api: &dyn Api,
    id: TrackId,
    not_before: Option<u64>,
) -> Result<TrackExplanation, Failure> {
    get(api, Call::get(format!("/api/v1/escalation/tracks/{id}/explanation")).not_before(not_before)).await
}

/// What a proposal of a suspension rests on, decided about or not.
pub(crate) async fn packet(api: &dyn Api, id: TrackId, proposal: u32) -> Result<PacketView, Failure> {
    get(api, Call::get(format!("/api/v1/escalation/tracks/{id}/proposals/{proposal}"))).await
}

/// Records a decision about a track. With `unchanged_since` it is refused when somebody was quicker.
pub(crate) async fn act(
    api: &dyn Api,
    id: TrackId,
    request: &TrackActRequest,
    seen: &str,
    unchanged_since: Option<u64>,
) -> Result<TrackActed, Failure> {
    send(api, format!("/api/v1/escalation/tracks/{id}/acts"), request, seen, unchanged_since).await
}

/// Everything that waits for somebody, what has waited longest first.
pub(crate) async fn inbox(api: &dyn Api, not_before: Option<u64>) -> Result<Vec<InboxItem>, Failure> {
    get(api, Call::get("/api/v1/escalation/inbox").not_before(not_before)).await
}

/// Which suspensions a page wants: the parameters of `GET /api/v1/escalation/suspensions`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Register<'a> {
    pub(crate) facility: Option<&'a str>,
    pub(crate) provider: Option<&'a str>,
    /// `true`: only those in force.
    pub(crate) in_force: Option<&'a str>,
}

pub(crate) async fn register(api: &dyn Api, wanted: Register<'_>) -> Result<RegisterView, Failure> {
    let path = with_query(
        "/api/v1/escalation/suspensions",
        [("facility", wanted.facility), ("provider", wanted.provider), ("in_force", wanted.in_force)],
    );
    get(api, Call::get(path)).await
}

/// Lists of the weekly cycle that were published, the latest first.
pub(crate) async fn runs(api: &dyn Api, facility: Option<&str>) -> Result<Vec<RunView>, Failure> {
    get(api, Call::get(with_query("/api/v1/escalation/runs", [("facility", facility)]))).await
}

/// What the next run of a facility would do if it came now.
pub(crate) async fn dry_run(api: &dyn Api, facility: &str) -> Result<DryRun, Failure> {
    get(api, Call::get(format!("/api/v1/escalation/runs/{}/dry", segment(facility)))).await
}

/// One published list with everybody on it.
pub(crate) async fn run(api: &dyn Api, facility: &str, published_at: &str) -> Result<RunView, Failure> {
    get(api, Call::get(format!("/api/v1/escalation/runs/{}/{}", segment(facility), segment(published_at))))
        .await
}

/// Runs that wait for a human.
pub(crate) async fn held_runs(api: &dyn Api, not_before: Option<u64>) -> Result<Vec<HeldRun>, Failure> {
    get(api, Call::get("/api/v1/escalation/runs/held").not_before(not_before)).await
}

/// Lets a held run go on.
pub(crate) async fn release_run(
    api: &dyn Api,
    facility: &str,
    why: &str,
    seen: &str,
) -> Result<Recorded, Failure> {
    let path = format!("/api/v1/escalation/runs/{}/release", segment(facility));
    post(api, path, &WhyRequest { why: why.to_owned() }, seen).await
}

/// Asks what a policy would have done on recorded history.
pub(crate) async fn simulate(
    api: &dyn Api,
    request: &SimulateRequest,
    seen: &str,
) -> Result<SimulateJob, Failure> {
    post(api, "/api/v1/escalation/simulations".to_owned(), request, seen).await
}

pub(crate) async fn simulation(api: &dyn Api, job: &str) -> Result<SimulateJob, Failure> {
    get(api, Call::get(format!("/api/v1/escalation/simulations/{}", segment(job)))).await
}

/// Stops a simulation that waits or runs.
pub(crate) async fn cancel_simulation(api: &dyn Api, job: &str) -> Result<(), Failure> {
    let path = format!("/api/v1/escalation/simulations/{}", segment(job));
    super::bytes(api, Call::delete(path)).await.map(|_| ())
}

/// Charts whose regulatory clock ran far.
pub(crate) async fn limits(api: &dyn Api) -> Result<Vec<LimitView>, Failure> {
    get(api, Call::get("/api/v1/escalation/limits")).await
}

pub(crate) async fn clock(api: &dyn Api, not_before: Option<u64>) -> Result<ClockView, Failure> {
    get(api, Call::get("/api/v1/escalation/clock").not_before(not_before)).await
}

/// Says that the wall clock is right.
pub(crate) async fn trust_clock(api: &dyn Api, why: &str, seen: &str) -> Result<Recorded, Failure> {
    post(api, "/api/v1/escalation/clock/trust".to_owned(), &WhyRequest { why: why.to_owned() }, seen).await
}

pub(crate) async fn audit(api: &dyn Api) -> Result<AuditView, Failure> {
    get(api, Call::get("/api/v1/escalation/auditor")).await
}

/// A part of a path that may hold anything.
fn segment(text: &str) -> String {
    // what a form leaves as `+` is a blank, which a path writes otherwise
    form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}
