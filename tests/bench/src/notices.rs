//! Notices: from a request on record to an answer on record, over a mail server of others and over webhooks.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use countersign_contracts::{
    Envelope, notice,
    notice::{Channel, NoticeClass, NoticeItem, NoticeRequested, PolicyReference, Recipient},
};
use countersign_eventsourcing::{
    feed::JournalTail,
    journal::{
        Expected, Filter, Journal, JournalError, Metadata, NewEvent, Position, RecordedEvent, StreamName,
    },
    publish::{Publishers, SharedPublishers},
};
use countersign_kernel::{Clock, DeficiencyId, EventId, NoticeId, ProviderId, TrackId};
use countersign_notification::{
    channels::{
        Transport,
        email::{Email, EmailSettings},
        webhook::{Webhook, WebhookSettings},
    },
    config::{Config, Endpoint, Office, OfficeList},
    domain::{contact::Destination, notice::Mode, throttle::Limits},
    outbound::{OfficeName, PublicUrl},
    publish,
    service::{Notification, Ports},
    templates::TemplateSet,
};
use countersign_runtime::{
    SystemClock,
    config::{Smtp, SmtpTls},
};
use countersign_sqlite::SqliteJournal;
use countersign_testkit::smtp_peer::{Options, SmtpPeer};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use uuid::Uuid;

use crate::{
    Effort, raw_journal,
    report::{Figure, Section},
};

/// Attempts under way at once, as shipped; the bare senders have as many.
const UNDER_WAY: usize = 16;
/// The one office that is told.
const OFFICE: &str = "medical_staff_office";
const SECRET: &str = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
/// After that the measurement has failed.
const PATIENCE: Duration = Duration::from_mins(5);

/// What escalation would have said.
fn told(event: &RecordedEvent) -> Result<Vec<Envelope>, JournalError> {
    Ok(vec![Envelope {
        id: event.id,
        source: "bench".to_owned(),
        kind: event.kind.to_string(),
        category: notice::CATEGORY.to_owned(),
        key: event.stream.id().parse().unwrap_or_default(),
        time: event.metadata()?.received_at,
        position: event.position.0,
        correlation: event.id.0,
        traceparent: None,
        data: serde_json::from_slice(&event.data).map_err(|error| event.undecodable(&error))?,
    }])
}

fn request(number: usize, channel: Channel) -> anyhow::Result<(StreamName, NewEvent)> {
    let now = SystemClock.now();
    let request = NoticeRequested {
        notice: NoticeId::derive(&["bench", &number.to_string()]),
        track: TrackId::derive(&["bench", &number.to_string()]),
        kind: "overdue".to_owned(),
        class: NoticeClass::Formal,
        number: 1,
        facility: "MAIN".to_owned(),
        about: Some(ProviderId { id: number.to_string(), authority: String::new() }),
        recipient: Recipient::Office { name: OFFICE.to_owned() },
        channels: vec![channel],
        on_all: false,
        at_any_hour: true,
        in_list: false,
        items: vec![NoticeItem {
            deficiency: DeficiencyId::derive(&["bench", &number.to_string()]),
            rule: "R13".to_owned(),
            document_type: "discharge_summary".to_owned(),
            due_at: Some(now),
            age_days: 8,
        }],
        names_date: None,
        suspension: None,
        policy: PolicyReference { version: 1, title: "Bench".to_owned(), sha256: "0".repeat(64) },
        requested_at: now,
    };
    let id = EventId::derive(&["bench", "request", &number.to_string()]);
    let metadata = Metadata {
        correlation: Uuid::nil(),
        causation: None,
        traceparent: None,
        schema: 1,
        actor: "bench".to_owned(),
        occurred_at: now,
        recorded_at: None,
        received_at: now,
    };
    let event = NewEvent::encode(id, NoticeRequested::TYPE, &request, metadata)?;
    Ok((StreamName::new("track", request.track), event))
}

/// The service as shipped but for its throttles, which would be all that is measured.
fn service(
    journal: &Arc<SqliteJournal>,
    folder: &std::path::Path,
    transport: Arc<dyn Transport>,
    to: Destination,
    endpoints: BTreeMap<String, Endpoint>,
) -> anyhow::Result<Arc<Notification>> {
    let publishers: SharedPublishers = Arc::new(
        Publishers::default()
            .saying("track", &[notice::CATEGORY], told)
            .saying("notice", &[notice::CATEGORY], publish::publish)
            .saying("digest", &[notice::CATEGORY], publish::publish_digest),
    );
    let journal: Arc<dyn Journal> = Arc::clone(journal) as _;
    let name = OfficeName::new("Medical Staff Office");
    let office = Office { name, addresses: vec![to], list: OfficeList::default() };
    let unlimited = Limits {
        channel: Vec::new(),
        peer: Vec::new(),
        mailbox: Vec::new(),
        failures: u32::MAX,
        ..Limits::default()
    };
    let config = Config {
        mode: Mode::Live,
        offices: BTreeMap::from([(OFFICE.to_owned(), office)]),
        endpoints,
        limits: unlimited,
        under_way: UNDER_WAY,
        ..Config::shadow(PublicUrl::parse("https://countersign.example")?)
    };
    Ok(Arc::new(Notification::open(Ports {
        feed: Arc::new(JournalTail::new(Arc::clone(&journal), Arc::clone(&publishers))),
        journal,
        publishers,
        clock: Arc::new(SystemClock),
        state: folder.join("state"),
        transports: vec![transport],
        templates: Arc::new(TemplateSet::built_in()?),
        process: "bench".to_owned(),
        seat: None,
        config,
    })?))
}

