//! Sends what waits: renders it, puts the attempt on record, calls the transport, puts the answer on record.
//!
//! Throttles and circuit breakers are computed from the attempts on record, so that a restart is no licence. An attempt
//! that a process left without an answer is found when the next one starts, or by its timer.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use countersign_contracts::notice::{Channel, NoticeClass};
use countersign_eventsourcing::{
    journal::{JournalError, Position},
    read_model::{ReadModel, ReadModelError},
    service::Fault,
};
use countersign_kernel::{DeficiencyId, NoticeId, Timestamp};
use countersign_owed::Owed;
use jiff::SignedDuration;
use tokio::{task::JoinSet, time::Instant};
use uuid::Uuid;

use crate::{
    channels::{Outgoing, Rendered, Sent, Transport},
    config::Config,
    domain::{
        contact::Destination,
        notice::{
            Answer, Change, LegState, Mode, Notice, Refusal, Rendering, Standing,
            events::{Ending, Requested, Sender},
        },
        operator::{Decided, STREAM},
        throttle::Recent,
    },
    known::Known,
    naming,
    projections::{self, DueLeg},
    store::{ChangeError, Done, Origin, Store},
};

/// Longest time from one look at the queue to the next: throttles open by the passing of time.
const TICK: Duration = Duration::from_millis(250);
/// Legs that are read at a time.
const ROUND: usize = 1024;
/// Times that legs are read in one round: what a peer holds back does not stand before what another would take.
const PAGES: usize = 16;
/// For how long attempts are remembered: as long as the longest limit.
const MEMORY: SignedDuration = SignedDuration::from_hours(4);
/// Between two tries to put an answer on record.
const PATIENCE: Duration = Duration::from_millis(500);
/// A leg that could not be sent is not looked at again for so long: what keeps it back, such as a journal that is out of
/// reach, keeps back all the others, too.
const REST: Duration = Duration::from_secs(2);
/// What is on record of an attempt that no receiver ever saw.
const NOT_HANDED_OVER: &str = "nothing was handed over: the journal was out of reach for a moment";

/// A leg of a notice.
type Which = (NoticeId, u32);

/// Sends what waits.
pub(crate) struct Dispatcher {
    pub(crate) store: Store,
    pub(crate) known: Arc<Known>,
    pub(crate) config: Arc<Config>,
    pub(crate) model: Arc<ReadModel>,
    pub(crate) transports: BTreeMap<Channel, Arc<dyn Transport>>,
    /// This process, as its attempts name it.
    pub(crate) sender: Sender,
    pub(crate) recent: Mutex<Recent>,
    /// The mode that was in force when it was last asked for, for `/metrics`.
    pub(crate) seen: Mutex<&'static str>,
}

/// Why a leg that the read model calls due is left alone.
#[derive(Debug, Clone, Copy)]
enum Busy {
    /// It is being sent.
    Sending,
    /// It was: the read model knows of that from this position on.
    Known(Position),
    /// It could not be, or there was nothing to do.
    Rests(Instant),
}

impl Busy {
    fn rests() -> Self {
        Self::Rests(Instant::now() + REST)
    }

    fn holds(self, folded: Position, now: Instant) -> bool {
        match self {
            Self::Sending => true,
            Self::Known(position) => position > folded,
            Self::Rests(until) => until > now,
        }
    }
}

/// How far a leg came.
enum Begun {
    /// An attempt is on record, and goes to this address.
    Attempt { number: u32, to: Destination },
    /// Whether it is on record was not answered: it is not carried out.
    Unsure { number: u32 },
    /// There is nothing to hand over. What was recorded instead ends here.
    Nothing(Option<Position>),
}

/// Who is known to be gone, so that its attempts without an answer never get one.
pub(crate) enum Gone {
    /// Everybody else: this process is alone on its journal.
    Everybody,
    /// Whoever had this seat before.
    Seat(String),
    /// This process.
    Process(String),
}

