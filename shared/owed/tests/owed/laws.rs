//! Tables and ledger say the same after any sequence of events.

use countersign_contracts::{
    deficiency::{DeficiencyChanged, DeficiencyStatus},
    directory::{DepartmentDescribed, FacilityDescribed, ProviderDescribed},
};
use countersign_owed::{CHART, Directory, Owed, OwedItem, tables};
use jiff::{SignedDuration, tz::TimeZone};
use proptest::{collection::vec, option, prelude::*, sample::select, sample::subsequence};
use rusqlite::Connection;

use crate::given::{Said, *};

const PEOPLE: [&str; 5] = ["1@N", "1@S", "1", "2@N", "3@N"];
const FACILITIES: [&str; 2] = ["NORTH", "SOUTH"];

fn some_item() -> impl Strategy<Value = Said> {
    (
        select(vec!["a", "b", "c", "d"]),
        option::weighted(0.8, select(PEOPLE.to_vec())),
        select(FACILITIES.to_vec()),
        0_u8..5,
        0_i64..100,
        proptest::bool::weighted(0.2),
    )
        .prop_map(|(name, who, facility, status, hours, of_chart)| {
            let status = [
                DeficiencyStatus::Dormant,
                DeficiencyStatus::Open,
                DeficiencyStatus::Satisfied,
                DeficiencyStatus::Voided,
                DeficiencyStatus::Waived,
            ][usize::from(status)];
            // Of some closings nobody says when they were.
            let closed_at = (status > DeficiencyStatus::Open && hours % 4 > 0)
                .then(|| at("03-01") + SignedDuration::from_nanos(hours * 3_600_000_000_000 + 1));
            let base = owed(name, who);
            let document_type = if of_chart { CHART.to_owned() } else { base.document_type.clone() };
            Said::Item(DeficiencyChanged {
                facility: facility.to_owned(),
                status,
                closed_at,
                document_type,
                ..base
            })
        })
}

fn some_provider() -> impl Strategy<Value = Said> {
    (
        select(PEOPLE.to_vec()),
        subsequence(PEOPLE.to_vec(), 0..3),
        option::weighted(0.3, select(PEOPLE.to_vec())),
    )
        .prop_map(|(who, known_as, into)| {
            Said::Provider(ProviderDescribed {
                identifiers: known_as.into_iter().map(id).collect(),
                merged_into: into.map(key),
                leaves: vec![leave("03-04", None)],
                ..provider(who)
            })
        })
}

fn some_place() -> impl Strategy<Value = Said> {
    prop_oneof![
        (select(FACILITIES.to_vec()), any::<bool>()).prop_map(|(code, down)| {
            Said::Facility(FacilityDescribed {
                downtimes: if down { vec![downtime("03-03", None)] } else { Vec::new() },
                time_zone: if down { "America/Chicago".to_owned() } else { String::new() },
                ..facility(code)
            })
        }),
        (select(vec!["MED", "LAB"]), option::of(select(PEOPLE.to_vec())), option::of(1_u8..4)).prop_map(
            |(code, chair, day)| {
                let from = day.map(|day| format!("03-0{day}"));
                Said::Department(DepartmentDescribed {
                    closed: chair.is_none(),
                    ..department(code, chair, from.as_deref())
                })
            }
        ),
    ]
}

/// What is said, and how many positions later than what was said before it: none means once more, or late.
fn some_story() -> impl Strategy<Value = Vec<(Said, u64)>> {
    let said = prop_oneof![4 => some_item(), 3 => some_provider(), 1 => some_place()];
    vec((said, prop_oneof![1 => Just(0_u64), 6 => 1_u64..3]), 1..24)
}

fn owned(items: Vec<&OwedItem>) -> Vec<OwedItem> {
    items.into_iter().cloned().collect()
}

