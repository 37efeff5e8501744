//! Stored messages are read again: after a feed profile was corrected, or to release the quarantine. A reading that
//! says the same changes nothing, so both may be done at any time and as often as one likes.

use countersign_contracts::{chart::ChartFactsReported, staff::StaffReported};
use countersign_eventsourcing::journal::{
    AppendError, Appended, Expected, Filter, JournalError, Position, RecordedEvent, StreamName,
};
use countersign_hl7::{Header, Message};
use countersign_kernel::{MessageId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    Intake,
    domain::{CATEGORY, MessageRead, MessageReceived, Outcome, Reason, stream_of},
    import::{CHARGES_FEED, CHARGES_SOURCE},
    profile::ProfileError,
    read::{FeedContext, Reading, read_charge_row, read_message},
    receive::last_reading,
    record::{Sender, UNREADABLE_FEED, later_reading, message_read, raw_bytes},
};

/// Events read at a time: raw messages may be megabytes each.
const PAGE: usize = 64;

/// What reading stored messages again did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Replayed {
    /// Messages read again.
    pub read: u64,
    /// Messages that say something else now.
    pub changed: u64,
    /// Of these: messages that left the quarantine.
    pub released: u64,
    /// Messages read again that are in quarantine now.
    pub still_quarantined: u64,
}

