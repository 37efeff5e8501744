//! Charts in words: `given(chart().admitted("01-05 10:00").attending("A1"))`, then what it owes.
//!
//! Every story is told through the full path, one message at a time: decide, evolve, decide. And every story
//! is told again in other orders, with repetitions and with time passing in between: the outcome must be the
//! same. So each spec is also a spec of the law that arrival does not matter.

mod dice;
mod document;
mod story;
mod then;

use std::sync::{Arc, LazyLock};

use countersign_contracts::chart::{ChartFactsReported, EncounterKey};
use countersign_deficiency::domain::{
    decide::{Command, decide},
    events::ChartEvent,
    reference::Reference,
    rules::RuleSet,
    state::ChartState,
};
use countersign_kernel::Timestamp;

pub(crate) use self::{
    dice::Dice,
    document::{DocumentBuilder, history, note, report, summary},
    story::{Story, chart, key},
    then::Then,
};

/// In how many other orders a story is told that is too long for all of them.
const ORDERS: u32 = 50;

/// The shipped rules, always in force.
pub(crate) static RULES: LazyLock<Reference> = LazyLock::new(|| {
    let rules = RuleSet::parse(RuleSet::DEFAULT_FILE).expect("the shipped rules parse");
    Reference::with_rules(Arc::new(rules.numbered(1)))
});

/// `01-05 10:00`, `01-05 10:00:30` (2026, UTC), or an RFC 3339 instant of any year and offset.
pub(crate) fn at(text: &str) -> Timestamp {
    let text = match (text.contains('T'), text.matches(':').count()) {
        (true, _) => text.to_owned(),
        (false, 2) => format!("2026-{}Z", text.replacen(' ', "T", 1)),
        (false, _) => format!("2026-{}:00Z", text.replacen(' ', "T", 1)),
    };
    text.parse().unwrap_or_else(|error| panic!("`{text}` is no instant: {error}"))
}

/// A message for a chart.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) reported: ChartFactsReported,
    pub(crate) adopted_from: Option<EncounterKey>,
}

impl Message {
    pub(crate) fn command(&self) -> Command {
        Command::RecordFacts { reported: self.reported.clone(), adopted_from: self.adopted_from.clone() }
    }
}

/// Decides and evolves. Returns the events.
pub(crate) fn tell(state: &mut ChartState, command: Command) -> Vec<ChartEvent> {
    let events = decide(state, command, &RULES);
    events.iter().cloned().for_each(|event| state.evolve(event));
    events
}

/// Lets time pass up to an instant: the timer comes back until nothing waits any more.
pub(crate) fn pass_time(state: &mut ChartState, now: Timestamp) -> Vec<ChartEvent> {
    let mut all = Vec::new();
    loop {
        let events = tell(state, Command::PassTime { now });
        if events.is_empty() {
            return all;
        }
        all.extend(events);
    }
}

/// Tells messages in this order; then time has passed up to `now`.
pub(crate) fn told<'a>(messages: impl IntoIterator<Item = &'a Message>, now: Timestamp) -> ChartState {
    let mut state = ChartState::default();
    for message in messages {
        tell(&mut state, message.command());
    }
    pass_time(&mut state, now);
    state
}

/// Tells the story in order, and proves that every other order (50 of them for a long story), with
/// repetitions, ends in the same chart and the same deficiencies.
pub(crate) fn given(story: Story) -> Then {
    let (messages, now) = story.into_messages();
    let then = Then::new(told(&messages, now), now);
    if messages.len() <= 4 {
        for order in permutations(messages.len()) {
            // Each message, and then each of them once more.
            let twice: Vec<usize> = order.iter().chain(&order).copied().collect();
            let state = told(twice.iter().map(|index| &messages[*index]), now);
            then.assert_same_as(&state, &twice);
        }
    } else {
        for seed in 0..ORDERS {
            let mut dice = Dice::new(seed);
            let order = dice.order_with_repetitions(messages.len());
            let mut state = ChartState::default();
            for &index in &order {
                tell(&mut state, messages[index].command());
                if dice.one_in(3) {
                    pass_time(&mut state, now);
                }
            }
            pass_time(&mut state, now);
            then.assert_same_as(&state, &order);
        }
    }
    then
}

/// All orders of so many messages.
fn permutations(count: usize) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for next in 0..count {
        let with_next = |order: &Vec<usize>| {
            let order = order.clone();
            (0..=order.len()).map(move |place| [&order[..place], &[next], &order[place..]].concat())
        };
        all = all.iter().flat_map(with_next).collect();
    }
    all
}
