//! The last event of a stream without reading the stream.

use countersign_kernel::{EventId, Timestamp};
use uuid::Uuid;

use crate::journal::{
    AppendError, Expected, Journal, JournalError, Metadata, NewEvent, RecordedEvent, StreamName,
};

/// No stream gets there.
const NEVER: u64 = i64::MAX as u64;

/// The last event of a stream; `None`: there is no such stream. The streams asked about grow for years, and each of
/// their events says all there is to know. The port cannot read backwards; but an append that cannot be is refused
/// with the revision of the last event.
pub(super) async fn newest(
    journal: &dyn Journal,
    stream: &StreamName,
) -> Result<Option<RecordedEvent>, JournalError> {
    let probe = NewEvent {
        id: EventId::derive(&["never-appended", stream.as_str()]),
        kind: "never-appended".into(),
        data: "{}".into(),
        metadata: Metadata {
            correlation: Uuid::nil(),
            causation: None,
            traceparent: None,
            schema: 1,
            actor: "timers".to_owned(),
            occurred_at: Timestamp::UNIX_EPOCH,
            recorded_at: None,
            received_at: Timestamp::UNIX_EPOCH,
        },
    };
    match journal.append(stream.clone(), Expected::Revision(NEVER), vec![probe]).await {
        Err(AppendError::Conflict { actual: None, .. }) => Ok(None),
        Err(AppendError::Conflict { actual: Some(revision), .. }) => {
            Ok(journal.read_stream(stream.clone(), revision).await?.pop())
        }
        Err(AppendError::Journal(error)) => Err(error),
        Ok(_) => Err(JournalError::Unavailable(format!("{stream} took an event that it cannot take"))),
    }
}
