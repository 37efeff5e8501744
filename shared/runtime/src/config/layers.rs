//! Lays the sources over each other and checks the result as a whole.

use std::collections::BTreeMap;

use toml::{Table, Value};
use tracing_subscriber::EnvFilter;

use super::{
    Config, ConfigError, Fault, FeedKind, JournalKind, Origin, Override, SendMode, SmtpTls, environment,
    fault::{misfit, unknown_key},
    file,
    schema::SCHEMA,
};

type Origins = BTreeMap<String, Origin>;

pub(super) fn merge(
    file: Option<(&str, &str)>,
    environment: impl IntoIterator<Item = (String, String)>,
    overrides: &[Override],
) -> Result<Config, ConfigError> {
    let mut faults = Vec::new();
    let mut given = Vec::new();
    if let Some((name, text)) = file {
        given.extend(file::read(name, text, &mut faults));
    }
    given.extend(environment::read(environment, &mut faults));
    for Override { option, path, value } in overrides {
        let origin = Origin::CommandLine(option.clone());
        if !SCHEMA.settings.contains_key(path) {
            faults.push(unknown_key(origin, path));
            continue;
        }
        match environment::from_text(path, value, origin.clone()) {
            Ok(value) => given.push(environment::Given { path: path.clone(), origin, value: Some(value) }),
            Err(fault) => faults.push(fault),
        }
    }

    let mut settings: BTreeMap<String, Value> = SCHEMA.defaults.clone();
    let mut origins = Origins::new();
    for environment::Given { path, origin, value } in given {
        match value {
            Some(value) => settings.insert(path.clone(), value),
            None => settings.remove(&path),
        };
        origins.insert(path, origin);
    }

    let config = typed(settings, &origins, &mut faults);
    if let Some(config) = &config {
        check(config, &origins, &mut faults);
    }
    match config {
        Some(config) if faults.is_empty() => Ok(config),
        _ => Err(ConfigError { faults }),
    }
}

fn origin_of(origins: &Origins, path: &str) -> Origin {
    // a section as a whole (`mllp.tls`) is where its first setting is
    let inside = format!("{path}.");
    origins
        .get(path)
        .or_else(|| origins.range(inside.clone()..).find(|(key, _)| key.starts_with(&inside)).map(|(_, o)| o))
        .cloned()
        .unwrap_or(Origin::Default)
}

/// Decodes. A value that does not fit becomes a fault and is replaced by its default, so that the next one
/// is found too.
fn typed(
    mut settings: BTreeMap<String, Value>,
    origins: &Origins,
    faults: &mut Vec<Fault>,
) -> Option<Config> {
    // every round removes one given setting
    for _ in 0..=SCHEMA.settings.len() {
        let error = match serde_path_to_error::deserialize(Value::Table(nested(&settings))) {
            Ok(config) => return Some(config),
            Err(error) => error,
        };
        let path = error.path().to_string();
        let message = error.inner().message().trim().to_owned();
        if let Some(wrong) = settings.get(&path).cloned() {
            let found = match &wrong {
                Value::String(text) => super::found_text(text),
                other => other.to_string(),
            };
            let allowed = message.rsplit("expected ").next().unwrap_or(&message);
            faults.push(misfit(origin_of(origins, &path), &path, &found, allowed));
            match SCHEMA.defaults.get(&path) {
                Some(default) if *default != wrong => settings.insert(path, default.clone()),
                _ => settings.remove(&path),
            };
        } else {
            // a section in which a setting is missing: leave the section out
            let inside = format!("{path}.");
            faults.push(Fault {
                origin: origin_of(origins, &path),
                message: format!("`{path}` is incomplete: {message}"),
            });
            let before = settings.len();
            settings.retain(|key, _| !key.starts_with(&inside));
            if settings.len() == before {
                return None;
            }
        }
    }
    None
}

fn nested(settings: &BTreeMap<String, Value>) -> Table {
    let mut root = Table::new();
    // top sections are always there; an inner one (`mllp.tls`) is optional and appears with its first setting
    for section in SCHEMA.sections.iter().filter(|section| !section.contains('.')) {
        root.insert(section.clone(), Value::Table(Table::new()));
    }
    for (path, value) in settings {
        insert(&mut root, path, value.clone());
    }
    root
}

fn insert(table: &mut Table, path: &str, value: Value) {
    let Some((section, rest)) = path.split_once('.') else {
        table.insert(path.to_owned(), value);
        return;
    };
    let inner = table.entry(section.to_owned()).or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(inner) = inner {
        insert(inner, rest, value);
    }
}