/// Why messages cannot be read again.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// There is no such message.
    #[error("there is no message {0}")]
    Unknown(MessageId),
    /// The text that is stored of a message is no Base64. Taken for an empty message, it would take back all that the
    /// message has said.
    #[error("what the journal holds of message {0} is damaged: it cannot be read again")]
    Damaged(MessageId),
    /// The profiles in the file cannot be used.
    #[error(transparent)]
    Profiles(#[from] ProfileError),
    /// The journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

impl Intake {
    /// Reads these messages again with the profiles as they are in their file now.
    pub async fn replay(
        &self,
        messages: impl IntoIterator<Item = MessageId>,
        actor: &str,
    ) -> Result<Replayed, ReplayError> {
        self.profiles.reload()?;
        let mut replayed = Replayed::default();
        for message in messages {
            self.read_again(message, actor, &mut replayed).await?;
        }
        Ok(replayed)
    }

    /// Reads every message received since an instant again, with the profiles as they are in their file now.
    /// `progress` is told the journal position reached.
    pub async fn reinterpret(
        &self,
        since: Timestamp,
        actor: &str,
        mut progress: impl FnMut(Position) + Send,
    ) -> Result<Replayed, ReplayError> {
        self.profiles.reload()?;
        let mut replayed = Replayed::default();
        // Readings that this run appends are behind the present head and need no visit.
        let head = self.journal.head().await?;
        let mut after = Position::START;
        while after < head {
            let batch = self.journal.read_all(after, Filter::Categories(vec![CATEGORY]), PAGE).await?;
            for event in batch.events.iter().filter(|event| event.position <= head) {
                if &*event.kind == MessageReceived::KIND && event.metadata()?.received_at >= since {
                    let received: MessageReceived<'_> = event.decode()?;
                    self.read_again(received.message, actor, &mut replayed).await?;
                }
            }
            after = batch.upto;
            progress(after);
            if batch.caught_up {
                break;
            }
        }
        Ok(replayed)
    }

    async fn read_again(
        &self,
        message: MessageId,
        actor: &str,
        replayed: &mut Replayed,
    ) -> Result<(), ReplayError> {
        // A message that is read again by two at once: the loser looks again and finds nothing left to do.
        loop {
            let stream = stream_of(message);
            let events = self.journal.read_stream(stream.clone(), 0).await?;
            let (Some(first), Some(last)) = (events.first(), events.last()) else {
                return Err(ReplayError::Unknown(message));
            };
            let Some(before) = last_reading(&events)? else { return Err(ReplayError::Unknown(message)) };
            let after = self.reading_of(first, &before)?;
            let was = before.outcome;
            let is = after.as_ref().map_or(was, |after| after.outcome);
            let changed = match after {
                Some(after) => match self.keep(stream, last.revision, &after, first, actor).await {
                    Ok(Appended { repeated: false, .. }) => true,
                    Ok(_) | Err(AppendError::Conflict { .. }) => continue,
                    Err(AppendError::Journal(error)) => return Err(error.into()),
                },
                None => false,
            };
            replayed.read += 1;
            replayed.changed += u64::from(changed);
            replayed.released += u64::from(was.reason().is_some() && is.reason().is_none());
            replayed.still_quarantined += u64::from(is.reason().is_some());
            return Ok(());
        }
    }

    async fn keep(
        &self,
        stream: StreamName,
        revision: u64,
        read: &MessageRead,
        first: &RecordedEvent,
        actor: &str,
    ) -> Result<Appended, AppendError> {
        let event = later_reading(read, first, actor, self.clock.now())?;
        self.journal.append(stream, Expected::Revision(revision), vec![event]).await
    }

    /// What the message says by the present profiles; nothing when that is what it said before.
    fn reading_of(
        &self,
        first: &RecordedEvent,
        before: &MessageRead,
    ) -> Result<Option<MessageRead>, ReplayError> {
        // Of these only a part was kept: reading it again would read another message.
        if matches!(before.outcome, Outcome::Rejected(Reason::TooLarge | Reason::Incomplete)) {
            return Ok(None);
        }
        let received: MessageReceived<'_> = first.decode()?;
        let number = before.reading + 1;
        let context =
            FeedContext { message: before.message, reading: number, received_at: received.received_at };
        let bytes = raw_bytes(&received)?;
        let profiles = self.profiles.current();
        let row = received.connection.source == CHARGES_SOURCE;
        let (feed, mut reading) = match Message::parse_within(&bytes, self.limits()) {
            _ if row => {
                let profile = profiles.of(CHARGES_FEED, &received.facility);
                (CHARGES_FEED.to_owned(), read_charge_row(&bytes, profile, &context))
            }
            Ok(message) => {
                let header = Header::of(&message);
                let sender = Sender::of(&header, message.charset());
                let profile = profiles.of(&sender.application, &sender.facility);
                (profile.name.clone(), read_message(&message, &header, profile, &context))
            }
            Err(error) => (UNREADABLE_FEED.to_owned(), Reading::rejected(error.into())),
        };
        if same(before, &feed, &reading) {
            return Ok(None);
        }
        take_back(before, &mut reading);
        Ok(Some(message_read(before.message, number, &feed, reading)))
    }
}

/// Whether a new reading says what the last one said. The numbers of the readings do not matter, nor do charts about
/// which a message says nothing any more.
fn same(before: &MessageRead, feed: &str, now: &Reading) -> bool {
    let said = before.facts.iter().filter(|report| !report.facts.is_empty());
    before.feed == feed
        && before.outcome == now.outcome
        && before.merges == now.merges
        && same_staff(&before.staff, &now.staff)
        && before.findings == now.findings
        && said.clone().count() == now.facts.len()
        && said.zip(&now.facts).all(|(one, other)| {
            one.encounter == other.encounter && one.time_zone == other.time_zone && one.facts == other.facts
        })
}

/// An empty list of facts for every chart about which the message said something and says nothing now.
fn take_back(before: &MessageRead, now: &mut Reading) {
    take_back_staff(before, now);
    let Some(sample) = before.facts.first() else { return };
    let (message, received_at) = (sample.message, sample.received_at);
    let silent: Vec<ChartFactsReported> = before
        .facts
        .iter()
        .filter(|report| !report.facts.is_empty())
        .filter(|report| !now.facts.iter().any(|new| new.encounter.id() == report.encounter.id()))
        .map(|report| ChartFactsReported {
            encounter: report.encounter.clone(),
            message,
            reading: before.reading + 1,
            time_zone: report.time_zone.clone(),
            received_at,
            facts: Vec::new(),
        })
        .collect();
    now.facts.extend(silent);
}

/// Whether the records of staff are the same, but for the number of the reading and those taken back before.
fn same_staff(before: &[StaffReported], now: &[StaffReported]) -> bool {
    let said = before.iter().filter(|record| !record.withdrawn);
    said.clone().count() == now.len()
        && said.zip(now).all(|(one, other)| *one == StaffReported { reading: one.reading, ..other.clone() })
}

/// A withdrawal for every record under whose identifier the message says nothing now.
fn take_back_staff(before: &MessageRead, now: &mut Reading) {
    let silent: Vec<StaffReported> = before
        .staff
        .iter()
        .filter(|record| !record.withdrawn)
        .filter(|record| !now.staff.iter().any(|new| (new.record, &new.id) == (record.record, &record.id)))
        .map(|record| StaffReported { reading: before.reading + 1, withdrawn: true, ..record.clone() })
        .collect();
    now.staff.extend(silent);
}
