//! What one policy makes of the history.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use countersign_contracts::notice::{Channel, NoticeRequested, Outcome};
use countersign_eventsourcing::timer::TimerEvent;
use countersign_kernel::{
    Actor, DeficiencyId, EncounterId, NoticeId, ProviderId, Timestamp, TrackId, derive_uuid,
};
use countersign_owed::{Owed, OwedItem, Party};
use jiff::SignedDuration;
use uuid::Uuid;

use super::charts::Charts;
use crate::domain::{
    acts::{Act, Command, Refusal, decide_act},
    coverage::guarded,
    events::{NoticeAnswered, SuspensionProposed, TrackEvent},
    policy::{Policy, PolicySet},
    standing::{alone, standing},
    step::{Context, Recipients, Why, look, may_matter},
    track::{Track, track_id},
};

/// How the world around the policy behaves.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ideal {
    pub(super) delivered_after: SignedDuration,
    pub(super) confirmed_after: Option<SignedDuration>,
}

/// Something that happened to somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Happened {
    pub(super) track: TrackId,
    pub(super) party: Party,
    pub(super) provider: ProviderId,
    pub(super) step: String,
    pub(super) at: Timestamp,
    pub(super) counting: u32,
    pub(super) oldest_days: u32,
    /// Services that would have had nobody left.
    pub(super) uncovered: Vec<String>,
}

/// A confirmation that waits for an override, as it is told of.
pub(super) const OVERRIDE_NEEDED: &str = "override-needed";
/// A proposal, likewise.
pub(super) const PROPOSED: &str = "suspension-proposed";
/// A suspension in force, likewise.
pub(super) const SUSPENDED: &str = "suspended";
/// Its end, likewise.
pub(super) const REINSTATED: &str = "reinstated";

/// A stretch in which somebody was suspended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stretch {
    pub(super) party: Party,
    pub(super) from: Timestamp,
    /// Its end, if it came.
    pub(super) until: Option<Timestamp>,
}

/// Something that is to happen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Coming {
    /// A notice arrives.
    Delivery(NoticeId, Option<Channel>),
    /// Leadership decides about a proposal.
    Decision(u32, String),
    /// A timer.
    Timer,
}

/// One policy on the history.
pub(super) struct World {
    pub(super) policy: Arc<PolicySet>,
    ideal: Ideal,
    tracks: HashMap<Party, Track>,
    coming: BTreeSet<(Timestamp, Party, Coming)>,
    /// When the timer of each party is due.
    timers: BTreeMap<Party, Timestamp>,
    pub(super) happened: Vec<Happened>,
    /// Suspensions, in order of their beginning.
    pub(super) suspensions: Vec<Stretch>,
    /// Who is suspended at a facility now, and which of the suspensions it is.
    suspended: HashMap<String, BTreeMap<Uuid, usize>>,
    /// The watch over the regulatory limit.
    pub(super) charts: Charts,
    pub(super) notices: u64,
    pub(super) opened: u64,
    /// How often a track was looked at.
    pub(super) looks: u64,
}

impl World {
    pub(super) fn new(policy: Arc<PolicySet>, ideal: Ideal) -> Self {
        Self {
            policy,
            ideal,
            tracks: HashMap::new(),
            coming: BTreeSet::new(),
            timers: BTreeMap::new(),
            happened: Vec::new(),
            suspensions: Vec::new(),
            suspended: HashMap::new(),
            charts: Charts::default(),
            notices: 0,
            opened: 0,
            looks: 0,
        }
    }

    /// Lets everything happen that is to come up to an instant, in order.
    pub(super) fn pass(&mut self, owed: &Owed, until: Timestamp) {
        while let Some((at, party, what)) = self.coming.first().filter(|(at, ..)| *at <= until).cloned() {
            self.coming.pop_first();
            match what {
                Coming::Timer => {
                    self.timers.remove(&party);
                    self.fire(owed, &party, at);
                }
                Coming::Delivery(notice, channel) => {
                    let answered = NoticeAnswered {
                        notice,
                        channel,
                        // The one outcome that every policy takes for a proof, on every channel.
                        outcome: Outcome::Read,
                        at,
                        sha256: None,
                        detail: None,
                    };
                    self.happens(&party, &[TrackEvent::NoticeAnswered(answered)]);
                    self.look(owed, &party, Why::Time, at);
                }
                Coming::Decision(proposal, sha256) => self.confirm(owed, &party, proposal, &sha256, at),
            }
        }
        self.charts.pass(&self.policy, owed, until);
    }

    /// Looks at the watch of a chart, whose item has changed.
    pub(super) fn look_at_chart(&mut self, owed: &Owed, chart: EncounterId, now: Timestamp) {
        self.charts.look(&self.policy, owed, chart, now);
    }

