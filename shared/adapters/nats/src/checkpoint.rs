//! The relay's spare checkpoint. The stream's last message says how far the relay has come; a stream with a
//! limit of age may have dropped it after a quiet time.

use async_nats::jetstream::{
    ErrorCode,
    context::{GetStreamError, GetStreamErrorKind},
    kv::Config,
};
use countersign_eventsourcing::feed::Cursor;

use crate::{Nats, NatsError};

const BUCKET: &str = "COUNTERSIGN_RELAY";
const KEY: &str = "checkpoint";

/// Writes how far the relay has come.
pub(crate) async fn keep(nats: &Nats, cursor: Cursor) -> Result<(), NatsError> {
    let text = serde_json::to_vec(&cursor).map_err(|error| NatsError::unavailable(&error))?;
    nats.jetstream()
        .create_or_update_key_value(Config {
            bucket: BUCKET.to_owned(),
            description: "How far the relay has come, should the stream be empty".to_owned(),
            num_replicas: nats.options().replicas,
            ..Config::default()
        })
        .await
        .map_err(|error| NatsError::unavailable(&error))?
        .put(KEY, text.into())
        .await
        .map_err(|error| NatsError::unavailable(&error))?;
    Ok(())
}

/// How far the relay had come when it wrote last; `None` when there is nothing that can be read.
pub(crate) async fn read(nats: &Nats) -> Result<Option<Cursor>, NatsError> {
    let bucket = match nats.jetstream().get_key_value(BUCKET).await {
        Ok(bucket) => bucket,
        Err(error) => {
            let source = std::error::Error::source(&error).and_then(|source| source.downcast_ref());
            return match source.map(GetStreamError::kind) {
                Some(GetStreamErrorKind::JetStream(error)) if error.kind() == ErrorCode::STREAM_NOT_FOUND => {
                    Ok(None)
                }
                _ => Err(NatsError::unavailable(&error)),
            };
        }
    };
    let text = bucket.get(KEY).await.map_err(|error| NatsError::unavailable(&error))?;
    Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
}
