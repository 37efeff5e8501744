//! The chart of one encounter as the hospital has told it by the end of the run.

use jiff::Timestamp;

use crate::{
    hospital::World,
    staff::ProviderIndex,
    story::{Act, Class, Completion, Document, Event, Signatures, Story, Trigger, What},
};

/// A discharge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Discharge {
    pub(super) at: Timestamp,
    pub(super) class: Class,
    pub(super) died: bool,
    /// An A13 took it back then.
    pub(super) cancelled: Option<Timestamp>,
}

/// A document as it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paper {
    /// Index in the story.
    pub(super) index: usize,
    pub(super) document: Document,
    /// Dictated or better since. A replacement is present since what it replaces was.
    pub(super) present: Option<Timestamp>,
    /// Can be signed since.
    pub(super) available: Option<Timestamp>,
    /// The author's valid signature.
    pub(super) signed: Option<Timestamp>,
    pub(super) cosigned: Option<Timestamp>,
    /// Unfinished (IP, IN) since, until it became present.
    pub(super) unfinished: Option<Timestamp>,
    /// Replaced (T10) or withdrawn (T11) since.
    pub(super) ended: Option<Timestamp>,
}

impl Paper {
    /// Stands in the chart.
    pub(super) fn valid(&self) -> bool {
        self.ended.is_none() && !self.document.addendum
    }

    /// Author and authenticator are known and two different people.
    pub(super) fn needs_cosigner(&self) -> bool {
        matches!((self.document.author, self.document.authenticator), (Some(a), Some(b)) if a != b)
    }
}

/// What is known of an encounter.
#[derive(Debug)]
pub(super) struct Chart<'a> {
    pub(super) story: &'a Story,
    /// Class since when; the first entry is the booking or the admission.
    pub(super) classes: Vec<(Timestamp, Class)>,
    /// Attending since when.
    pub(super) attendings: Vec<(Timestamp, ProviderIndex)>,
    /// In order; only the last may stand.
    pub(super) discharges: Vec<Discharge>,
    /// A11.
    pub(super) cancelled: Option<Timestamp>,
    /// Operations that were told, by index.
    pub(super) operations: Vec<usize>,
    pub(super) papers: Vec<Paper>,
}

impl<'a> Chart<'a> {
    /// Takes in what was entered before the end of the run, in order of occurrence.
    pub(super) fn read(world: &World, story: &'a Story) -> Self {
        let mut chart = Self {
            story,
            classes: Vec::new(),
            attendings: Vec::new(),
            discharges: Vec::new(),
            cancelled: None,
            operations: Vec::new(),
            papers: Vec::new(),
        };
        for event in story.events.iter().filter(|event| event.recorded < world.end) {
            match event.what {
                What::Visit(visit) => {
                    let at = event.occurred;
                    chart.classes.extend(visit.class.map(|class| (at, class)));
                    chart.attendings.extend(visit.attending.map(|attending| (at, attending)));
                    match visit.trigger {
                        Trigger::A03 => chart.discharges.push(Discharge {
                            at,
                            class: event.scene.class,
                            died: visit.died,
                            cancelled: None,
                        }),
                        Trigger::A13 => {
                            if let Some(last) = chart.discharges.last_mut() {
                                last.cancelled = Some(at);
                            }
                        }
                        Trigger::A11 => chart.cancelled = Some(at),
                        _ => {}
                    }
                    if visit.procedures {
                        chart.operations = (0..story.procedures.len())
                            .filter(|index| {
                                chart.operations.contains(index) || story.procedures[*index].end() <= at
                            })
                            .collect();
                    }
                }
                What::Document { document, act, completion, signatures, .. } => {
                    chart.take(event, document, act, completion, signatures);
                }
            }
        }
        chart
    }

    fn take(
        &mut self,
        event: &Event,
        index: usize,
        act: Act,
        completion: Completion,
        signatures: Signatures,
    ) {
        let at = event.occurred;
        let document = self.story.documents[index];
        let known = self.papers.iter().position(|paper| paper.index == index);
        let position = known.unwrap_or_else(|| {
            self.papers.push(Paper {
                index,
                document,
                present: None,
                available: None,
                signed: None,
                cosigned: None,
                unfinished: None,
                ended: None,
            });
            self.papers.len() - 1
        });
        let mut replaced_present = None;
        if act == Act::Replaced
            && let Some(old) = self.papers.iter_mut().find(|paper| Some(paper.index) == document.parent)
        {
            old.ended = Some(at);
            replaced_present = old.present;
        }
        let paper = &mut self.papers[position];
        if act == Act::Cancelled {
            paper.ended = Some(at);
            return;
        }
        if completion.unfinished() {
            paper.unfinished = paper.unfinished.or(Some(at));
        } else {
            paper.present = paper.present.or(replaced_present).or(Some(at));
        }
        if completion.available() {
            paper.available = paper.available.or(Some(at));
        }
        if !completion.signed() {
            // An edit takes the signature away; before a signature there is nothing to take.
            paper.signed = None;
            return;
        }
        paper.signed = paper.signed.or_else(|| Some(signatures.author.map_or(at, |(_, time)| time)));
        if paper.needs_cosigner() {
            let legally = completion == Completion::LegallyAuthenticated;
            let named = signatures.cosigner.map(|(_, time)| time);
            paper.cosigned = paper.cosigned.or(named).or(legally.then_some(at));
        }
    }

    /// A chart that has to be completed at some time.
    pub(super) fn has_rules(&self) -> bool {
        self.classes.iter().any(|(_, class)| class.has_rules())
    }

    /// Since when the patient has first been of this class.
    pub(super) fn since(&self, class: Class) -> Option<Timestamp> {
        self.classes.iter().find(|(_, of)| *of == class).map(|(at, _)| *at)
    }

    /// Until when the class that began at `since` lasted; none if it still does.
    pub(super) fn until(&self, since: Timestamp) -> Option<Timestamp> {
        let changed = self.classes.iter().map(|(at, _)| *at).find(|at| *at > since);
        let left = self.standing_discharge().map(|discharge| discharge.at);
        [changed, left, self.cancelled].into_iter().flatten().min()
    }

    /// The discharge that holds.
    pub(super) fn standing_discharge(&self) -> Option<Discharge> {
        self.discharges.last().copied().filter(|discharge| discharge.cancelled.is_none())
    }

    /// The attending as told for an instant, else the admitting physician.
    pub(super) fn attending(&self, at: Timestamp) -> ProviderIndex {
        let told = self.attendings.iter().rev().find(|(since, _)| *since <= at);
        told.map_or(self.story.admitting, |(_, attending)| *attending)
    }
}
