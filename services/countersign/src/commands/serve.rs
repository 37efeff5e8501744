//! `countersign serve`: some services in this process; and how services are started in any process.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{Json, Router, routing::get};
use countersign_eventsourcing::{
    consumer::{CheckpointError, Stopped},
    read_model::ReadModel,
};
use countersign_intake::{
    Intake,
    server::{MllpServer, ServerOptions, TlsFiles},
};
use countersign_nats::Relay;
use countersign_runtime::{
    Life,
    http::{self, Readiness, ReadinessCheck, Site},
    lifecycle::STOP_LIMIT,
    telemetry::{self, Metrics},
};
use tokio::{
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
};
use utoipa::OpenApi;

use super::{configure, data_override};
use crate::{
    cli::{Serve, ServiceName},
    compose::{Ground, Sharing},
};

pub fn run(runtime: &Runtime, args: &Serve) -> anyhow::Result<()> {
    let overrides = [
        data_override(args.data.as_deref()),
        ("--http", "http.listen", args.http.clone()),
        ("--mllp", "mllp.listen", args.mllp.clone()),
    ];
    let config = configure(args.config.config.as_deref(), &overrides)?;
    let telemetry = telemetry::init(&config.telemetry, env!("CARGO_PKG_VERSION"))?;
    runtime.block_on(async {
        let ground = Ground::open(config, Sharing::WithOthers, "countersign serve").await?;
        let life = Life::new();
        let running = start(&ground, &args.services, &life, &telemetry.metrics()).await?;
        for (what, address) in [("pages and API", running.http), ("HL7 v2 (MLLP)", running.mllp)] {
            if let Some(address) = address {
                eprintln!("{what} on {address}");
            }
        }
        Ok(life.wait(STOP_LIMIT).await?)
    })
}

/// Where the services of this process can be reached.
#[derive(Debug, Clone, Copy, Default)]
pub struct Running {
    /// Pages and API.
    pub http: Option<SocketAddr>,
    /// HL7 messages.
    pub mllp: Option<SocketAddr>,
}

/// Starts services: their loops, and one HTTP server for all of them.
pub async fn start(
    ground: &Ground,
    services: &[ServiceName],
    life: &Life,
    metrics: &Metrics,
) -> anyhow::Result<Running> {
    let mut running = Running::default();
    let mut routes = Router::new();
    // Those who call these prove themselves by a signature, not by a token.
    let mut signed = Router::new();
    let mut checks = Vec::new();
    let mut described = Description::openapi();
    let wants = |service| services.contains(&service);
    if wants(ServiceName::Intake) {
        let (api, mllp) = start_intake(ground, life, &mut checks).await?;
        routes = routes.merge(api);
        running.mllp = Some(mllp);
        described.merge(countersign_intake::api::Api::openapi());
    }
    if wants(ServiceName::Deficiency) {
        routes = routes.merge(start_deficiency(ground, life, &mut checks).await?);
        described.merge(countersign_deficiency::api::Api::openapi());
    }
    if wants(ServiceName::Escalation) {
        routes = routes.merge(start_escalation(ground, life, &mut checks).await?);
        described.merge(countersign_escalation::api::Api::openapi());
    }
    if wants(ServiceName::Notification) {
        let (api, reports) = start_notification(ground, life, &mut checks)?;
        routes = routes.merge(api);
        signed = reports;
        described.merge(countersign_notification::api::Api::openapi());
    }
    if wants(ServiceName::Relay) {
        start_relay(ground, life, &mut checks)?;
    }
    routes = routes.route("/api/v1/openapi.json", get(move || async move { Json(described) }));
    let access = countersign_runtime::access::Access::new(ground.config.people_file())
        .with_reading(ground.config.access.reading);
    routes = http::with_access(routes, Arc::new(access)).merge(signed);
    if wants(ServiceName::Portal) {
        let pages = portal(ground, services, &routes);
        routes = routes.merge(pages);
    }
    let listener = http::bind(ground.config.http.listen).await?;
    running.http = Some(listener.local_addr()?);
    let site = http::site(routes, Site::new(&ground.config.http, metrics.clone(), checks));
    life.spawn("http", |stop| http::serve(listener, site, stop));
    Ok(running)
}

