use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const LIMIT: usize = 8;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millisecond(i64::try_from(millis).expect("small")).expect("an instant")
}

/// A table as far as the loop sees it: what is armed, and what has fired but was not folded.
#[derive(Default)]
struct Table {
    rows: BTreeMap<Key, Due>,
    unfolded: Vec<(Position, Key)>,
    appended: u64,
}

impl Table {
    fn arm(&mut self, number: usize, due: u64, stream: u8) -> Due {
        let due = Due {
            stream: StreamName::new("track", stream),
            timer: TimerId(Uuid::from_u128(number as u128 + 1)),
            arming: 0,
            due_at: at(due),
            purpose: String::new(),
        };
        self.rows.insert(due.key(), due.clone());
        due
    }

    fn nearest(&self, after: Key, limit: usize) -> Vec<Due> {
        self.rows.iter().filter(|(key, _)| **key > after).take(limit).map(|(_, due)| due.clone()).collect()
    }

    fn fire(&mut self, due: &Due) -> Position {
        self.appended += 1;
        self.unfolded.push((Position(self.appended), due.key()));
        Position(self.appended)
    }

    fn fold(&mut self) -> Position {
        for (_, key) in self.unfolded.drain(..) {
            self.rows.remove(&key);
        }
        Position(self.appended)
    }
}

#[derive(Debug, Clone)]
enum Step {
    Arm { due: u64, stream: u8 },
    Take { now: u64 },
    Fire,
    GiveBack,
    Poison,
    Fold,
    StartOver,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..40_u64, 0..4_u8).prop_map(|(due, stream)| Step::Arm { due, stream }),
        4 => (0..40_u64).prop_map(|now| Step::Take { now }),
        4 => Just(Step::Fire),
        1 => Just(Step::GiveBack),
        1 => Just(Step::Poison),
        3 => Just(Step::Fold),
        1 => Just(Step::StartOver),
    ]
}

fn refill(held: &mut Held, table: &Table) {
    while let Some((after, wanted)) = held.wants() {
        held.refill(table.nearest(after, wanted), wanted);
    }
}

proptest! {
    /// Whatever comes in whatever order, while the table lags: no more is held than may be, nothing is taken before it
    /// is due, nothing twice, one of a stream at a time, and in the end everything has been taken.
    #[test]
    fn nothing_is_lost_or_taken_twice_and_no_more_is_held_than_may_be(
        steps in prop::collection::vec(step(), 0..120)
    ) {
        let (mut held, mut table) = (Held::new(LIMIT), Table::default());
        let mut under_way: Vec<Attempt> = Vec::new();
        let (mut fired, mut folded) = (HashSet::new(), Position::START);
        let mut armed = 0;
        for step in steps {
            match step {
                Step::Arm { due, stream } => {
                    let due = table.arm(armed, due, stream);
                    armed += 1;
                    held.admit(due);
                }
                Step::Take { now } => {
                    if let Some(attempt) = held.next(at(now)) {
                        prop_assert!(attempt.due.due_at <= at(now));
                        under_way.push(attempt);
                    }
                }
                Step::Fire => if let Some(attempt) = under_way.pop() {
                    prop_assert!(fired.insert(attempt.due.timer), "twice");
                    let position = table.fire(&attempt.due);
                    under_way.extend(held.done(&attempt, position, folded));
                },
                Step::GiveBack => if let Some(attempt) = under_way.pop() {
                    held.give_back(attempt);
                },
                Step::Poison => if let Some(attempt) = under_way.pop() {
                    under_way.extend(held.put_aside(attempt, "test".to_owned(), at(0)));
                },
                Step::Fold => {
                    folded = table.fold();
                    held.folded(folded);
                }
                Step::StartOver => held.start_over(),
            }
            refill(&mut held, &table);
            prop_assert!(held.len() <= LIMIT, "{}", held.len());
            let streams: HashSet<_> = under_way.iter().map(|attempt| attempt.due.stream.clone()).collect();
            prop_assert_eq!(streams.len(), under_way.len());
        }
        // and then all that is left is let fire, in the order in which it is given
        for _ in 0..=armed * 3 {
            under_way.extend(held.next(at(1_000)));
            if let Some(attempt) = under_way.pop() {
                prop_assert!(fired.insert(attempt.due.timer), "twice");
                let position = table.fire(&attempt.due);
                under_way.extend(held.done(&attempt, position, folded));
            }
            folded = table.fold();
            held.folded(folded);
            if held.should_start_over() {
                held.start_over();
            }
            refill(&mut held, &table);
        }
        prop_assert_eq!(fired.len() + held.set_aside().len(), armed);
        prop_assert_eq!(held.len(), 0);
    }
}
