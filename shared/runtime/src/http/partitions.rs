//! `…/partitions`: parts of a service's feed that stand still, and the ways out. The same for every service that works
//! through a feed.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{Path, State, rejection::JsonRejection},
    http::StatusCode,
    routing::{get, post},
};
use countersign_contracts::{
    Partition,
    api::{SkipRequest, StoppedPartition},
};
use countersign_eventsourcing::consumer::{Consuming, Stopped, skip as pass_over};
use countersign_kernel::Role;
use utoipa::OpenApi;

use super::{Operator, Problem};
use crate::authority::{Act, Rights};

/// Let a partition that stands still try again, or pass over the event it stands before: HIM manager, administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MovePartitions;

impl Act for MovePartitions {
    fn words(self) -> &'static str {
        "move partitions that stand still"
    }

    fn rights(self) -> Rights {
        Rights::of(&[Role::HimManager, Role::Administrator])
    }
}

/// The endpoints of a service: `prefix`, then `/partitions`.
pub fn routes<S: Consuming>(prefix: &str, service: Arc<S>) -> Router {
    Router::new()
        .route(&format!("{prefix}/partitions"), get(list::<S>))
        .route(&format!("{prefix}/partitions/retry"), post(retry::<S>))
        .route(&format!("{prefix}/partitions/{{partition}}/skip"), post(skip::<S>))
        .with_state(service)
}

/// Their description, for nesting below the prefix.
#[derive(OpenApi)]
#[openapi(paths(list, retry, skip), components(schemas(SkipRequest, StoppedPartition, Problem)))]
pub struct Api;

fn view<S: Consuming>(service: &S, stop: Stopped) -> StoppedPartition {
    StoppedPartition {
        service: service.consumer().name().to_owned(),
        partition: stop.partition.number(),
        event: stop.event.0,
        kind: stop.kind,
        reason: stop.reason,
        since: stop.since,
    }
}

/// Lists the partitions that stand before an event they cannot process. All others go on.
#[utoipa::path(
    get, path = "/partitions", tag = "operation",
    responses((status = 200, description = "Stopped partitions; usually none", body = [StoppedPartition]))
)]
async fn list<S: Consuming>(State(service): State<Arc<S>>) -> Result<Json<Vec<StoppedPartition>>, Problem> {
    let stopped = service.consumer().stopped().map_err(|error| Problem::internal(&error))?;
    Ok(Json(stopped.into_iter().map(|stop| view(service.as_ref(), stop)).collect()))
}

/// Lets every stopped partition try its event again, and timers that were set aside, after whatever was wrong has been
/// put right.
#[utoipa::path(
    post, path = "/partitions/retry", tag = "operation",
    responses(
        (status = 202, description = "They try again"),
        (status = 401, description = "People are registered, and the caller shows no known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem)
    )
)]
async fn retry<S: Consuming>(
    State(service): State<Arc<S>>,
    operator: Operator,
) -> Result<StatusCode, Problem> {
    operator.may(MovePartitions)?;
    service.retry();
    Ok(StatusCode::ACCEPTED)
}

/// Passes over the event at which a partition stands. Who and why is recorded in the journal, for ever: the person
/// of the token, whatever the request says; without one, as the request says.
#[utoipa::path(
    post, path = "/partitions/{partition}/skip", tag = "operation", request_body = SkipRequest,
    params(("partition" = u8, Path, description = "0 to 63")),
    responses(
        (status = 200, description = "The event that is passed over", body = StoppedPartition),
        (status = 400, description = "No reason is given, or the request cannot be understood", body = Problem),
        (status = 401, description = "People are registered, and the caller shows no known token", body = Problem),
        (status = 403, description = "Not permitted", body = Problem),
        (status = 404, description = "The partition does not stand still", body = Problem)
    )
)]
async fn skip<S: Consuming>(
    State(service): State<Arc<S>>,
    operator: Operator,
    Path(partition): Path<String>,
    request: Result<Json<SkipRequest>, JsonRejection>,
) -> Result<Json<StoppedPartition>, Problem> {
    operator.may(MovePartitions)?;
    let Json(SkipRequest { actor, why }) =
        request.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
    let partition = partition
        .parse()
        .ok()
        .and_then(Partition::new)
        .ok_or_else(|| Problem::bad_request("a partition is a number from 0 to 63"))?;
    let actor = operator.name(actor.as_deref().unwrap_or_default());
    if actor.trim().is_empty() || why.trim().is_empty() {
        return Err(Problem::bad_request("say who decides (`actor`) and `why`: both go on record"));
    }
    let stopped = service.consumer().stopped().map_err(|error| Problem::internal(&error))?;
    let stop = stopped.into_iter().find(|stop| stop.partition == partition);
    let skipped = pass_over(service.as_ref(), partition, actor, &why).await;
    match (stop, skipped.map_err(|error| Problem::internal(&error))?) {
        (Some(stop), Some(_)) => Ok(Json(view(service.as_ref(), stop))),
        _ => Err(Problem::not_found(format!("partition {partition} does not stand still"))),
    }
}

#[cfg(test)]
mod tests {
    use countersign_kernel::Actor;

    use super::*;
    use crate::authority::{About, permit};

    #[test]
    fn who_runs_the_installation_moves_partitions_and_nobody_else() {
        for role in Role::ALL {
            let may = permit(&Actor::new("kim", [role]), MovePartitions, &About::everything()).is_ok();
            assert_eq!(may, matches!(role, Role::HimManager | Role::Administrator), "{role:?}");
        }
    }
}