/// The part of the API's description that belongs to no service.
#[derive(OpenApi)]
#[openapi(info(
    title = "Countersign",
    description = "Deficiencies of medical charts, why they exist, and the feeds they come from."
))]
struct Description;

async fn start_intake(
    ground: &Ground,
    life: &Life,
    checks: &mut Vec<ReadinessCheck>,
) -> anyhow::Result<(Router, SocketAddr)> {
    let intake = ground.intake()?;
    let inbox = ground.inbox(&intake)?;
    let mllp = &ground.config.mllp;
    let options = ServerOptions {
        max_message_bytes: mllp.max_message_bytes,
        max_connections: mllp.max_connections,
        idle_timeout: Duration::from_secs(mllp.idle_timeout_seconds),
        tls: mllp.tls.clone().map(|tls| TlsFiles {
            certificate: tls.certificate,
            key: tls.key,
            client_ca: tls.client_ca,
        }),
        ..ServerOptions::default()
    };
    let server = MllpServer::bind(mllp.listen.0, Arc::clone(&intake), options).await?;
    let address = server.local_addr()?;
    life.spawn("mllp", |stop| async move {
        server.run(stop).await;
        Ok::<(), anyhow::Error>(())
    });
    let reread = Arc::clone(&intake);
    life.spawn("feed profiles", |stop| async move { stopped_by(stop, reread_on_hangup(&reread)).await });
    follow(ground, life, "inbox", inbox.read_model(), checks);
    Ok((countersign_intake::api::routes(inbox), address))
}

/// SIGHUP: the feed profiles are read again from their file. A file that cannot be used changes nothing.
async fn reread_on_hangup(intake: &Intake) -> anyhow::Result<()> {
    let mut hangups = signal(SignalKind::hangup())?;
    while hangups.recv().await.is_some() {
        match intake.profiles().reload() {
            Ok(()) => tracing::info!("feed profiles read again"),
            Err(error) => tracing::error!(%error, "feed profiles not changed"),
        }
    }
    Ok(())
}

async fn start_deficiency(
    ground: &Ground,
    life: &Life,
    checks: &mut Vec<ReadinessCheck>,
) -> anyhow::Result<Router> {
    let service = ground.deficiency().await?;
    let [consumer, projector, watch, rules, asked] = [(); 5].map(|()| Arc::clone(&service));
    life.spawn("facts", |stop| async move { stopped_by(stop, consumer.consume()).await });
    life.spawn("worklist", |stop| async move { stopped_by(stop, projector.project()).await });
    life.spawn("reference", |stop| async move { stopped_by(stop, rules.watch_reference()).await });
    life.spawn("time", |stop| async move { stopped_by(stop, watch.watch_time()).await });
    checks.push(ReadinessCheck::new("worklist", {
        let service = Arc::clone(&service);
        move || still(service.read_model().stopped())
    }));
    checks.push(consumer_stands("facts", asked, |service| service.consumer().stopped()));
    Ok(countersign_deficiency::api::routes(service))
}

async fn start_escalation(
    ground: &Ground,
    life: &Life,
    checks: &mut Vec<ReadinessCheck>,
) -> anyhow::Result<Router> {
    let service = ground.escalation().await?;
    let [consumer, timers, runs, auditor] = [(); 4].map(|()| Arc::clone(&service));
    life.spawn("tracks", |stop| async move { stopped_by(stop, consumer.consume()).await });
    follow(ground, life, "escalation", service.read_model(), checks);
    life.spawn("ladder timers", |stop| async move { stopped_by(stop, endless(timers.fire_timers())).await });
    life.spawn("runs", |stop| async move { stopped_by(stop, endless(runs.runs())).await });
    life.spawn("auditor", |stop| async move { stopped_by(stop, endless(auditor.audit())).await });
    checks.push(consumer_stands("tracks", Arc::clone(&service), |service| service.consumer().stopped()));
    Ok(countersign_escalation::api::routes(service))
}

