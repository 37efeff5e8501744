//! `/api/v1/partitions`: parts of the feed that stand still, and the ways out.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use countersign_contracts::{
    Partition,
    api::{SkipRequest, StoppedPartition},
};
use countersign_eventsourcing::consumer::Stopped;
use countersign_runtime::http::{Operator, Problem, Sent};

use crate::{authority::Act, service::Deficiency};

fn view(stop: Stopped) -> StoppedPartition {
    StoppedPartition {
        partition: stop.partition.number(),
        event: stop.event.0,
        kind: stop.kind,
        reason: stop.reason,
        since: stop.since,
    }
}

/// Lists the partitions that stand before an event they cannot process. All others go on.
#[utoipa::path(
    get, path = "/api/v1/partitions", tag = "operation",
    responses((status = 200, description = "Stopped partitions; usually none", body = [StoppedPartition]))
)]
pub(super) async fn list(
    State(service): State<Arc<Deficiency>>,
) -> Result<Json<Vec<StoppedPartition>>, Problem> {
    let stopped = service.stopped_partitions().map_err(|error| Problem::internal(&error))?;
    Ok(Json(stopped.into_iter().map(view).collect()))
}

/// Lets every stopped partition try its event again, after whatever was wrong has been put right.
#[utoipa::path(
    post, path = "/api/v1/partitions/retry", tag = "operation",
    responses(
        (status = 202, description = "They try again"),
        (status = 401, description = "People are registered, and the caller shows no known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem)
    )
)]
pub(super) async fn retry(
    State(service): State<Arc<Deficiency>>,
    operator: Operator,
) -> Result<StatusCode, Problem> {
    operator.may(Act::MovePartitions)?;
    service.retry_partitions();
    Ok(StatusCode::ACCEPTED)
}

/// Passes over the event at which a partition stands. Who and why is recorded in the journal, for ever: the person
/// of the token, whatever the request says; without one, as the request says.
#[utoipa::path(
    post, path = "/api/v1/partitions/{partition}/skip", tag = "operation", request_body = SkipRequest,
    params(("partition" = u8, Path, description = "0 to 63")),
    responses(
        (status = 200, description = "The event that is passed over", body = StoppedPartition),
        (status = 400, description = "No reason is given, or the request cannot be understood", body = Problem),
        (status = 401, description = "People are registered, and the caller shows no known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "The partition does not stand still", body = Problem)
    )
)]
pub(super) async fn skip(
    State(service): State<Arc<Deficiency>>,
    operator: Operator,
    Path(partition): Path<String>,
    Sent(SkipRequest { actor, why }): Sent<SkipRequest>,
) -> Result<Json<StoppedPartition>, Problem> {
    operator.may(Act::MovePartitions)?;
    let partition = partition
        .parse()
        .ok()
        .and_then(Partition::new)
        .ok_or_else(|| Problem::bad_request("a partition is a number from 0 to 63"))?;
    let actor = operator.name(actor.as_deref().unwrap_or_default());
    if actor.trim().is_empty() || why.trim().is_empty() {
        return Err(Problem::bad_request("say who decides (`actor`) and `why`: both go on record"));
    }
    let stopped = service.stopped_partitions().map_err(|error| Problem::internal(&error))?;
    let stop = stopped.into_iter().find(|stop| stop.partition == partition);
    let skipped = service.skip(partition, actor, &why).await.map_err(|error| Problem::internal(&error))?;
    match (stop, skipped) {
        (Some(stop), Some(_)) => Ok(Json(view(stop))),
        _ => Err(Problem::not_found(format!("partition {partition} does not stand still"))),
    }
}
