//! Which requirements arose, changed and closed, as the visit went on.
//!
//! The facts are taken in the order in which they happened. After each of them the rules say what must
//! exist; the ledger follows. So the result depends on the facts alone, not on the order of their arrival,
//! and what was owed at any past instant can be asked the same way.

mod asked;
mod entry;
mod procedures;
mod required;
mod responsible;
mod waking;

use std::collections::BTreeMap;

use countersign_contracts::{
    chart::{ChartFact, DocumentType, EncounterKey, What},
    deficiency::DeficiencyStatus,
};
use countersign_kernel::{DeficiencyId, Person, Timestamp};
use jiff::{SignedDuration, tz::TimeZone};

use self::{
    asked::Asked,
    entry::Entry,
    required::{Required, required},
    waking::wake_at,
};
use super::{
    acts::Item,
    chart::{Chart, Known, Source},
    events::{Deficiency, FactRef},
    people::Directory,
    reference::Reference,
    rules::{Anchor, Requirement, Rule},
    site::Site,
    state::KnownFact,
};

/// The visit and everything owed in it, as the facts have it.
pub struct Outcome {
    /// The visit.
    pub chart: Chart,
    /// Everything owed, past and present.
    pub deficiencies: BTreeMap<DeficiencyId, Deficiency>,
    /// When a requirement may arise, or somebody cease to be responsible, without any message.
    pub wake_at: Option<Timestamp>,
}

/// Somebody decided that from this instant on the chart is judged by another version of the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RulesApplied {
    /// When that was decided.
    pub at: Timestamp,
    /// The version.
    pub version: u32,
}

/// What people decided, as far as requirements depend on it.
#[derive(Clone, Copy)]
pub struct Decided<'a> {
    /// Other versions of the rules, in the order of time.
    pub applied: &'a [RulesApplied],
    /// Who was given which item: that person's signature is as good as the assigned one's.
    pub assigned: &'a [(&'a Item, &'a Person)],
}

/// What the rules are asked in.
struct Context<'a> {
    assigned: &'a [(&'a Item, &'a Person)],
    encounter: &'a EncounterKey,
    zone: &'a TimeZone,
    directory: &'a Directory,
    site: &'a Site,
}

impl Context<'_> {
    fn jurisdiction(&self) -> Option<&str> {
        self.site.jurisdiction(&self.encounter.facility)
    }
}

