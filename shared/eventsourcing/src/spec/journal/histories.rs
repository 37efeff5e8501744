//! Random histories: whatever is appended, the journal answers and holds what a plain list in memory says.

use super::{Store, event, read_everything, read_stream, recorded_ids};
use crate::journal::{AppendError, Expected, Filter, NewEvent, Position, StreamName};

/// One append of a random history. Plain numbers, so that any generator can make and shrink them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Which of the streams is appended to (modulo their number).
    pub stream: u8,
    /// What is expected: 0 anything, 1 no stream, 2 the true revision, other: that revision plus or minus.
    pub expected: u8,
    /// How many events are new (modulo 4).
    pub new: u8,
    /// How many events already in the stream are put before the new ones (modulo 4).
    pub old: u8,
    /// Where in the stream the old ones begin (modulo its length).
    pub from: u8,
}

const CATEGORIES: [&str; 3] = ["even", "odd", "oddity"];

/// The journal of the model: streams of labels, and the order of it all.
#[derive(Default)]
struct Model {
    streams: [Vec<NewEvent>; 5],
    log: Vec<(usize, NewEvent)>,
    positions: Vec<Position>,
    made: usize,
}

impl Model {
    fn name(stream: usize) -> StreamName {
        StreamName::new(CATEGORIES[stream % CATEGORIES.len()], stream)
    }

    fn actual(&self, stream: usize) -> Option<u64> {
        (self.streams[stream].len() as u64).checked_sub(1)
    }

    fn expectation(&self, stream: usize, code: u8) -> Expected {
        match (code % 6, self.actual(stream)) {
            (0, _) => Expected::Any,
            (1, _) | (2, None) => Expected::NoStream,
            (2, Some(actual)) => Expected::Revision(actual),
            (3, actual) => Expected::Revision(actual.unwrap_or(0) + 1),
            (_, actual) => Expected::Revision(actual.unwrap_or(0).saturating_sub(1)),
        }
    }

    fn holds(&self, stream: usize, expected: Expected) -> bool {
        match expected {
            Expected::Any => true,
            Expected::NoStream => self.actual(stream).is_none(),
            Expected::Revision(revision) => self.actual(stream) == Some(revision),
        }
    }
}

/// Runs a history on an empty store and on the model, and compares every answer and every view.
pub async fn agrees_with_the_model(store: &impl Store, steps: &[Step]) {
    let mut journal = store.open().await;
    let mut model = Model::default();
    for (n, step) in steps.iter().enumerate() {
        if n % 16 == 15 {
            journal = store.open().await;
        }
        let stream = usize::from(step.stream) % model.streams.len();
        let name = Model::name(stream);
        let held = &model.streams[stream];
        let from = if held.is_empty() { 0 } else { usize::from(step.from) % held.len() };
        let old: Vec<NewEvent> = held.iter().skip(from).take(usize::from(step.old) % 4).cloned().collect();
        let new: Vec<NewEvent> =
            (0..usize::from(step.new) % 4).map(|k| event(&format!("{}", model.made + k))).collect();
        if old.is_empty() && new.is_empty() {
            continue;
        }
        let expected = model.expectation(stream, step.expected);
        let actual = model.actual(stream);
        let answer = journal.append(name.clone(), expected, [old.clone(), new.clone()].concat()).await;
        if new.is_empty() {
            let appended =
                answer.unwrap_or_else(|error| panic!("step {n} {step:?} is a repetition: {error}"));
            assert!(appended.repeated, "step {n} {step:?}");
            let revision = from + old.len() - 1;
            assert_eq!(appended.revision, revision as u64, "step {n} {step:?}");
            let last = &old[old.len() - 1];
            let at = model.log.iter().position(|(_, event)| event.id == last.id).expect("the model has it");
            assert_eq!(appended.position, model.positions[at], "step {n} {step:?}");
        } else if old.is_empty() && model.holds(stream, expected) {
            let appended = answer.unwrap_or_else(|error| panic!("step {n} {step:?} is right: {error}"));
            assert!(!appended.repeated, "step {n} {step:?}");
            model.made += new.len();
            model.log.extend(new.iter().map(|event| (stream, event.clone())));
            model.streams[stream].extend(new);
            assert_eq!(Some(appended.revision), model.actual(stream), "step {n} {step:?}");
            let (tail, _) = read_everything(
                &*journal,
                model.positions.last().copied().unwrap_or_default(),
                &Filter::All,
                3,
            )
            .await;
            model.positions.extend(tail.iter().map(|event| event.position));
            assert_eq!(model.positions.len(), model.log.len(), "step {n} {step:?}");
            assert_eq!(model.positions.last(), Some(&appended.position), "step {n} {step:?}");
        } else {
            match answer {
                Err(AppendError::Conflict { actual: told, .. }) => {
                    assert_eq!(told, actual, "step {n} {step:?}");
                }
                other => panic!("step {n} {step:?} must conflict, was {other:?}"),
            }
        }
    }
    for stream in 0..model.streams.len() {
        let ids: Vec<_> = model.streams[stream].iter().map(|event| event.id).collect();
        assert_eq!(recorded_ids(&read_stream(&*journal, &Model::name(stream), 0).await), ids);
    }
    for (limit, filter) in [
        (1, Filter::All),
        (7, Filter::All),
        (2, Filter::Categories(vec!["odd"])),
        (5, Filter::Categories(vec!["oddity", "even"])),
    ] {
        let ids: Vec<_> = model
            .log
            .iter()
            .filter(|(stream, _)| filter.admits(Model::name(*stream).category()))
            .map(|(_, event)| event.id)
            .collect();
        let (read, _) = read_everything(&*journal, Position::START, &filter, limit).await;
        assert_eq!(recorded_ids(&read), ids, "{filter:?} in pages of {limit}");
    }
}

/// A fixed set of random histories: the same ones on every run and for every adapter.
pub async fn random_histories_agree_with_the_model(store: impl Store) {
    // SplitMix64, with a seed that was chosen once: a generator of a dozen lines that never changes.
    let mut state: u64 = 0x5eed_0f0d_d1e5;
    let mut byte = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).to_le_bytes()[0]
    };
    let steps: Vec<Step> = (0..200)
        .map(|_| Step {
            stream: byte(),
            expected: byte(),
            new: byte(),
            // Old events in a third of the steps: most histories should grow.
            old: if byte() % 3 == 0 { byte() } else { 0 },
            from: byte(),
        })
        .collect();
    agrees_with_the_model(&store, &steps).await;
}
