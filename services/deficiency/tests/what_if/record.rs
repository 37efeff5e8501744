//! Stories told into an embedded journal, as the service records them.

use std::{num::NonZeroUsize, sync::Arc};

use countersign_deficiency::{
    domain::{events::CHART, rules::RuleSet, state::ChartState},
    recorded::{HistoryError, Recorded, Watch},
    what_if::{Answer, Candidate, Question, compare},
};
use countersign_eventsourcing::journal::{Expected, Journal, Metadata, NewEvent, StreamName};
use countersign_kernel::{EventId, Timestamp};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};
use tempfile::TempDir;
use tokio::runtime::Handle;

use crate::given::{RULES, Story, at, tell};

/// A journal with stories in it.
pub(super) struct Record {
    pub(super) journal: Arc<dyn Journal>,
    _folder: TempDir,
}

impl Record {
    /// The stories, each a chart of its own, message by message in turns.
    pub(super) async fn of(stories: Vec<Story>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = DataFolder::open_exclusive(folder.path(), "test").expect("ours");
        let journal: Arc<dyn Journal> = SqliteJournal::open(data, Options::default()).expect("a journal");
        let record = Self { journal, _folder: folder };
        let mut telling: Vec<_> = stories
            .into_iter()
            .map(|story| (story.into_messages().0.into_iter(), ChartState::default(), 0_u64))
            .collect();
        loop {
            let mut told = false;
            for (messages, state, events) in &mut telling {
                let Some(message) = messages.next() else { continue };
                told = true;
                for event in tell(state, message.command()) {
                    let chart = message.reported.encounter.id();
                    let id = EventId::derive(&[&chart.to_string(), &events.to_string()]);
                    let metadata = Metadata {
                        correlation: id.0,
                        causation: None,
                        traceparent: None,
                        schema: 1,
                        actor: "deficiency".to_owned(),
                        occurred_at: message.reported.received_at,
                        recorded_at: None,
                        received_at: message.reported.received_at,
                    };
                    let event = NewEvent::encode(id, event.kind(), &event, metadata).expect("encodes");
                    let stream = StreamName::new(CHART, chart);
                    record.journal.append(stream, Expected::Any, vec![event]).await.expect("appended");
                    *events += 1;
                }
            }
            if !told {
                return record;
            }
        }
    }

    /// Everything that charts were told.
    pub(super) async fn read(&self) -> Recorded {
        let (journal, runtime) = (Arc::clone(&self.journal), Handle::current());
        let read = move || Recorded::read(journal.as_ref(), &runtime, &Watch::default());
        tokio::task::spawn_blocking(read).await.expect("no panic").expect("read")
    }
}

/// The shipped rules with a piece of one rule's text replaced.
pub(super) fn changed(rule: &str, from: &str, to: &str) -> String {
    let text = RuleSet::DEFAULT_FILE;
    let rule = text.find(&format!("\nid = \"{rule}\"\n")).expect("the rule is shipped");
    let at = text[rule..].find(from).expect("it says so") + rule;
    format!("{}{to}{}", &text[..at], &text[at + from.len()..])
}

/// A question about everything, answered as of the 1st of February.
pub(super) fn question(rules: &str) -> Question {
    Question {
        candidate: Candidate::parse(rules).expect("a rule file"),
        from: None,
        to: Some(at("02-01 00:00")),
        threads: NonZeroUsize::MIN,
    }
}

/// The answer under the shipped rules as the published ones.
pub(super) fn answer(recorded: &Recorded, question: &Question) -> Answer {
    try_answer(recorded, question, &Watch::default()).expect("an answer")
}

pub(super) fn try_answer(
    recorded: &Recorded,
    question: &Question,
    watch: &Watch,
) -> Result<Answer, HistoryError> {
    compare(recorded, &RULES, question, watch)
}

/// `01-05 10:00` of 2026 as the reports show it.
pub(super) fn shown(when: &str) -> Timestamp {
    at(when)
}