/// Takes the facts in order. `passed` is the latest instant known to have passed.
pub fn fold(
    encounter: &EncounterKey,
    zone: &TimeZone,
    facts: &[KnownFact<'_>],
    decided: Decided<'_>,
    passed: Option<Timestamp>,
    reference: &Reference,
) -> Outcome {
    let Decided { applied, assigned } = decided;
    let context =
        Context { assigned, encounter, zone, directory: &reference.directory, site: &reference.site };
    let earliest = facts.iter().map(|known| earliest(known.fact)).min();
    let mut ledger = Ledger::new(asked::in_force(reference, context.jurisdiction(), earliest), context);
    let mut chart = Chart::default();
    let mut now = Timestamp::MIN;
    let mut applied = applied.iter().peekable();
    for (number, KnownFact { fact, .. }) in facts.iter().enumerate() {
        let at = fact.occurred_at;
        while let Some(next) = applied.next_if(|next| next.at < at) {
            ledger.pass(&chart, &mut now, next.at);
            ledger.apply_rules(*next, reference, &chart, now);
        }
        ledger.pass(&chart, &mut now, at);
        // What arises at an instant by the passing of time arises after everything that happened at it.
        now = now.max(at.saturating_sub(SignedDuration::from_nanos(1)).unwrap_or(at));
        let kinds = kinds_concerned(&chart, fact);
        if chart.take(number, fact) {
            ledger.settle(&chart, now, Some((number, fact)), |_| true);
        } else if ledger.asked.iter().any(|asked| asked.concerns(&kinds)) {
            ledger.settle(&chart, now, Some((number, fact)), |asked| {
                asked.rule.requires == Requirement::ChartComplete || asked.concerns(&kinds)
            });
        }
    }
    for next in applied {
        ledger.pass(&chart, &mut now, next.at);
        ledger.apply_rules(*next, reference, &chart, now);
    }
    if let Some(passed) = passed {
        let after = passed.saturating_add(SignedDuration::from_nanos(1)).unwrap_or(passed);
        ledger.pass(&chart, &mut now, after);
    }
    let wake_at = ledger.wake_at(&chart, now);
    // A visit that continues under another number is counted there, and only there.
    let deficiencies = if chart.continues_as.is_some() { BTreeMap::new() } else { ledger.close(facts) };
    Outcome { chart, deficiencies, wake_at }
}

/// The earliest instant that a fact speaks of, as far as a requirement may count from it.
fn earliest(fact: &ChartFact) -> Timestamp {
    let visit = &fact.visit;
    let mut earliest = fact.occurred_at;
    let mut or_at = |at: Option<&Timestamp>| earliest = at.map_or(earliest, |at| earliest.min(*at));
    or_at(visit.admitted_at.value());
    for procedure in &visit.procedures {
        or_at(Some(&procedure.started_at));
    }
    match &fact.what {
        What::Discharged { at, .. } => or_at(Some(at)),
        What::Order(order) => or_at(Some(&order.placed_at)),
        What::Document(document) => document.signatures.iter().for_each(|signed| or_at(Some(&signed.at))),
        _ => {}
    }
    earliest
}

/// The types of the documents that the fact is about: what its document is, what it was, and its parent.
fn kinds_concerned(chart: &Chart, fact: &ChartFact) -> Vec<DocumentType> {
    let What::Document(about) = &fact.what else { return Vec::new() };
    let known = [Some(&about.number), about.parent.as_ref()].into_iter().flatten();
    let known = known.filter_map(|number| chart.documents.get(number)).map(|known| &known.document_type);
    known.chain([&about.document_type]).cloned().collect()
}

/// Why an item falls away when another version is applied.
fn not_asked(entry: &Entry, applied: RulesApplied) -> Known<Timestamp> {
    let says =
        format!("version {} of the rules, applied to this chart, does not ask for it", applied.version);
    Known { value: applied.at.max(entry.opened_at), from: entry.anchor_source().saying(says) }
}

struct Ledger<'a> {
    asked: Vec<Asked<'a>>,
    /// By rule asked, in that order.
    entries: Vec<Vec<Entry>>,
    /// How often the chart was looked at.
    looks: usize,
    context: Context<'a>,
}

impl<'a> Ledger<'a> {
    fn new(asked: Vec<Asked<'a>>, context: Context<'a>) -> Self {
        Self { entries: asked.iter().map(|_| Vec::new()).collect(), asked, looks: 0, context }
    }

    /// Lets the requirements arise that arose by the mere passing of time before `until`.
    fn pass(&mut self, chart: &Chart, now: &mut Timestamp, until: Timestamp) {
        while let Some(due) = self.wake_at(chart, *now).filter(|due| *due < until) {
            *now = due;
            self.settle(chart, due, None, |_| true);
        }
    }

    /// The next instant at which something changes though nothing is reported.
    fn wake_at(&self, chart: &Chart, now: Timestamp) -> Option<Timestamp> {
        let people = self
            .entries
            .iter()
            .flatten()
            .filter(|entry| {
                entry.status == DeficiencyStatus::Open || entry.status == DeficiencyStatus::Dormant
            })
            .filter_map(|entry| self.context.directory.next_change(entry.responsible.as_ref()?, now))
            .min();
        [wake_at(chart, &self.asked, &self.context, now), people].into_iter().flatten().min()
    }