/// Asks for so many notices, and waits until each has an accepted attempt on record. Returns notices a second, the
/// same of a bare journal with the same appends, and the bytes of one message.
async fn round(
    count: usize,
    channel: Channel,
    transport: Arc<dyn Transport>,
    to: Destination,
    endpoints: BTreeMap<String, Endpoint>,
) -> anyhow::Result<(f64, f64, Vec<u8>)> {
    let folder = tempfile::tempdir()?;
    let journal = raw_journal::open(&folder.path().join("data"))?;
    let service = service(&journal, folder.path(), transport, to, endpoints)?;
    let mut loops = JoinSet::new();
    let [consumer, projector, timers, dispatcher] = [(); 4].map(|()| Arc::clone(&service));
    loops.spawn(async move { consumer.consume().await.map_err(anyhow::Error::from) });
    loops.spawn(async move { projector.project().await.map_err(anyhow::Error::from) });
    loops.spawn(async move {
        timers.fire_timers().await;
        Ok(())
    });
    loops.spawn(async move { dispatcher.dispatch().await.map_err(anyhow::Error::from) });
    let began = Instant::now();
    for number in 0..count {
        let (stream, event) = request(number, channel)?;
        journal.append(stream, Expected::NoStream, vec![event]).await?;
    }
    let (mut after, mut accepted, mut bytes) = (Position::START, 0, Vec::new());
    while accepted < count {
        ensure!(began.elapsed() < PATIENCE, "{accepted} of {count} notices were accepted");
        if let Some(ended) = loops.try_join_next() {
            ended??;
        }
        let page = journal.read_all(after, Filter::Categories(vec!["notice"]), 4096).await?;
        for event in &page.events {
            match &*event.kind {
                "notice-attempt-ended" => {
                    let ended: serde_json::Value = serde_json::from_slice(&event.data)?;
                    ensure!(ended["ending"] == "accepted", "{ended}");
                    accepted += 1;
                }
                "notice-exhausted" => bail!("not sent: {}", String::from_utf8_lossy(&event.data)),
                "notice-rendered" if bytes.is_empty() => bytes = event.data.to_vec(),
                _ => {}
            }
        }
        after = page.upto;
        if page.caught_up {
            // The resolution of what is measured: a round takes seconds.
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    let rate = share(count) / began.elapsed().as_secs_f64();
    loops.shutdown().await;
    let stored = raw_journal::appends(&journal).await?;
    let appends = share(stored.len());
    let bare = raw_journal::rate(stored, UNDER_WAY).await? / appends * share(count);
    Ok((rate, bare, bytes))
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn share(part: usize) -> f64 {
    part as f64
}

/// Messages a second that a mail server takes from senders that do nothing else, each on one connection.
async fn bare_mail(port: u16, count: usize, size: usize) -> anyhow::Result<f64> {
    let line = format!("{}\r\n", "x".repeat(70));
    let body = Arc::new(format!("Subject: bench\r\n\r\n{}.\r\n", line.repeat(size / line.len())));
    let began = Instant::now();
    let mut senders = JoinSet::new();
    for _ in 0..UNDER_WAY {
        let body = Arc::clone(&body);
        senders.spawn(async move {
            let mut stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).await?);
            answer(&mut stream, "220").await?;
            say(&mut stream, "HELO bench\r\n", "250").await?;
            for _ in 0..count / UNDER_WAY {
                say(&mut stream, "MAIL FROM:<him@hospital.example>\r\n", "250").await?;
                say(&mut stream, "RCPT TO:<mso@hospital.example>\r\n", "250").await?;
                say(&mut stream, "DATA\r\n", "354").await?;
                say(&mut stream, &body, "250").await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(sender) = senders.join_next().await {
        sender??;
    }
    Ok(share(count / UNDER_WAY * UNDER_WAY) / began.elapsed().as_secs_f64())
}

async fn say(stream: &mut BufReader<TcpStream>, words: &str, wanted: &str) -> anyhow::Result<()> {
    stream.get_mut().write_all(words.as_bytes()).await?;
    answer(stream, wanted).await
}

async fn answer(stream: &mut BufReader<TcpStream>, wanted: &str) -> anyhow::Result<()> {
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    ensure!(line.starts_with(wanted), "{line}");
    Ok(())
}

/// A receiver that reads every call whole and answers 204. Returns its URL.
async fn receiver() -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(take_calls(connection));
        }
    });
    Ok(format!("http://{address}/"))
}

async fn take_calls(connection: TcpStream) -> anyhow::Result<()> {
    let mut stream = BufReader::new(connection);
    loop {
        let mut length = 0;
        loop {
            let mut line = String::new();
            ensure!(stream.read_line(&mut line).await? > 0, "the caller hung up");
            if line.trim().is_empty() {
                break;
            }
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        stream.get_mut().write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
    }
}

/// Calls a second that the receiver takes from a client that does nothing else.
async fn bare_calls(url: &str, count: usize, size: usize) -> anyhow::Result<f64> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let began = Instant::now();
    let mut senders = JoinSet::new();
    for _ in 0..UNDER_WAY {
        let (client, url) = (client.clone(), url.to_owned());
        senders.spawn(async move {
            for _ in 0..count / UNDER_WAY {
                client.post(&url).body("x".repeat(size)).send().await?.error_for_status()?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(sender) = senders.join_next().await {
        sender??;
    }
    Ok(share(count / UNDER_WAY * UNDER_WAY) / began.elapsed().as_secs_f64())
}

pub(crate) async fn measure(effort: Effort) -> anyhow::Result<Section> {
    eprintln!("notices");
    let count = effort.notices;
    let mut section = Section::new(
        "Notices: asked for, sent, answered, on record",
        format!(
            "{count} formal notices are asked for at once by durable appends; the service runs in this process with its \
             shipped settings but for the throttles, which would be all that is measured: {UNDER_WAY} attempts under way. \
             Until each has an accepted attempt on record: read, rendered, archived byte for byte, attempted, handed \
             over, answered. Beside it: the same appends to a bare journal, in notices a second; and the other side's own \
             limit, messages of the same size from {UNDER_WAY} senders that do nothing else. The mail server is \
             aiosmtpd, which is written in Python; the receiver of calls reads and answers."
        ),
    );
    let (mut calls, mut bare, mut limit) = (Vec::new(), Vec::new(), Vec::new());
    let url = receiver().await?;
    for _ in 0..effort.rounds {
        let settings = WebhookSettings {
            internal_networks: vec!["127.0.0.0/8".parse().context("a network")?],
            plain_http_hosts: vec!["127.0.0.1".to_owned()],
            ..WebhookSettings::default()
        };
        let transport = Arc::new(Webhook::new(&settings, Arc::new(SystemClock))?);
        let endpoint = Endpoint { url: url.clone(), secret: SECRET.to_owned() };
        let to = Destination::Webhook { endpoint: "desk".to_owned() };
        let endpoints = BTreeMap::from([("desk".to_owned(), endpoint)]);
        let (rate, journal, bytes) = round(count, Channel::Webhook, transport, to, endpoints).await?;
        calls.push(rate);
        bare.push(journal);
        limit.push(bare_calls(&url, count, bytes.len()).await?);
    }
    add(&mut section, "webhooks", calls, bare, limit);
    let Some(mail) = SmtpPeer::start(&Options::default()) else {
        eprintln!("  no mail server to measure against: `./dev setup` installs it");
        return Ok(section);
    };
    let (mut mails, mut bare, mut limit) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.rounds {
        let smtp = Smtp {
            host: "127.0.0.1".to_owned(),
            port: mail.port(),
            tls: SmtpTls::None,
            tls_ca: None,
            user: None,
            password_file: None,
            from: "him@hospital.example".to_owned(),
            reply_to: None,
            timeout_seconds: 60,
        };
        let settings = EmailSettings::of(&smtp, "countersign.example".to_owned())?;
        let transport = Arc::new(Email::new(&settings, Arc::new(TemplateSet::built_in()?))?);
        let to = Destination::Email { address: "mso@hospital.example".to_owned() };
        let (rate, journal, bytes) = round(count, Channel::Email, transport, to, BTreeMap::new()).await?;
        mails.push(rate);
        bare.push(journal);
        // What is on record is in Base64: four characters for three bytes.
        limit.push(bare_mail(mail.port(), count, bytes.len() * 3 / 4).await?);
    }
    add(&mut section, "mail", mails, bare, limit);
    Ok(section)
}

fn add(section: &mut Section, name: &str, rate: Vec<f64>, bare: Vec<f64>, limit: Vec<f64>) {
    let rate = Figure::new(format!("{name}: asked for to accepted"), "notices/s", rate);
    let bare = Figure::new(format!("{name}: bare journal, the same appends"), "notices/s", bare);
    let limit = Figure::new(format!("{name}: the other side alone"), "messages/s", limit);
    let of_journal = rate.over(&bare, format!("{name} ÷ bare journal"));
    let of_limit = rate.over(&limit, format!("{name} ÷ the other side alone"));
    for figure in [rate, bare, limit, of_journal, of_limit] {
        section.add(figure);
    }
}
