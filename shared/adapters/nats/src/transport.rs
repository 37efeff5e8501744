//! The stream that carries the events: what it looks like and how it comes into being.

use std::{collections::HashMap, time::Duration};

use async_nats::jetstream::message::StreamMessage;
use async_nats::jetstream::{
    ErrorCode,
    context::GetStreamErrorKind,
    stream::{Config, DiscardPolicy, Info, LastRawMessageErrorKind, RetentionPolicy, StorageType, Stream},
};
use countersign_eventsourcing::journal::Position;

use crate::{Nats, NatsError, NatsOptions};

/// Name of the stream.
pub(crate) const STREAM: &str = "COUNTERSIGN";

/// Every subject of every contract event.
const SUBJECTS: &str = "countersign.v1.>";

/// How long the server knows a published message again by its id.
const DUPLICATE_WINDOW: Duration = Duration::from_mins(2);

/// Key of the stream's metadata: the journal position after which this storage of it starts.
const STARTS_AFTER: &str = "countersign_starts_after";

/// Sees to it that the stream is there and as we want it. Changes nothing when it is.
pub(crate) async fn provision(nats: &Nats) -> Result<Stream, NatsError> {
    nats.check_server()?;
    let wanted = config(nats.options(), Position::START);
    let jetstream = nats.jetstream();
    let stream = match existing(nats).await? {
        Some(stream) => stream,
        None => {
            jetstream.create_stream(wanted.clone()).await.map_err(|error| NatsError::unavailable(&error))?
        }
    };
    let found = &stream.cached_info().config;
    let as_wanted = found.subjects == wanted.subjects
        && found.max_age == wanted.max_age
        && found.max_bytes == wanted.max_bytes
        && found.num_replicas == wanted.num_replicas
        && found.duplicate_window == wanted.duplicate_window
        && found.allow_direct == wanted.allow_direct;
    if !as_wanted {
        tracing::info!(stream = STREAM, "changing the stream's settings to those configured");
        let metadata = found.metadata.clone();
        jetstream
            .update_stream(Config { metadata, ..wanted })
            .await
            .map_err(|error| NatsError::unavailable(&error))?;
        return existing(nats).await?.ok_or_else(|| NatsError::Unavailable("the stream vanished".to_owned()));
    }
    Ok(stream)
}

/// The stream as it is now, if it is there.
pub(crate) async fn existing(nats: &Nats) -> Result<Option<Stream>, NatsError> {
    match nats.jetstream().get_stream(STREAM).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error) => match error.kind() {
            GetStreamErrorKind::JetStream(error) if error.kind() == ErrorCode::STREAM_NOT_FOUND => Ok(None),
            _ => Err(NatsError::unavailable(&error)),
        },
    }
}

/// Replaces the stream by an empty one that the relay will fill with everything after this position.
pub(crate) async fn recreate(nats: &Nats, starts_after: Position) -> Result<(), NatsError> {
    nats.check_server()?;
    let wanted = config(nats.options(), starts_after);
    if existing(nats).await?.is_some() {
        nats.jetstream().delete_stream(STREAM).await.map_err(|error| NatsError::unavailable(&error))?;
    }
    nats.jetstream().create_stream(wanted).await.map_err(|error| NatsError::unavailable(&error))?;
    Ok(())
}

/// Identity of this storage of the stream: when it was created, in nanoseconds since 1970.
pub(crate) fn epoch(info: &Info) -> u64 {
    u64::try_from(info.created.unix_timestamp_nanos()).unwrap_or_default()
}

/// The journal position after which this storage of the stream starts.
pub(crate) fn starts_after(info: &Info) -> Position {
    let told = info.config.metadata.get(STARTS_AFTER).and_then(|text| text.parse().ok());
    told.map_or(Position::START, Position)
}

/// Whether the server may drop events by itself.
pub(crate) fn forgets(info: &Info) -> bool {
    let config = &info.config;
    config.max_age > Duration::ZERO || config.max_bytes > 0 || config.max_messages > 0
}

/// One message by its sequence number, from the stream's leader; `None` when it is not there any more.
pub(crate) async fn message(stream: &Stream, sequence: u64) -> Result<Option<StreamMessage>, NatsError> {
    match stream.get_raw_message(sequence).await {
        Ok(message) => Ok(Some(message)),
        Err(error) if matches!(error.kind(), LastRawMessageErrorKind::NoMessageFound) => Ok(None),
        Err(error) => Err(NatsError::unavailable(&error)),
    }
}

fn config(options: &NatsOptions, starts_after: Position) -> Config {
    let mut metadata = HashMap::new();
    if starts_after > Position::START {
        metadata.insert(STARTS_AFTER.to_owned(), starts_after.to_string());
    }
    Config {
        name: STREAM.to_owned(),
        description: Some(
            "Contract events of Countersign; filled from the journal, may be deleted".to_owned(),
        ),
        subjects: vec![SUBJECTS.to_owned()],
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        storage: StorageType::File,
        num_replicas: options.replicas,
        max_age: options.max_age.unwrap_or_default(),
        max_bytes: options.max_bytes.map_or(-1, |bytes| i64::try_from(bytes).unwrap_or(i64::MAX)),
        max_messages: -1,
        max_messages_per_subject: -1,
        duplicate_window: options.max_age.map_or(DUPLICATE_WINDOW, |age| age.min(DUPLICATE_WINDOW)),
        allow_direct: true,
        metadata,
        ..Config::default()
    }
}