    /// From now on another version judges: what is done stays as it is, what is owed goes over to it.
    fn apply_rules(
        &mut self,
        applied: RulesApplied,
        reference: &'a Reference,
        chart: &Chart,
        now: Timestamp,
    ) {
        let Some(rules) = reference.versions.get(&applied.version) else { return };
        let first = self.asked.len();
        for asked in &mut self.asked {
            asked.freeze();
        }
        for rule in rules.of(self.context.jurisdiction()) {
            self.asked.push(Asked::everything(rule, applied.version));
            self.entries.push(Vec::new());
        }
        for index in 0..first {
            let id = &self.asked[index].rule.id;
            let successor = (first..self.asked.len()).find(|new| self.asked[*new].rule.id == *id);
            let owed = |entry: &mut Entry| entry.owed();
            let moving: Vec<Entry> = self.entries[index].extract_if(.., owed).collect();
            for mut entry in moving {
                if let Some(new) = successor {
                    self.entries[new].push(entry);
                    continue;
                }
                if entry.status == DeficiencyStatus::Dormant {
                    continue;
                }
                entry.void(not_asked(&entry, applied));
                entry.retired = true;
                self.entries[index].push(entry);
            }
        }
        self.settle(chart, now.max(applied.at), None, |_| true);
        // What the version does not ask for here falls away though no fact said so.
        for entries in &mut self.entries[first..] {
            entries.retain(|entry| entry.required || entry.status != DeficiencyStatus::Dormant);
            for entry in entries.iter_mut().filter(|entry| !entry.required && entry.owed()) {
                entry.void(not_asked(entry, applied));
            }
        }
    }