    fn fire(&mut self, owed: &Owed, party: &Party, at: Timestamp) {
        let Some(track) = self.tracks.get(party) else { return };
        let timer = track.ladder_timer();
        let arming = track.timers.get(timer).map(|armed| armed.arming);
        let fired = arming.and_then(|arming| track.timers.fire(timer, arming, at, 0));
        if let Some(fired) = fired {
            self.happens(party, &[TrackEvent::Timer(fired)]);
        }
        self.look(owed, party, Why::Time, at);
    }

    /// Looks at a party: the same core as in the service, on facts that are as fresh as can be.
    pub(super) fn look(&mut self, owed: &Owed, party: &Party, why: Why, now: Timestamp) {
        self.looks += 1;
        let events = {
            let known = self.tracks.get(party);
            if known.is_none() && owed.items_of(party.provider, &party.facility).is_empty() {
                return;
            }
            let fresh;
            let track = if let Some(track) = known {
                track
            } else {
                fresh = Track::new(track_id(party.provider, &party.facility));
                &fresh
            };
            let events = self
                .within(owed, party, track, (why, now), &[], |policy, context| look(track, policy, context));
            // Who would be left is asked where it says something, as the service does.
            let proposes = events.iter().any(|event| matches!(event, TrackEvent::SuspensionProposed(_)));
            let uncovered = if proposes { self.uncovered(owed, party, now) } else { Vec::new() };
            if uncovered.is_empty() {
                events
            } else {
                self.within(owed, party, track, (why, now), &uncovered, |policy, context| {
                    look(track, policy, context)
                })
            }
        };
        self.happens(party, &events);
    }

    /// Looks at a party if the change of an item can make anything happen, as the service does.
    pub(super) fn look_at_item(&mut self, owed: &Owed, party: &Party, id: DeficiencyId, now: Timestamp) {
        if self.may_matter(owed, party, id, now) {
            self.look(owed, party, Why::Item(id), now);
        }
    }

    fn may_matter(&self, owed: &Owed, party: &Party, id: DeficiencyId, now: Timestamp) -> bool {
        let policy = self.policy.of(&party.facility);
        let (Some(track), Some(item)) = (self.tracks.get(party), owed.item(id)) else { return true };
        let Some(item) = alone(owed.directory(), item, policy, now) else { return true };
        let still_owes = owed.open_items_of(party.provider, &party.facility).iter().any(|open| {
            policy.is_about(&open.changed.rule, &open.changed.document_type) && !open.is_chart_level()
        });
        may_matter(track, policy, &item, still_owes, now)
    }

    /// Items that a track still asks about, were it looked at for any reason.
    pub(super) fn asked_about(&self) -> BTreeSet<DeficiencyId> {
        self.tracks.values().flat_map(|track| track.asked_about(Why::Anything)).collect()
    }

    fn confirm(&mut self, owed: &Owed, party: &Party, proposal: u32, sha256: &str, now: Timestamp) {
        let policy = self.policy.of(&party.facility);
        let roles: Vec<_> = policy.suspension.approver_roles.iter().copied().collect();
        for number in 0..policy.suspension.approvals.max(1) {
            let Some(track) = self.tracks.get(party) else { return };
            let act = Act {
                id: derive_uuid(
                    "simulated",
                    &[&track.id.to_string(), &proposal.to_string(), &number.to_string()],
                ),
                actor: Actor::new(format!("simulated-{number}"), roles.clone()),
                why: "simulated".to_owned(),
                command: Command::Confirm {
                    proposal,
                    packet_sha256: sha256.to_owned(),
                    exempt: Vec::new(),
                    override_coverage: false,
                },
            };
            let uncovered = self.uncovered(owed, party, now);
            let decided =
                self.within(owed, party, track, (Why::Anything, now), &uncovered, |policy, context| {
                    decide_act(track, policy, &act, context)
                });
            match decided {
                Ok(events) => self.happens(party, &events),
                // Only the chief medical officer could decide that, and nobody is there to ask.
                Err(Refusal::Uncovered { services }) => {
                    let (id, provider) = (track.id, provider_of(track, party));
                    self.happened.push(Happened {
                        track: id,
                        party: party.clone(),
                        provider,
                        step: OVERRIDE_NEEDED.to_owned(),
                        at: now,
                        counting: 0,
                        oldest_days: 0,
                        uncovered: services,
                    });
                    return;
                }
                // What is refused does not happen.
                Err(_) => return,
            }
        }
    }

    /// The services that a provider's suspension would leave without anybody (guard e).
    fn uncovered(&self, owed: &Owed, party: &Party, now: Timestamp) -> Vec<String> {
        let guarded = guarded(self.policy.of(&party.facility), owed.directory(), party, now);
        let Some(guarded) = guarded else { return Vec::new() };
        let suspended = self.suspended.get(&party.facility);
        let suspended = suspended.into_iter().flat_map(|them| them.keys().copied()).collect();
        guarded.uncovered_without(&suspended)
    }