impl Gone {
    /// Whether who sent this is gone. Of an attempt that names nobody it is not known.
    fn is(&self, sender: Option<&Sender>, own: &str) -> bool {
        match (self, sender) {
            (Self::Everybody, _) => true,
            (_, None) => false,
            (Self::Seat(seat), Some(sender)) => sender.seat.as_ref() == Some(seat) && sender.process != own,
            (Self::Process(gone), Some(sender)) => sender.process == *gone && sender.process != own,
        }
    }
}

/// The queue cannot be worked on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DispatchError {
    /// The read model.
    #[error(transparent)]
    ReadModel(#[from] ReadModelError),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// A notice.
    #[error(transparent)]
    Change(#[from] ChangeError<Refusal>),
}

impl Fault for DispatchError {
    fn is_passing(&self) -> bool {
        match self {
            Self::ReadModel(error) => error.is_passing(),
            Self::Journal(error) | Self::Change(ChangeError::Journal(error)) => error.is_passing(),
            Self::Change(error) => matches!(error, ChangeError::Contended),
        }
    }
}

impl Dispatcher {
    fn recent(&self) -> MutexGuard<'_, Recent> {
        self.recent.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends for as long as the process lives.
    pub(crate) async fn run(self: &Arc<Self>) -> Result<(), DispatchError> {
        self.remember().await?;
        if self.config.alone {
            self.find_abandoned(&Gone::Everybody).await?;
        } else if let Some(seat) = &self.sender.seat {
            self.find_abandoned(&Gone::Seat(seat.clone())).await?;
        }
        let mut changes = self.model.changes();
        let mut busy: HashMap<Which, Busy> = HashMap::new();
        let mut tasks: JoinSet<(Which, Busy)> = JoinSet::new();
        let mut of_task: HashMap<tokio::task::Id, Which> = HashMap::new();
        loop {
            let (folded, now) = (self.model.position(), Instant::now());
            busy.retain(|_, busy| busy.holds(folded, now));
            match self.round(&busy, self.config.under_way.saturating_sub(tasks.len())).await {
                Ok(due) => {
                    for leg in due {
                        let which = (leg.notice, leg.leg);
                        busy.insert(which, Busy::Sending);
                        let of = Arc::clone(self);
                        let task = tasks.spawn(async move { (which, of.send(leg).await) });
                        of_task.insert(task.id(), which);
                    }
                }
                Err(error) => tracing::warn!(%error, "the queue of notices cannot be read now"),
            }
            tokio::select! {
                Some(finished) = tasks.join_next_with_id() => match finished {
                    Ok((task, (which, state))) => {
                        of_task.remove(&task);
                        busy.insert(which, state);
                    }
                    Err(error) => {
                        // The attempt's timer finds out that there is no answer.
                        tracing::error!(%error, "sending a notice failed inside");
                        if let Some(which) = of_task.remove(&error.id()) {
                            busy.insert(which, Busy::rests());
                        }
                    }
                },
                _ = changes.changed() => {}
                () = tokio::time::sleep(TICK) => {}
            }
        }
    }

    /// Sends everything that may be sent now, and returns of how many legs there is something on record: for tests and
    /// commands.
    pub(crate) async fn send_due(self: &Arc<Self>) -> Result<usize, DispatchError> {
        let mut moved = 0;
        for leg in self.round(&HashMap::new(), usize::MAX).await? {
            moved += usize::from(matches!(self.send(leg).await, Busy::Known(_)));
        }
        Ok(moved)
    }

    /// What this process has to know of the one before: attempts of the last hours.
    pub(crate) async fn remember(&self) -> Result<(), DispatchError> {
        let since = self.store.now().saturating_sub(MEMORY).unwrap_or(Timestamp::MIN);
        let attempts = self.model.query(move |sql| projections::attempts_since(sql, since)).await?;
        *self.recent() = Recent::of(attempts);
        Ok(())
    }

    /// Attempts that a process which is gone has left without an answer.
    pub(crate) async fn find_abandoned(&self, gone: &Gone) -> Result<usize, DispatchError> {
        // The read model may be behind: what it does not know yet the attempt's timer finds.
        let sending = self.model.query(projections::sending).await?;
        let mut found = 0;
        for (notice, leg, attempt) in sending {
            let known = self.store.load::<Notice>(&notice.to_string()).await?.state;
            let sender = known.leg(leg).and_then(|leg| leg.sender.as_ref());
            if !gone.is(sender, &self.sender.process) {
                continue;
            }
            match self.change(notice, &Change::Abandon { leg, attempt }).await {
                Ok(done) => found += usize::from(done.changed),
                Err(ChangeError::Refused(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(found)
    }

    async fn round(&self, busy: &HashMap<Which, Busy>, free: usize) -> Result<Vec<DueLeg>, DispatchError> {
        if free == 0 {
            return Ok(Vec::new());
        }
        let now = self.store.now();
        let mut may_go = Vec::new();
        for page in 0..PAGES {
            let due =
                self.model.query(move |sql| projections::due_legs(sql, now, page * ROUND, ROUND)).await?;
            let is_last = due.len() < ROUND;
            let mut recent = self.recent();
            for leg in due {
                let waits = busy.contains_key(&(leg.notice, leg.leg));
                if !waits && recent.allow(leg.message(), &leg.to, &self.config.limits, now) {
                    // The place is taken now, so that the next leg of this round counts it.
                    recent.begin(leg.message(), leg.to.clone(), now, MEMORY);
                    may_go.push(leg);
                }
                if may_go.len() == free {
                    return Ok(may_go);
                }
            }
            if is_last {
                break;
            }
        }
        Ok(may_go)
    }

    async fn change(&self, notice: NoticeId, change: &Change) -> Result<Done, ChangeError<Refusal>> {
        let patience = self.config.patience;
        let decide = |state: &Notice, now| state.decide(change, &patience, now);
        self.store.change::<Notice, Refusal>(&notice.to_string(), &Origin::own(), decide).await
    }

    /// The mode that was in force when it was last asked for.
    pub(crate) fn mode_seen(&self) -> &'static str {
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks which mode is in force, so that `/metrics` tells it although nothing is sent.
    pub(crate) async fn look_at_mode(&self) {
        if let Err(error) = self.decided_mode().await {
            tracing::warn!(%error, "whether anything leaves cannot be read now");
        }
    }

    async fn decided_mode(&self) -> Result<Mode, JournalError> {
        let mode = self.store.load::<Decided>(STREAM).await?.state.mode(&self.config.mode);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = crate::metrics::name_of(&mode);
        Ok(mode)
    }

    /// Whether anything leaves, by the operators' decision or the configuration.
    async fn mode(&self, to: &Destination) -> Result<Mode, JournalError> {
        Ok(match self.decided_mode().await? {
            // What cannot go to the pilot's address stays here.
            Mode::Redirect(pilot) if pilot.channel() != to.channel() => Mode::Shadow,
            mode => mode,
        })
    }

    /// One leg, from the queue to an answer.
    async fn send(&self, due: DueLeg) -> Busy {
        let outcome = match self.begin(&due).await {
            Ok(Begun::Attempt { number, to }) => self.carry_out(&due, number, &to).await.map(Some),
            Ok(Begun::Unsure { number }) => {
                self.recent().forget(due.message());
                self.make_sure(&due, number).await
            }
            Ok(Begun::Nothing(position)) => {
                self.recent().forget(due.message());
                Ok(position)
            }
            Err(error) => {
                self.recent().forget(due.message());
                Err(error)
            }
        };
        match outcome {
            Ok(Some(position)) => Busy::Known(position),
            Ok(None) | Err(DispatchError::Change(ChangeError::Refused(_))) => Busy::rests(),
            Err(error) => {
                tracing::warn!(notice = %due.notice, leg = due.leg, %error, "a notice cannot be sent now");
                Busy::rests()
            }
        }
    }

    /// Puts an attempt on record, with the bytes that it hands over.
    async fn begin(&self, due: &DueLeg) -> Result<Begun, DispatchError> {
        let id = due.notice.to_string();
        let mut notice = self.store.load::<Notice>(&id).await?.state;
        let Some(requested) = notice.requested().cloned() else { return Ok(Begun::Nothing(None)) };
        let is_new = notice.leg(due.leg).is_some_and(|leg| leg.rendered.is_none());
        if is_new && (requested.is_list || requested.class() == NoticeClass::Reminder) {
            let done = self.done_meanwhile(&notice, &requested).await?;
            if !done.is_empty() {
                self.change(due.notice, &Change::DropItems(done)).await?;
                notice = self.store.load::<Notice>(&id).await?.state;
            }
        }
        let Some(leg) = notice.leg(due.leg) else { return Ok(Begun::Nothing(None)) };
        let waits = matches!(leg.state, LegState::Queued { not_before } if not_before <= self.store.now());
        if notice.standing() != Standing::Live || !waits {
            return Ok(Begun::Nothing(None));
        }
        let mode = self.mode(&leg.to).await?;
        if let Some(obstacle) = self.obstacle(leg.to.channel(), &mode) {
            let change = Change::NotSetUp { leg: due.leg, because: obstacle.to_owned() };
            return Ok(Begun::Nothing(Some(self.change(due.notice, &change).await?.position)));
        }
        let rendering = match &leg.rendered {
            Some(_) => None,
            None => match self.render(&notice, &requested, due.leg, &leg.to).await? {
                Ok(rendering) => Some(rendering),
                Err(because) => return self.cannot_be_made(due, because).await,
            },
        };
        let sender = Some(self.sender.clone());
        let begin = Change::Begin { leg: due.leg, rendering, mode: mode.clone(), sender };
        let number = leg.attempts + 1;
        let begun = match self.change(due.notice, &begin).await {
            Err(ChangeError::Refused(refusal @ Refusal::TooLarge { .. })) => {
                return self.cannot_be_made(due, refusal.to_string()).await;
            }
            Err(ChangeError::Journal(JournalError::Unavailable(_))) => return Ok(Begun::Unsure { number }),
            begun => begun?,
        };
        Ok(match mode {
            Mode::Shadow => Begun::Nothing(Some(begun.position)),
            Mode::Redirect(pilot) => Begun::Attempt { number, to: pilot },
            Mode::Live => Begun::Attempt { number, to: leg.to.clone() },
        })
    }

    async fn cannot_be_made(&self, due: &DueLeg, because: String) -> Result<Begun, DispatchError> {
        let done = self.change(due.notice, &Change::Unrenderable { leg: due.leg, because }).await?;
        Ok(Begun::Nothing(Some(done.position)))
    }

    /// Hands over what is on record, and puts the answer there.
    async fn carry_out(
        &self,
        due: &DueLeg,
        number: u32,
        to: &Destination,
    ) -> Result<Position, DispatchError> {
        let (number, answer) = match self.hand_over(due, to).await {
            Ok((number, answer)) => {
                self.recent().end(due.message(), answer.ending);
                (number, answer)
            }
            Err(error) => {
                tracing::warn!(notice = %due.notice, leg = due.leg, %error, "a notice was not handed over");
                self.recent().forget(due.message());
                (number, cut_off())
            }
        };
        self.end(due, number, answer).await
    }

    /// Whether an attempt is on record was not answered. If it is, and is this process's own, it ends here: nobody else
    /// knows that it was never carried out.
    async fn make_sure(&self, due: &DueLeg, number: u32) -> Result<Option<Position>, DispatchError> {
        let notice = loop {
            match self.store.load::<Notice>(&due.notice.to_string()).await {
                Ok(loaded) => break loaded.state,
                Err(JournalError::Unavailable(_)) => tokio::time::sleep(PATIENCE).await,
                Err(error) => return Err(error.into()),
            }
        };
        let is_own = notice.leg(due.leg).is_some_and(|leg| {
            leg.attempts == number
                && matches!(leg.state, LegState::Sending { .. })
                && leg.sender.as_ref() == Some(&self.sender)
        });
        if is_own { self.end(due, number, cut_off()).await.map(Some) } else { Ok(None) }
    }

    /// Puts an answer on record. It must not be lost for want of a moment's patience: without it the outcome is unknown.
    async fn end(&self, due: &DueLeg, attempt: u32, answer: Answer) -> Result<Position, DispatchError> {
        let end = Change::End { leg: due.leg, attempt, answer };
        loop {
            match self.change(due.notice, &end).await {
                Ok(done) => return Ok(done.position),
                Err(ChangeError::Contended | ChangeError::Journal(JournalError::Unavailable(_))) => {
                    tokio::time::sleep(PATIENCE).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Why nothing can be handed over on a channel. Shadow mode needs no server: it keeps what would have been sent.
    fn obstacle(&self, channel: Channel, mode: &Mode) -> Option<&'static str> {
        match self.transports.get(&channel) {
            None => Some("the channel is not set up here"),
            Some(way) => way.obstacle().filter(|_| *mode != Mode::Shadow),
        }
    }

    /// The channels that this installation does not have, and what is missing.
    pub(crate) fn not_set_up(&self) -> impl Iterator<Item = (Channel, &'static str)> {
        self.transports.iter().filter_map(|(channel, way)| Some((*channel, way.obstacle()?)))
    }

    /// Items that are closed, or somebody else's by now.
    async fn done_meanwhile(
        &self,
        notice: &Notice,
        requested: &Requested,
    ) -> Result<BTreeSet<DeficiencyId>, JournalError> {
        let withdrawn = self.withdrawn(notice).await?;
        let folded = self.known.current().await?;
        let owed: &Owed = &folded.owed;
        let is_theirs = |id, about: Option<Uuid>| {
            let about = about.map(|key| owed.people().root(key));
            owed.item(id).is_none_or(|item| {
                let holder = owed.directory().holder_of(item);
                !item.is_closed() && about.is_none_or(|about| holder.is_none_or(|holder| holder == about))
            })
        };
        // Of a list an item stays for as long as one of the notices that name it is wanted.
        let carried = notice.gathered().iter().filter(|carried| !withdrawn.contains(&carried.notice));
        let wanted: BTreeSet<DeficiencyId> = carried
            .flat_map(|carried| carried.items.iter().map(|item| (item.deficiency, carried.about_key)))
            .chain(requested.request.items.iter().map(|item| (item.deficiency, requested.about)))
            .filter(|(id, about)| is_theirs(*id, *about))
            .map(|(id, _)| id)
            .collect();
        let items = notice.items().into_iter().map(|item| item.deficiency);
        Ok(items.filter(|id| !wanted.contains(id)).collect())
    }

    /// The notices of a list that are no longer to be sent.
    async fn withdrawn(&self, list: &Notice) -> Result<BTreeSet<NoticeId>, JournalError> {
        let mut withdrawn = BTreeSet::new();
        for carried in list.gathered() {
            let notice = self.store.load::<Notice>(&carried.notice.to_string()).await?.state;
            let place = notice.listed().map(|place| place.list);
            let is_here = list.requested().map(|requested| requested.request.notice) == place;
            if !is_here || notice.standing() != Standing::Live {
                withdrawn.insert(carried.notice);
            }
        }
        Ok(withdrawn)
    }

    /// The exact bytes; or why there are none.
    async fn render(
        &self,
        notice: &Notice,
        requested: &Requested,
        leg: u32,
        to: &Destination,
    ) -> Result<Result<Rendering, String>, JournalError> {
        let channel = to.channel();
        let Some(transport) = self.transports.get(&channel) else {
            return Ok(Err(format!("the channel {} is not set up here", channel.name())));
        };
        let folded = self.known.current().await?;
        let owed = &folded.owed;
        let name = naming::recipient(&self.config, owed, &requested.request.recipient);
        let message = naming::message(&self.config, owed, requested, notice, self.store.now());
        let address = naming::address(&self.config, to, name.as_str());
        drop(folded);
        let message = match message {
            Ok(message) => message,
            Err(error) => return Ok(Err(error.to_string())),
        };
        let Some(address) = address else {
            return Ok(Err("the endpoint is not in the configuration".to_owned()));
        };
        let message_id = Notice::message_id(requested.request.notice, leg, &self.config.message_domain);
        Ok(match transport.render(&message, &address, &message_id) {
            Ok(rendered) => Ok(Rendering {
                template: rendered.template,
                content_type: rendered.content_type.to_owned(),
                message_id,
                sha256: rendered.sha256,
                size: rendered.bytes.len(),
                base64: STANDARD.encode(&rendered.bytes),
                carries: notice.gathered().len(),
            }),
            Err(error) => Err(error.to_string()),
        })
    }

    /// Calls the transport with the bytes that are on record. An error: it was not called.
    async fn hand_over(&self, due: &DueLeg, to: &Destination) -> Result<(u32, Answer), DispatchError> {
        let notice = self.store.load::<Notice>(&due.notice.to_string()).await?.state;
        let leg = notice.leg(due.leg).ok_or(ChangeError::Refused(Refusal::NoLeg(due.leg)))?;
        let refused = |detail: &str| (leg.attempts, Answer::new(Ending::Refused, detail));
        let Some(kept) = &leg.rendered else { return Ok(refused("nothing was rendered")) };
        let Some(transport) = self.transports.get(&to.channel()) else {
            return Ok(refused("the channel is not set up here"));
        };
        let name = match notice.requested() {
            Some(requested) => {
                let folded = self.known.current().await?;
                naming::recipient(&self.config, &folded.owed, &requested.request.recipient)
                    .as_str()
                    .to_owned()
            }
            None => String::new(),
        };
        let Some(address) = naming::address(&self.config, to, &name) else {
            return Ok(refused("the endpoint is not in the configuration"));
        };
        let Ok(bytes) = STANDARD.decode(&kept.bytes) else { return Ok(refused("what was kept is damaged")) };
        let rendered = Rendered {
            bytes: bytes.into(),
            content_type: media_type(&kept.content_type),
            sha256: kept.leg.sha256.clone().unwrap_or_default(),
            template: kept.template.clone(),
        };
        let outgoing = Outgoing {
            notice: due.notice,
            attempt: leg.attempts,
            message_id: &kept.message_id,
            address: &address,
            rendered: &rendered,
        };
        let answer = match transport.send(outgoing).await {
            Sent::Accepted { detail } => Answer::new(Ending::Accepted, detail),
            Sent::Refused { detail } => Answer::new(Ending::Refused, detail),
            Sent::Later { detail, after } => Answer {
                after: after.and_then(|after| SignedDuration::try_from(after).ok()),
                ..Answer::new(Ending::Later, detail)
            },
            Sent::Unknown { detail } => Answer::new(Ending::Unknown, detail),
        };
        Ok((leg.attempts, answer))
    }
}

/// The answer to an attempt that no receiver ever saw: it is made again soon.
fn cut_off() -> Answer {
    Answer { cut_off: true, ..Answer::new(Ending::Later, NOT_HANDED_OVER) }
}

/// The media type as channels name it.
fn media_type(stored: &str) -> &'static str {
    const KNOWN: [&str; 4] =
        ["message/rfc822", "application/json", "application/pdf", "text/plain; charset=utf-8"];
    KNOWN.into_iter().find(|known| *known == stored).unwrap_or("application/octet-stream")
}