    /// Brings the ledger into line with the chart at one moment, after this fact or after time passed, for the
    /// rules that are concerned.
    fn settle(
        &mut self,
        chart: &Chart,
        now: Timestamp,
        cause: Option<(usize, &ChartFact)>,
        concerned: impl Fn(&Asked<'_>) -> bool,
    ) {
        self.looks += 1;
        // The complete chart is judged last: it depends on everything else.
        for whole in [false, true] {
            for index in 0..self.asked.len() {
                let asked = &self.asked[index];
                let about_whole = asked.rule.requires == Requirement::ChartComplete;
                if about_whole == whole && concerned(asked) {
                    self.settle_one(index, chart, now, cause);
                }
            }
        }
    }

    fn settle_one(
        &mut self,
        index: usize,
        chart: &Chart,
        now: Timestamp,
        cause: Option<(usize, &ChartFact)>,
    ) {
        let asked = &self.asked[index];
        let rule = asked.rule;
        let items = match &rule.requires {
            Requirement::ChartComplete => self.chart_complete(chart, rule),
            _ => required(chart, rule, &self.context, now),
        };
        let items: Vec<Required<'_>> = items
            .into_iter()
            .filter(|item| {
                let subject = item.subject.as_deref();
                let has = |entries: &[Entry]| entries.iter().any(|entry| entry.is_about(subject));
                let mine = self.entries[index].iter().any(|entry| entry.is_about(subject) && !entry.retired);
                let others = || {
                    let earlier = self.asked.iter().zip(&self.entries).take(index);
                    earlier.filter(|(other, _)| other.rule.id == rule.id).any(|(_, entries)| has(entries))
                };
                asked.admits(item.known_since, mine, others)
            })
            .collect();
        let looks = self.looks;
        let entries = &mut self.entries[index];
        for entry in entries.iter_mut() {
            entry.required = false;
        }
        for item in items {
            match entries.iter_mut().find(|entry| entry.is_about(item.subject.as_deref())) {
                Some(entry) => {
                    entry.note_reopening(&item, cause.map_or(now, |(_, fact)| fact.occurred_at));
                    entry.update(item);
                }
                None => entries.push(Entry::open(item)),
            }
        }
        for entry in entries.iter_mut().filter(|entry| entry.required) {
            entry.last_required = looks;
        }
        // What was done stays done, but of a discharge that was taken back nothing stays.
        let undone = rule.anchor == Anchor::Discharge && chart.discharged.is_none() && chart.stands();
        let Some((number, fact)) = cause else { return };
        // What only waited was never owed by anybody: it goes as it came.
        entries.retain(|entry| entry.required || entry.status != DeficiencyStatus::Dormant);
        for entry in entries.iter_mut().filter(|entry| !entry.required && entry.falls_away(undone)) {
            let says = format!("the requirement fell away with {}", fact.trigger);
            entry.void(Known {
                value: fact.occurred_at.max(entry.opened_at),
                from: Source::new(number, says),
            });
        }
    }

    /// The chart as a whole: complete since the last of its items closed, though not before the discharge.
    fn chart_complete<'c>(&self, chart: &'c Chart, rule: &Rule) -> Vec<Required<'c>> {
        let Some(discharged) = required::discharged(chart, rule, &self.context) else { return Vec::new() };
        let items = || {
            let rules = self.asked.iter().zip(&self.entries);
            rules
                .filter(|(asked, _)| asked.rule.requires != Requirement::ChartComplete)
                .flat_map(|(asked, entries)| entries.iter().map(move |entry| (asked.rule, entry)))
        };
        let met = (!items().any(|(_, entry)| entry.owed())).then(|| {
            let last = items()
                .filter_map(|(rule, entry)| Some((entry.closed.as_ref()?, rule)))
                .filter(|(closed, _)| closed.value > discharged.value)
                .max_by_key(|(closed, _)| closed.value);
            match last {
                Some((closed, rule)) => Known {
                    value: closed.value,
                    from: Source::new(closed.from.fact, format!("last required item closed ({})", rule.id)),
                },
                None => Known {
                    value: discharged.value,
                    from: Source::new(discharged.from.fact, "nothing was open at discharge"),
                },
            }
        });
        vec![Required::since(None, discharged.clone(), met).owed_by(None, "owed by the facility")]
    }

    /// What is owed, with due instants and the facts that it rests on.
    fn close(self, facts: &[KnownFact<'_>]) -> BTreeMap<DeficiencyId, Deficiency> {
        let Self { asked, entries, context, .. } = self;
        let encounter = context.encounter.id().to_string();
        let calendar = context.site.calendar(&context.encounter.facility);
        let fact_ref = |source: &Source| FactRef {
            says: source.says.clone().into_owned(),
            message: facts[source.fact].message,
            trigger: facts[source.fact].fact.trigger.clone(),
            occurred_at: facts[source.fact].fact.occurred_at,
        };
        let mut all: BTreeMap<DeficiencyId, (usize, Deficiency)> = BTreeMap::new();
        for (asked, entry) in asked
            .iter()
            .zip(entries)
            .flat_map(|(asked, entries)| entries.into_iter().map(move |entry| (asked, entry)))
        {
            let rule = asked.rule;
            let subject = entry.subject.as_deref().unwrap_or("");
            let from = [entry.anchor.as_ref(), entry.closed.as_ref()];
            let matched = from.into_iter().flatten().map(|known| fact_ref(&known.from)).collect();
            let closed = entry.closed.map(|closed| (closed.value, closed.from.says.into_owned()));
            let (closed_at, closed_because) = closed.unzip();
            let anchor_at = entry.anchor.map(|anchor| anchor.value);
            let after = |limit: super::rules::Limit| {
                anchor_at.map(|anchor| limit.after(anchor, context.zone, calendar))
            };
            let deficiency = Deficiency {
                id: DeficiencyId::derive(&[&encounter, &rule.id, subject]),
                rule: rule.id.clone(),
                rule_version: asked.version,
                document_type: rule.requires.document_type().to_owned(),
                title: None,
                responsible: entry.responsible,
                responsible_because: entry.because.into_owned(),
                status: entry.status,
                anchor_at,
                due_at: after(rule.due),
                target_at: rule.target.and_then(after),
                delinquent_at: rule.delinquent_after.and_then(after),
                limit: Some(rule.due),
                dormant_since: entry.dormant_since,
                waits_for: entry.waits_for,
                opened_at: entry.opened_at,
                closed_at,
                closed_because,
                holds_bill: rule.holds_bill,
                matched,
                subject: entry.subject,
                pauses: Vec::new(),
                dispute: None,
                open_before: entry.open_before,
                reopened_at: entry.reopened_at,
            };
            // A requirement that went over to another version of the rules is what that one says.
            let known = all.get(&deficiency.id).is_some_and(|(last, _)| *last > entry.last_required);
            if !known {
                all.insert(deficiency.id, (entry.last_required, deficiency));
            }
        }
        all.into_iter().map(|(id, (_, deficiency))| (id, deficiency)).collect()
    }
}