    fn within<T>(
        &self,
        owed: &Owed,
        party: &Party,
        track: &Track,
        (why, now): (Why, Timestamp),
        uncovered: &[String],
        decide: impl FnOnce(&Policy, &Context<'_>) -> T,
    ) -> T {
        let (policy, directory) = (self.policy.of(&party.facility), owed.directory());
        let people = &directory.people;
        let seen = standing(owed, party, policy, now, (directory.upto, true), &track.asked_about(why));
        let named = || owed.items_of(party.provider, &party.facility).into_iter().find_map(OwedItem::named);
        let provider =
            people.id_of(party.provider).cloned().or_else(|| track.provider.clone()).or_else(named);
        let recipients = Recipients {
            provider: provider
                .unwrap_or_else(|| ProviderId { id: party.provider.to_string(), authority: String::new() }),
            chair: directory.chair_of(party.provider, &party.facility, now).cloned(),
            delegate: people.delegate_of(party.provider, now).cloned(),
        };
        let context = Context {
            standing: &seen,
            days: directory.places.days(&party.facility),
            facility: &party.facility,
            provider_key: party.provider,
            recipients,
            clock_trusted: true,
            settles_until: None,
            many_would_move: None,
            uncovered: uncovered.to_vec(),
        };
        decide(policy, &context)
    }

    fn happens(&mut self, party: &Party, events: &[TrackEvent]) {
        if events.is_empty() {
            return;
        }
        let id = track_id(party.provider, &party.facility);
        let mut track = self.tracks.remove(party).unwrap_or_else(|| Track::new(id));
        for event in events {
            track.evolve(event);
            self.takes_note(party, &track, event);
        }
        self.tracks.insert(party.clone(), track);
    }

    fn takes_note(&mut self, party: &Party, track: &Track, event: &TrackEvent) {
        let mut happened = |step: &str, at: Timestamp, counting: usize, oldest_days: Option<u32>| {
            self.happened.push(Happened {
                track: track.id,
                party: party.clone(),
                provider: provider_of(track, party),
                step: step.to_owned(),
                at,
                counting: u32::try_from(counting).unwrap_or(u32::MAX),
                oldest_days: oldest_days.unwrap_or(0),
                uncovered: Vec::new(),
            });
        };
        match event {
            TrackEvent::Opened(_) => self.opened += 1,
            TrackEvent::StepTaken(step) => {
                let oldest = step.seen.counting().map(|item| item.age_days).max();
                happened(&step.step, step.at, step.seen.counting().count(), oldest);
            }
            TrackEvent::SuspensionProposed(proposed) => {
                let items = &proposed.packet.items;
                let oldest = items.counting().map(|item| item.age_days).max();
                happened(PROPOSED, proposed.at, items.counting().count(), oldest);
                if let Some(last) = self.happened.last_mut() {
                    last.uncovered.clone_from(&proposed.uncovered);
                }
                self.comes_to_leadership(party, proposed);
            }
            TrackEvent::Suspended(suspended) => {
                happened(SUSPENDED, suspended.from, suspended.items.len(), None);
                let here = self.suspended.entry(party.facility.clone()).or_default();
                here.insert(party.provider, self.suspensions.len());
                let stretch = Stretch { party: party.clone(), from: suspended.from, until: None };
                self.suspensions.push(stretch);
            }
            TrackEvent::Reinstated(reinstated) => {
                happened(REINSTATED, reinstated.until, 0, None);
                let here = self.suspended.get_mut(&party.facility);
                if let Some(number) = here.and_then(|here| here.remove(&party.provider)) {
                    self.suspensions[number].until = Some(reinstated.until);
                }
            }
            TrackEvent::NoticeRequested(asked) => {
                self.notices += 1;
                self.sends(party, asked);
            }
            TrackEvent::Timer(TimerEvent::Armed(armed)) => self.arm(party, Some(armed.due_at)),
            TrackEvent::Timer(_) => self.arm(party, None),
            _ => {}
        }
    }

    fn arm(&mut self, party: &Party, due: Option<Timestamp>) {
        if let Some(before) = self.timers.remove(party) {
            self.coming.remove(&(before, party.clone(), Coming::Timer));
        }
        if let Some(due) = due {
            self.timers.insert(party.clone(), due);
            self.coming.insert((due, party.clone(), Coming::Timer));
        }
    }

    fn sends(&mut self, party: &Party, asked: &NoticeRequested) {
        let at = asked.requested_at.checked_add(self.ideal.delivered_after).unwrap_or(Timestamp::MAX);
        let arrives = Coming::Delivery(asked.notice, asked.channels.first().copied());
        self.coming.insert((at, party.clone(), arrives));
    }

    fn comes_to_leadership(&mut self, party: &Party, proposed: &SuspensionProposed) {
        let Some(after) = self.ideal.confirmed_after else { return };
        let at = proposed.at.checked_add(after).unwrap_or(Timestamp::MAX);
        let decision = Coming::Decision(proposed.proposal, proposed.packet.sha256.clone());
        self.coming.insert((at, party.clone(), decision));
    }
}

fn provider_of(track: &Track, party: &Party) -> ProviderId {
    let unknown = || ProviderId { id: party.provider.to_string(), authority: String::new() };
    track.provider.clone().unwrap_or_else(unknown)
}
