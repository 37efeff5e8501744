//! Contract events in, changes to notices and contacts.
//!
//! Effects happen once: every event's effect has an id derived from it, in the stream that it changes. So a request
//! that is delivered again finds its notice, and replay sends nothing.

use std::sync::Arc;

use countersign_contracts::{
    Envelope,
    notice::{Channel, NoticeClass, NoticeOutcome, NoticeRequested, NoticeWithdrawn, Outcome, Recipient},
};
use countersign_eventsourcing::{
    consumer::{HandleError, Handler},
    journal::{JournalError, PortFuture},
};
use countersign_kernel::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use crate::{
    config::{Config, OfficeList},
    domain::{
        contact::{self, Contact, events::Trouble, routes},
        digest::{Book, events::DigestReleased},
        notice::{
            Change, LegState, Notice, Refusal, Standing,
            events::{Carried, DigestFacts, Place, Requested},
        },
        window::Windows,
    },
    known::Known,
    naming, publish,
    store::{ChangeError, Origin, Store},
};

/// Takes delivered events in.
pub(crate) struct Inbox {
    pub(crate) store: Store,
    pub(crate) known: Arc<Known>,
    pub(crate) config: Arc<Config>,
}

fn handle_error<R: std::error::Error>(error: &ChangeError<R>) -> HandleError {
    match error {
        ChangeError::Contended | ChangeError::Journal(JournalError::Unavailable(_)) => {
            HandleError::Retry(error.to_string())
        }
        ChangeError::Refused(_) | ChangeError::Journal(_) | ChangeError::Encode(_) => {
            HandleError::Poison(error.to_string())
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn journal_error(error: JournalError) -> HandleError {
    match error {
        JournalError::Unavailable(_) => HandleError::Retry(error.to_string()),
        _ => HandleError::Poison(error.to_string()),
    }
}

impl Inbox {
    async fn request(
        &self,
        event: &Envelope,
        request: NoticeRequested,
        digest: Option<DigestFacts>,
    ) -> Result<(), HandleError> {
        let now = self.store.now();
        let (key, about, known, windows_zone) = {
            let folded = self.known.current().await.map_err(journal_error)?;
            let owed = &folded.owed;
            let key = naming::contact_of(owed, &request.recipient);
            let about = request.about.as_ref().map(|about| owed.people().key_of(about));
            let known = naming::known_of(&self.config, owed, &key, now);
            let zone = naming::zone_of(&self.config, owed, &request.facility);
            (key, about, known, zone)
        };
        let contact = self.store.load::<Contact>(&key).await.map_err(journal_error)?.state;
        let windows = contact.preferences.windows(&windows_zone);
        let with_digest_at = match contact::provider_of(&key) {
            Some(provider) if request.class == NoticeClass::Reminder && digest.is_none() => {
                self.digest_due(provider, &contact, &windows, now).await?
            }
            _ => None,
        };
        let muted = routes::is_muted(&request, &contact);
        let list = self.list_for(&request).filter(|_| digest.is_none() && !muted);
        let requested = Box::new(Requested {
            routes: routes::routes(&request, &contact, &known),
            windows,
            with_digest_at,
            contact: key,
            about,
            digest,
            request,
            is_list: false,
        });
        // Who has no address gets no list either: that is told of the notice itself.
        let reached = requested.routes.iter().any(|route| route.copy_for.is_none());
        if let Some(list) = list.filter(|_| reached) {
            return self.list(event, requested, list, now).await;
        }
        let id = requested.request.notice.to_string();
        let change = if muted {
            Change::RequestOnly(requested, "the recipient has muted this".to_owned())
        } else {
            Change::Request(requested)
        };
        self.change(&id, event, &change).await
    }

    /// When the office that is to be told gets its lists; nothing: this goes out by itself.
    fn list_for(&self, request: &NoticeRequested) -> Option<OfficeList> {
        let Recipient::Office { name } = &request.recipient else { return None };
        let may_wait = request.class == NoticeClass::Reminder || request.in_list;
        if !may_wait || request.at_any_hour || request.items.is_empty() {
            return None;
        }
        let list = self.config.offices.get(name).map(|office| office.list).unwrap_or_default();
        (list != OfficeList::AtOnce).then_some(list)
    }

    /// Puts a notice into the next list of its office that still takes it. Delivered again it finds its place.
    async fn list(
        &self,
        event: &Envelope,
        requested: Box<Requested>,
        list: OfficeList,
        now: Timestamp,
    ) -> Result<(), HandleError> {
        let zone = TimeZone::get(&requested.windows.time_zone).unwrap_or(TimeZone::UTC);
        let id = requested.request.notice.to_string();
        let place = |after: Timestamp, part: u32| {
            let due_at = list.next_after(after, &zone).unwrap_or(after);
            Place { list: naming::list_id(&requested, due_at, part), due_at, part }
        };
        self.change(&id, event, &Change::RequestListed(requested.clone(), place(now, 1))).await?;
        let notice = self.store.load::<Notice>(&id).await.map_err(journal_error)?.state;
        if notice.standing() == Standing::Dropped {
            return Ok(());
        }
        let Some(mut at) = notice.listed().copied() else { return Ok(()) };
        let carried = Box::new(Carried {
            notice: requested.request.notice,
            kind: requested.request.kind.clone(),
            about: requested.request.about.clone(),
            about_key: requested.about,
            items: requested.request.items.clone(),
        });
        let patience = self.config.patience;
        loop {
            let change = Change::Gather(Box::new(naming::list(&requested, at, now)), carried.clone());
            let decide = |list: &Notice, now| list.decide(&change, &patience, now);
            let origin = Origin::caused_by(event);
            let gathered = self.store.change::<Notice, Refusal>(&at.list.to_string(), &origin, decide).await;
            at = match gathered {
                Ok(_) => return Ok(()),
                Err(ChangeError::Refused(Refusal::ListFull)) => Place {
                    list: naming::list_id(&requested, at.due_at, at.part + 1),
                    part: at.part + 1,
                    ..at
                },
                Err(ChangeError::Refused(Refusal::ListClosed)) => place(at.due_at.max(now), 1),
                Err(error) => return Err(handle_error(&error)),
            };
            let decide = |notice: &Notice, now| notice.decide(&Change::List(at), &patience, now);
            self.store
                .change::<Notice, Refusal>(&id, &Origin::own(), decide)
                .await
                .map_err(|error| handle_error(&error))?;
        }
    }

    /// What became of a list became of every notice that it still carries. What fell out of it was done before it went
    /// out.
    async fn tell_carried(&self, event: &Envelope, outcome: &NoticeOutcome) -> Result<(), HandleError> {
        let id = outcome.notice.to_string();
        let list = self.store.load::<Notice>(&id).await.map_err(journal_error)?.state;
        for carried in list.gathered() {
            let change = if list.still_carries(carried) {
                Change::Tell(outcome.clone())
            } else {
                let because = "everything that it was about is done".to_owned();
                Change::Withdraw { notice: carried.notice, because }
            };
            self.change(&carried.notice.to_string(), event, &change).await?;
        }
        Ok(())
    }

    /// Only what is formal goes out at once: a reminder to a provider waits for the provider's next digest. One that is not
    /// armed yet, because the provider has begun to owe something just now, will be by then; who wants no digests gets
    /// reminders by themselves.
    async fn digest_due(
        &self,
        provider: Uuid,
        contact: &Contact,
        windows: &Windows,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, HandleError> {
        let book = self.store.load::<Book>(&provider.to_string()).await.map_err(journal_error)?.state;
        let zone = TimeZone::get(&windows.time_zone).unwrap_or(TimeZone::UTC);
        Ok(book.next_due(provider).or_else(|| contact.preferences.digest.next_after(now, &zone)))
    }

    async fn change(&self, id: &str, event: &Envelope, change: &Change) -> Result<(), HandleError> {
        let origin = Origin::caused_by(event);
        let patience = self.config.patience;
        let decide = |notice: &Notice, now| notice.decide(change, &patience, now);
        match self.store.change::<Notice, Refusal>(id, &origin, decide).await {
            Ok(_) => Ok(()),
            Err(ChangeError::Refused(refusal)) => {
                tracing::warn!(notice = id, %refusal, "an event about a notice has no effect");
                Ok(())
            }
            Err(error) => Err(handle_error(&error)),
        }
    }

    /// What came back, or had nowhere to go, is a task for whoever keeps addresses.
    async fn note_trouble(&self, event: &Envelope, outcome: &NoticeOutcome) -> Result<(), HandleError> {
        let id = outcome.notice.to_string();
        let notice = self.store.load::<Notice>(&id).await.map_err(journal_error)?.state;
        // What became of a list is about the list's address.
        let Some(requested) = notice.requested().filter(|_| notice.listed().is_none()) else { return Ok(()) };
        let failed = || {
            notice.legs().iter().rev().find(|leg| {
                !leg.copy
                    && Some(leg.channel()) == outcome.channel
                    && matches!(leg.state, LegState::Bounced | LegState::GivenUp)
            })
        };
        let (trouble, to) = if publish::is_trouble(outcome) {
            let Some(failed) = failed() else { return Ok(()) };
            (Trouble::AddressBounced, Some(failed.to.clone()))
        } else if outcome.channel == Some(Channel::Letter) && outcome.outcome == Outcome::Failed {
            let name = {
                let folded = self.known.current().await.map_err(journal_error)?;
                naming::recipient(&self.config, &folded.owed, &requested.request.recipient)
            };
            let Some(failed) = failed().filter(|leg| leg.to.says_no_place(name.as_str())) else {
                return Ok(());
            };
            (Trouble::NoAddress, Some(failed.to.clone()))
        } else if notice.legs().is_empty() && outcome.outcome == Outcome::Failed {
            (Trouble::NoAddress, None)
        } else {
            return Ok(());
        };
        let key = requested.contact.clone();
        let detail = outcome.detail.clone().unwrap_or_default();
        let decide = |contact: &Contact, now| {
            Ok::<_, Refusal>(contact.trouble(&key, trouble, to.as_ref(), outcome.notice, &detail, now))
        };
        let origin = Origin::caused_by(event);
        self.store
            .change::<Contact, Refusal>(&key, &origin, decide)
            .await
            .map(drop)
            .map_err(|error| handle_error(&error))
    }
}

impl Handler for Inbox {
    fn handle<'a>(&'a self, event: &'a Envelope) -> PortFuture<'a, Result<(), HandleError>> {
        let poison = |error: countersign_contracts::EnvelopeError| HandleError::Poison(error.to_string());
        Box::pin(async move {
            match event.kind.as_str() {
                NoticeRequested::TYPE => self.request(event, event.decode().map_err(poison)?, None).await,
                DigestReleased::TYPE => {
                    let DigestReleased { request, facts, .. } = event.decode().map_err(poison)?;
                    self.request(event, request, Some(facts)).await
                }
                NoticeWithdrawn::TYPE => {
                    let NoticeWithdrawn { notice, because, .. } = event.decode().map_err(poison)?;
                    self.change(&notice.to_string(), event, &Change::Withdraw { notice, because }).await
                }
                NoticeOutcome::TYPE => {
                    let outcome = event.decode().map_err(poison)?;
                    self.note_trouble(event, &outcome).await?;
                    // Lists have no track.
                    if outcome.track.is_none() { self.tell_carried(event, &outcome).await } else { Ok(()) }
                }
                // Another service's event of a later version: not ours to judge.
                _ => Ok(()),
            }
        })
    }
}
