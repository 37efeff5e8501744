//! Laws that hold for any directory.

use countersign_contracts::{Field, staff::StaffReported};
use countersign_deficiency::domain::people::{
    Directory,
    events::{MergeUndone, PeopleEvent, ProvidersMerged},
};
use countersign_kernel::MessageId;
use jiff::{SignedDuration, civil::Date};
use proptest::prelude::*;

use crate::given::*;

fn some_record() -> impl Strategy<Value = StaffReported> {
    let day = (1_i8..28, 1_i8..13).prop_map(|(day, month)| Date::constant(2026, month, day));
    let date = prop_oneof![Just(Field::Absent), Just(Field::Null), day.prop_map(Field::Value)];
    let service = prop_oneof![Just(Field::Absent), Just(Field::Null), "[A-C]".prop_map(Field::Value)];
    (
        0_u8..4,
        0_i64..300,
        0_i64..300,
        proptest::option::of(any::<bool>()),
        date.clone(),
        date,
        service,
        "[A-C]{0,2}",
        0_u32..3,
    )
        .prop_map(
            |(who, effective, received, active, active_from, active_until, service, department, reading)| {
                let start = at("01-01");
                let day = |days: i64| start + SignedDuration::from_hours(24 * days);
                let base = report(&format!("{who}@H"), "01-01");
                StaffReported {
                    message: MessageId::derive(&[&format!("{effective} {received}")]),
                    reading,
                    active,
                    active_from,
                    active_until,
                    service,
                    departments: department.chars().map(String::from).collect(),
                    effective_at: day(effective),
                    received_at: day(received),
                    ..base
                }
            },
        )
}

fn some_records() -> impl Strategy<Value = Vec<StaffReported>> {
    proptest::collection::vec(some_record(), 1..14).prop_map(|mut records| {
        // One reading of one record of one message says one thing.
        let mut seen = std::collections::HashSet::new();
        records.retain(|record| seen.insert((record.id.clone(), record.message, record.reading)));
        records
    })
}

fn merged(retired: &str, survivor: &str) -> PeopleEvent {
    let act = countersign_deficiency::domain::attribution::Attribution {
        by: "kim".into(),
        at: at("06-01"),
        why: "one person".into(),
    };
    PeopleEvent::Merged(ProvidersMerged { retired: id(retired), survivor: id(survivor), act })
}

fn undone(retired: &str, survivor: &str) -> PeopleEvent {
    let act = countersign_deficiency::domain::attribution::Attribution {
        by: "kim".into(),
        at: at("06-02"),
        why: "two people".into(),
    };
    PeopleEvent::MergeUndone(MergeUndone { retired: id(retired), survivor: id(survivor), act })
}

proptest! {
    #[test]
    fn records_count_in_the_order_of_their_effect_not_of_their_arrival(
        (told, shuffled) in some_records().prop_flat_map(|told| (Just(told.clone()), Just(told).prop_shuffle()))
    ) {
        prop_assert_eq!(directory(told), directory(shuffled));
    }

    #[test]
    fn a_merge_that_is_undone_leaves_the_directory_exactly_as_it_was(records in some_records(), one in 0_u8..4, other in 0_u8..4) {
        prop_assume!(one != other);
        let (one, other) = (format!("{one}@H"), format!("{other}@H"));
        let before = directory(records.into_iter().chain([report(&one, "01-01"), report(&other, "01-01")]));
        let mut after: Directory = before.clone();
        after.evolve(&merged(&one, &other));
        prop_assert_ne!(&after, &before);
        prop_assert_eq!(after.providers().count() + 1, before.providers().count());
        after.evolve(&undone(&one, &other));
        prop_assert_eq!(after, before);
    }

    #[test]
    fn while_merged_records_of_both_go_on_and_after_the_undoing_they_are_where_they_belong(
        before in some_records(), during in some_records()
    ) {
        let both = || [report("0@H", "01-01"), report("1@H", "01-01")];
        let apart = directory(both().into_iter().chain(before.clone()).chain(during.clone()));
        let mut directory = directory(both().into_iter().chain(before));
        directory.evolve(&merged("0@H", "1@H"));
        for report in during {
            directory.evolve(&reported(report));
        }
        directory.evolve(&undone("0@H", "1@H"));
        prop_assert_eq!(directory, apart);
    }

    #[test]
    fn standing_changes_only_at_the_instants_that_are_foreseen(records in some_records()) {
        let directory = directory(records);
        for who in ["0@H", "1@H", "2@H", "3@H"].map(person) {
            let mut now = at("01-01");
            let mut standing = directory.standing(&who, now, true);
            let end = at("12-31");
            while let Some(next) = directory.next_change(&who, now).filter(|next| *next < end) {
                prop_assert_eq!(directory.standing(&who, next - SignedDuration::from_secs(1), true), standing);
                standing = directory.standing(&who, next, true);
                now = next;
            }
            prop_assert_eq!(directory.standing(&who, end, true), standing);
        }
    }
}