fn compare(ledger: &Owed, sql: &Connection) -> Result<(), TestCaseError> {
    for who in PEOPLE {
        let who = key(who);
        for facility in FACILITIES {
            let items = tables::items_of(sql, who, facility).unwrap();
            prop_assert_eq!(items, owned(ledger.items_of(who, facility)));
            let open = tables::open_items_of(sql, who, facility).unwrap();
            prop_assert_eq!(open, owned(ledger.open_items_of(who, facility)));
            let kinds = ledger.open_items_of(who, facility).into_iter().filter(|item| !item.is_chart_level());
            let kinds = kinds.map(|item| (item.changed.rule.clone(), item.changed.document_type.clone()));
            prop_assert_eq!(tables::kinds_open_of(sql, who, facility).unwrap(), kinds.collect());
        }
        let facilities = tables::facilities_of(sql, who).unwrap();
        let expected = ledger.facilities_of(who).into_iter().map(str::to_owned).collect();
        prop_assert_eq!(facilities, expected);
        for (from, until) in [("03-01", "03-03"), ("03-01", "04-01")] {
            let closed = tables::closed_between(sql, who, at(from), at(until)).unwrap();
            prop_assert_eq!(closed, owned(ledger.closed_between(who, at(from), at(until))));
        }
    }
    let parties = tables::parties_with_open_items(sql).unwrap();
    prop_assert_eq!(parties, ledger.parties_with_open_items());
    prop_assert_eq!(tables::unassigned(sql).unwrap(), owned(ledger.unassigned()));
    prop_assert_eq!(
        tables::items_of_chart(sql, chart("V1")).unwrap(),
        owned(ledger.items_of_chart(chart("V1")))
    );
    prop_assert_eq!(tables::chart_level_items(sql).unwrap(), owned(ledger.chart_level_items().collect()));
    for name in ["a", "b", "c", "d"] {
        let item = tables::item(sql, item_id(name)).unwrap();
        prop_assert_eq!(item.as_ref(), ledger.item(item_id(name)));
    }
    let Directory { people, places, .. } = tables::directory(sql, TimeZone::UTC).unwrap();
    prop_assert_eq!(&people, ledger.people());
    prop_assert_eq!(&places, &ledger.directory().places);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn tables_say_what_the_ledger_says(story in some_story(), forgotten in 0_i64..100) {
        let mut sql = Connection::open_in_memory().unwrap();
        sql.execute_batch(tables::SCHEMA).unwrap();
        sql.execute_batch(tables::INDEXES).unwrap();
        let mut ledger = Owed::default();
        let mut position = 1;
        for (said, later) in story {
            position += later;
            let event = said.envelope(position);
            let transaction = sql.transaction().unwrap();
            let touched = tables::apply(&transaction, &event).unwrap();
            prop_assert_eq!(&touched, &ledger.fold(&event).unwrap());
            if let Some(touched) = touched {
                let parties = tables::parties_of(&transaction, &touched).unwrap();
                prop_assert_eq!(parties, ledger.parties_of(&touched));
            }
            transaction.commit().unwrap();
        }
        compare(&ledger, &sql)?;
        let before = at("03-01") + SignedDuration::from_hours(forgotten);
        let transaction = sql.transaction().unwrap();
        tables::forget_closed_before(&transaction, before).unwrap();
        transaction.commit().unwrap();
        ledger.forget_closed_before(before);
        compare(&ledger, &sql)?;
    }
}

#[test]
fn what_somebody_owes_is_found_by_their_name_however_much_is_open_at_the_facility() {
    // given
    let sql = Connection::open_in_memory().unwrap();
    sql.execute_batch(tables::SCHEMA).unwrap();
    sql.execute_batch(tables::INDEXES).unwrap();
    let plan = |statement: &str| -> Vec<String> {
        let mut statement = sql.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let steps = statement
            .query_map([(":provider", "somebody"), (":facility", "somewhere")].as_slice(), |row| {
                row.get::<_, String>(3)
            })
            .unwrap();
        steps.collect::<Result<_, _>>().unwrap()
    };
    // when
    let (kinds, items) = (plan(tables::KINDS_OPEN_OF), plan(tables::ITEMS_OF));
    // then both begin with the provider
    for plan in [&kinds, &items] {
        assert!(plan[0].contains("SEARCH n USING") && plan[0].contains("(provider=?)"), "{plan:?}");
        let items = "INDEX owed_item_of_name (named_id=? AND named_authority=? AND facility=? AND status=?";
        assert!(plan[1].contains(items), "{plan:?}");
    }
    // and for the kinds no item is opened at all
    assert!(kinds[1].contains("COVERING"), "{kinds:?}");
}
