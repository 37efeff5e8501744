//! Parts of the feeds that stand still: the same three endpoints of each service that works through a feed.

use countersign_contracts::api::{SkipRequest, StoppedPartition};

use super::{bytes, get, post};
use crate::{
    api::{Api, Call},
    failure::Failure,
};

/// The services by name, and where each answers.
pub(crate) const SERVICES: [(&str, &str); 3] = [
    ("deficiency", "/api/v1/partitions"),
    ("escalation", "/api/v1/escalation/partitions"),
    ("notification", "/api/v1/notification/partitions"),
];

fn path(service: &str) -> &'static str {
    SERVICES.iter().find(|(name, _)| *name == service).map_or(SERVICES[0].1, |(_, path)| path)
}

/// What stands still, of every service.
pub(crate) async fn stopped(api: &dyn Api) -> Result<Vec<StoppedPartition>, Failure> {
    let mut all = Vec::new();
    for (service, path) in SERVICES {
        let stopped: Vec<StoppedPartition> = get(api, Call::get(path)).await?;
        all.extend(stopped.into_iter().map(|stop| StoppedPartition { service: service.to_owned(), ..stop }));
    }
    Ok(all)
}

/// Lets all of them try again.
pub(crate) async fn retry(api: &dyn Api) -> Result<(), Failure> {
    for (_, path) in SERVICES {
        bytes(api, Call::post(format!("{path}/retry"))).await?;
    }
    Ok(())
}

/// Passes over the event at which one stands.
pub(crate) async fn skip(
    api: &dyn Api,
    service: &str,
    partition: u8,
    why: &str,
) -> Result<StoppedPartition, Failure> {
    let request = SkipRequest { actor: None, why: why.to_owned() };
    let path = format!("{}/{partition}/skip", path(service));
    post(api, path, &request, "").await
}