fn start_notification(
    ground: &Ground,
    life: &Life,
    checks: &mut Vec<ReadinessCheck>,
) -> anyhow::Result<(Router, Router)> {
    let service = ground.notification()?;
    let [consumer, timers, dispatcher, digests] = [(); 4].map(|()| Arc::clone(&service));
    life.spawn("notices", |stop| async move { stopped_by(stop, consumer.consume()).await });
    follow(ground, life, "notification", service.read_model(), checks);
    life.spawn("notice timers", |stop| async move { stopped_by(stop, endless(timers.fire_timers())).await });
    life.spawn("dispatch", |stop| async move { stopped_by(stop, dispatcher.dispatch()).await });
    life.spawn("digests", |stop| async move { stopped_by(stop, digests.schedule_digests()).await });
    checks.push(consumer_stands("notices", Arc::clone(&service), |service| service.consumer().stopped()));
    let ways = Arc::clone(&service);
    checks.push(ReadinessCheck::new("ways to send", move || {
        let missing: Vec<String> = ways
            .not_set_up()
            .into_iter()
            .map(|(channel, missing)| format!("{}: {missing}", channel.name()))
            .collect();
        if missing.is_empty() { Readiness::Ready } else { Readiness::ReadyWithout(missing.join("; ")) }
    }));
    let reports = countersign_notification::api::report_routes(Arc::clone(&service));
    Ok((countersign_notification::api::routes(service), reports))
}

/// A loop that never fails.
async fn endless(work: impl Future<Output = ()>) -> anyhow::Result<()> {
    // Some hold whole pages of timers on their way: they belong on the heap.
    Box::pin(work).await;
    Ok(())
}

/// Not ready while a partition of a consumer stands before an event that it cannot process.
fn consumer_stands<S: Send + Sync + 'static>(
    name: &'static str,
    service: Arc<S>,
    stopped: impl Fn(&S) -> Result<Vec<Stopped>, CheckpointError> + Send + Sync + 'static,
) -> ReadinessCheck {
    ReadinessCheck::new(name, move || match stopped(&service) {
        Ok(stopped) => still(stopped.first().map(|stop| {
            format!("partition {} stands before event {}: {}", stop.partition, stop.event, stop.reason)
        })),
        Err(error) => Readiness::NotReady(error.to_string()),
    })
}

fn start_relay(ground: &Ground, life: &Life, checks: &mut Vec<ReadinessCheck>) -> anyhow::Result<()> {
    let Some(nats) = &ground.nats else {
        anyhow::bail!("the relay publishes to NATS: set feed.kind = \"nats\" and nats.url");
    };
    let relay = Relay::new(
        nats.clone(),
        Arc::clone(&ground.journal),
        Arc::clone(&ground.publishers),
        countersign_runtime::new_id().to_string(),
    );
    let status = relay.status();
    checks.push(ReadinessCheck::new("relay", move || still(status.borrow().problem.clone())));
    life.spawn("relay", |stop| async move {
        relay.run(stop).await;
        Ok::<(), anyhow::Error>(())
    });
    Ok(())
}

fn follow(
    ground: &Ground,
    life: &Life,
    name: &'static str,
    model: &Arc<ReadModel>,
    checks: &mut Vec<ReadinessCheck>,
) {
    let (followed, journal) = (Arc::clone(model), Arc::clone(&ground.journal));
    life.spawn(name, |stop| async move { stopped_by(stop, followed.follow(journal.as_ref())).await });
    let asked = Arc::clone(model);
    checks.push(ReadinessCheck::new(name, move || still(asked.stopped())));
}

fn still(trouble: Option<String>) -> Readiness {
    trouble.map_or(Readiness::Ready, Readiness::NotReady)
}

/// Runs a loop until it fails or the process is to stop. Every loop here may be dropped at any await: what
/// it had not finished is found again by its checkpoint.
async fn stopped_by<E>(
    stop: tokio_util::sync::CancellationToken,
    work: impl Future<Output = Result<(), E>>,
) -> Result<(), E> {
    stop.run_until_cancelled(work).await.unwrap_or(Ok(()))
}

/// The pages: over the services of this process where they run here, else over the API of another one.
fn portal(ground: &Ground, services: &[ServiceName], api: &Router) -> Router {
    let here =
        [ServiceName::Intake, ServiceName::Deficiency, ServiceName::Escalation, ServiceName::Notification]
            .iter()
            .all(|name| services.contains(name));
    let api: Arc<dyn countersign_portal::Api> = if here {
        Arc::new(countersign_portal::InProcess::new(api.clone()))
    } else {
        Arc::new(crate::remote::Remote::new(&ground.config.portal))
    };
    countersign_portal::routes(api, Arc::clone(&ground.clock))
}
