//! `countersign up --demo`: a hospital's last three months, lived through in an empty folder before the services start.
//!
//! Everything goes the way it goes in a hospital, with a clock that is moved on: messages come in at the instant at
//! which they were sent, timers fire when they are due, notices lie in inboxes, some physicians read them and some do
//! not, and the chief medical officer decides about the first proposals. So no page is empty, and all that the pages
//! say can be explained like anything else. Nothing leaves: while this runs there is neither a mail server nor a
//! webhook, whatever the configuration says.

use std::{iter::Peekable, sync::Arc};

use anyhow::bail;
use countersign_contracts::api::{
    Page,
    escalation::{InboxItem, StaffRef, TrackActRequest, TrackView},
    notification::InboxMessage,
};
use countersign_deficiency::{domain::rulebook::RULES, service::Deficiency};
use countersign_escalation::Escalation;
use countersign_eventsourcing::journal::{Filter, Journal, Position};
use countersign_hospital::{Hospital, Messages, Settings};
use countersign_intake::Intake;
use countersign_kernel::{Actor, Clock, FixedClock, ProviderId, Role, Timestamp, derive_uuid};
use countersign_notification::service::Notification;
use countersign_runtime::{
    Config, SystemClock,
    config::{FeedKind, SendMode},
};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::ingest::{count, take};
use crate::{
    client::Client,
    compose::{Ground, Sharing},
    send::Summary,
};

/// How far back the hospital begins, in days: long enough for somebody to have been suspended.
const DAYS: i64 = 92;
/// From one look of the services at the record to the next.
const STEP: SignedDuration = SignedDuration::from_hours(6);
/// Of ten physicians so many read what they are sent. The others ignore it.
const READERS: u64 = 6;
/// Proposals that the chief medical officer confirms; later ones wait for whoever looks at the demonstration.
const CONFIRMED: usize = 2;
/// For how long a proposal waits before it is decided.
const DELIBERATION: SignedDuration = SignedDuration::from_hours(30);

/// Lives through the last three months in an empty data folder.
pub async fn live_through(mut config: Config) -> anyhow::Result<()> {
    config.feed.kind = FeedKind::Embedded;
    config.notification.mode = SendMode::Live;
    config.notification.smtp = None;
    config.notification.outlets_file = None;
    let mut ground = Ground::open(config, Sharing::Alone, "countersign up --demo").await?;
    if !holds_nothing_yet(ground.journal.as_ref()).await? {
        bail!(
            "the data folder {} is not empty: --demo loads sample data into an empty one only; \
             leave --demo out, or name another folder with --data",
            ground.config.data.dir.display()
        );
    }
    let now = SystemClock.now();
    let began = now
        .checked_sub(SignedDuration::from_hours(24 * DAYS))?
        .to_zoned(jiff::tz::TimeZone::UTC)
        .start_of_day()?
        .timestamp();
    let clock = Arc::new(FixedClock::at(began));
    ground.clock = Arc::clone(&clock) as Arc<dyn Clock>;
    let hospital = Hospital::new(Settings {
        start: began,
        months: 3,
        histories_cosigned: false,
        ..Settings::default()
    })?;
    eprintln!("Living through the last three months of a synthetic hospital ...");
    let bar = progress_bar(now.duration_since(began))?;
    let mut installation = Installation::open(&ground).await?;
    for file in hospital.staff_files() {
        installation.receive(&file).await?;
    }
    let mut messages = hospital.messages().peekable();
    let mut at = began;
    while at < now {
        let next = at.saturating_add(STEP)?.min(now);
        installation.receive_until(&mut messages, &clock, next).await?;
        clock.set(next);
        installation.work().await?;
        if is_morning(at) {
            installation.people_look(next).await?;
        }
        bar.inc(next.duration_since(at).as_secs().unsigned_abs());
        at = next;
    }
    bar.finish_and_clear();
    let Summary { read, accepted, duplicate, quarantined, rejected, .. } = installation.summary;
    eprintln!(
        "Loaded {read} messages: accepted {accepted}, duplicate {duplicate}, quarantined {quarantined}, rejected {rejected}."
    );
    Ok(())
}

/// What services write of themselves from the first start on: rule sets and policies, who lets timers fire, what the
/// clock showed.
const OF_SERVICES: [&str; 4] = [RULES, "policy", "reign", "clock"];

/// Whether nothing was received or decided yet.
pub async fn holds_nothing_yet(journal: &dyn Journal) -> anyhow::Result<bool> {
    const MANY: usize = 1000;
    let first = journal.read_all(Position::START, Filter::All, MANY).await?;
    Ok(first.caught_up && first.events.iter().all(|event| OF_SERVICES.contains(&event.stream.category())))
}