/// Limits of single values, and what must fit together.
fn check(config: &Config, origins: &Origins, faults: &mut Vec<Fault>) {
    let mut refuse = |path: &str, found: &str, allowed: &str| {
        faults.push(misfit(origin_of(origins, path), path, found, allowed));
    };
    let mut within = |path: &str, found: u64, least: u64, most: u64| {
        if !(least..=most).contains(&found) {
            refuse(path, &found.to_string(), &format!("{least} to {most}"));
        }
    };
    within("http.request_timeout_seconds", config.http.request_timeout_seconds, 1, 3600);
    within("http.max_body_bytes", config.http.max_body_bytes as u64, 1024, 1 << 30);
    within("mllp.max_message_bytes", config.mllp.max_message_bytes as u64, 1024, 256 << 20);
    within("mllp.max_connections", config.mllp.max_connections as u64, 1, 10_000);
    within("mllp.idle_timeout_seconds", config.mllp.idle_timeout_seconds, 1, 86_400);
    within("nats.max_age_days", config.nats.max_age_days, 0, 36_500);
    within("escalation.audit_every_minutes", config.escalation.audit_every_minutes, 1, 60);
    within("notification.bounce_hours", config.notification.bounce_hours.into(), 0, 240);
    if let Some(smtp) = &config.notification.smtp {
        within("notification.smtp.timeout_seconds", smtp.timeout_seconds, 1, 600);
        let here = ["localhost", "127.0.0.1", "::1"].contains(&smtp.host.as_str());
        if smtp.tls == SmtpTls::None && !here {
            refuse("notification.smtp.tls", "\"none\" to another machine", "\"required\"");
        }
    }
    if config.notification.mode == SendMode::Redirect && config.notification.redirect_to.is_none() {
        refuse("notification.mode", "\"redirect\" without `notification.redirect_to`", "with an address");
    }

    if !matches!(config.nats.replicas, 1 | 3 | 5) {
        refuse("nats.replicas", &config.nats.replicas.to_string(), "1, 3 or 5");
    }
    let ratio = config.telemetry.trace_sample_ratio;
    if !(0.0..=1.0).contains(&ratio) {
        refuse("telemetry.trace_sample_ratio", &ratio.to_string(), "0.0 to 1.0");
    }
    if config.data.dir.as_os_str().is_empty() {
        refuse("data.dir", "empty", "a folder");
    }
    if config.telemetry.service_name.trim().is_empty() {
        refuse("telemetry.service_name", "empty", "a name");
    }
    if EnvFilter::try_new(&config.telemetry.log).is_err() || config.telemetry.log.trim().is_empty() {
        refuse(
            "telemetry.log",
            &super::found_text(&config.telemetry.log),
            "a level (error, warn, info, debug, trace) and exceptions, e.g. \"info,countersign_intake=debug\"",
        );
    }
    if let Some(endpoint) = &config.telemetry.otlp_endpoint {
        let plain =
            endpoint.strip_prefix("http://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
        if !plain || endpoint.contains(char::is_whitespace) {
            refuse(
                "telemetry.otlp_endpoint",
                &super::found_text(endpoint),
                "the base address of an OTLP/HTTP collector, e.g. http://127.0.0.1:4318 (plain http: let a \
                 collector on this machine encrypt)",
            );
        }
    }
    if config.journal.kind == JournalKind::EventStoreDb && config.journal.url.is_none() {
        refuse(
            "journal.kind",
            "\"eventstoredb\" without `journal.url`",
            "with `journal.url`, e.g. \"esdb://127.0.0.1:2113?tls=false\"",
        );
    }
    let nats = &config.nats;
    let ways = [nats.credentials_file.is_some(), nats.user.is_some(), nats.nkey_file.is_some()];
    if ways.into_iter().filter(|way| *way).count() > 1 {
        let path = if nats.credentials_file.is_some() { "nats.credentials_file" } else { "nats.nkey_file" };
        refuse(
            path,
            "one of several ways to sign in",
            "one of `nats.credentials_file`, `nats.user` with `nats.password_file`, `nats.nkey_file`",
        );
    }
    match (&nats.user, &nats.password_file) {
        (Some(_), None) => refuse("nats.user", "set alone", "together with `nats.password_file`"),
        (None, Some(_)) => refuse("nats.password_file", "set alone", "together with `nats.user`"),
        _ => {}
    }
    if config.feed.kind == FeedKind::Nats && !nats_addresses_fit(nats.url.reveal()) {
        refuse("nats.url", &super::found_text(nats.url.reveal()), "nats://HOST:PORT or tls://HOST:PORT");
    }
}

fn nats_addresses_fit(url: &str) -> bool {
    ["nats://", "tls://", "ws://", "wss://"].iter().any(|scheme| url.trim_start().starts_with(scheme))
}