fn progress_bar(span: SignedDuration) -> anyhow::Result<ProgressBar> {
    use std::io::IsTerminal;
    if !std::io::stderr().is_terminal() {
        return Ok(ProgressBar::hidden());
    }
    let style = ProgressStyle::with_template("{bar:40} {percent} % {eta} left")?;
    Ok(ProgressBar::new(span.as_secs().unsigned_abs()).with_style(style))
}

/// Whether people come to work in the step that begins now.
fn is_morning(at: Timestamp) -> bool {
    at.to_zoned(jiff::tz::TimeZone::UTC).hour() == 6
}

/// Whether somebody reads what he is sent: always the same of the same person.
fn reads(provider: &StaffRef) -> bool {
    derive_uuid("demonstration-reader", &[&provider.id]).as_u64_pair().1 % 10 < READERS
}

/// The services, worked by hand.
struct Installation {
    intake: Arc<Intake>,
    deficiency: Arc<Deficiency>,
    escalation: Arc<Escalation>,
    notification: Arc<Notification>,
    summary: Summary,
    confirmed: usize,
}

impl Installation {
    async fn open(ground: &Ground) -> anyhow::Result<Self> {
        Ok(Self {
            intake: ground.intake()?,
            deficiency: ground.deficiency().await?,
            escalation: ground.escalation().await?,
            notification: ground.notification()?,
            summary: Summary::default(),
            confirmed: 0,
        })
    }

    async fn receive(&mut self, message: &[u8]) -> anyhow::Result<()> {
        self.summary.read += 1;
        count(&mut self.summary, take(&self.intake, message).await)
    }

    /// Takes in what was sent before an instant, each message when it was sent.
    async fn receive_until(
        &mut self,
        messages: &mut Peekable<Messages>,
        clock: &FixedClock,
        until: Timestamp,
    ) -> anyhow::Result<()> {
        while let Some(message) = messages.next_if(|message| message.send_at <= until) {
            clock.set(message.send_at.max(clock.now()));
            self.receive(&message.bytes).await?;
        }
        Ok(())
    }

    /// Everything that follows at this instant.
    async fn work(&self) -> anyhow::Result<()> {
        self.deficiency.catch_up().await?;
        self.escalation.catch_up().await?;
        self.escalation.fire_due().await?;
        self.escalation.look_at_runs().await?;
        self.escalation.catch_up().await?;
        self.notification.catch_up().await?;
        // What became of notices.
        self.escalation.catch_up().await?;
        Ok(())
    }

    /// Whoever reads his messages does so; leadership looks at what waits.
    async fn people_look(&mut self, now: Timestamp) -> anyhow::Result<()> {
        let chief = Actor::new("Dr. Demo, chief medical officer", [Role::ChiefMedicalOfficer]);
        let tracks = self.ask_escalation(&chief);
        for track in tracks.all::<TrackView>("/api/v1/escalation/tracks", &[]).await? {
            if reads(&track.provider) {
                self.read_messages(&track.provider).await?;
            }
        }
        let waiting: Vec<InboxItem> = tracks.get("/api/v1/escalation/inbox", &()).await?;
        for item in waiting.into_iter().filter(|item| item.kind == "suspension") {
            if self.confirmed >= CONFIRMED || now.duration_since(item.since) < DELIBERATION {
                continue;
            }
            let (Some(track), Some(proposal), Some(packet)) = (item.track, item.proposal, item.packet) else {
                continue;
            };
            let request: TrackActRequest = serde_json::from_value(json!({
                "decision": {
                    "act": "confirm_suspension", "proposal": proposal, "packet_sha256": packet.sha256
                },
                "why": "Two notices and the warning were delivered; the department was asked and knows of no reason."
            }))?;
            let path = format!("/api/v1/escalation/tracks/{track}/acts");
            let _: Value = tracks.change(&path, &item.id.to_string(), &request).await?;
            self.confirmed += 1;
        }
        self.work().await
    }

    async fn read_messages(&self, provider: &StaffRef) -> anyhow::Result<()> {
        let id = ProviderId { id: provider.id.clone(), authority: provider.authority.clone() };
        let actor = Actor { provider: Some(id), ..Actor::new(provider.name.clone(), [Role::Physician]) };
        let routes = countersign_notification::api::routes(Arc::clone(&self.notification));
        let inbox = Client::here(routes, Some(actor));
        let unread: Page<InboxMessage> = inbox.get("/api/v1/inbox", &[("unread", "true")]).await?;
        for message in unread.items {
            let path = format!("/api/v1/inbox/{}/read", message.id);
            let _: Value = inbox.change(&path, &message.id.to_string(), &json!({})).await?;
        }
        Ok(())
    }

    fn ask_escalation(&self, actor: &Actor) -> Client {
        Client::here(countersign_escalation::api::routes(Arc::clone(&self.escalation)), Some(actor.clone()))
    }
}
