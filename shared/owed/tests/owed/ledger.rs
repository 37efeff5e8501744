//! Who owes what, told event by event.

use std::collections::BTreeSet;

use countersign_contracts::{deficiency::DeficiencyStatus, directory::ProviderDescribed};
use countersign_kernel::{Person, ProviderId};
use countersign_owed::{CHART, OwedItem, Party, Touched};

use crate::given::{Said::*, *};

fn party(who: &str) -> Party {
    Party { provider: key(who), facility: "NORTH".to_owned() }
}

fn rules(items: &[&OwedItem]) -> Vec<String> {
    items.iter().map(|item| item.changed.id.to_string()).collect()
}

fn ids(names: &[&str]) -> Vec<String> {
    let mut ids: Vec<String> = names.iter().map(|name| item_id(name).to_string()).collect();
    ids.sort();
    ids
}

#[test]
fn an_item_that_is_assigned_to_somebody_else_touches_both() {
    // given an item of one physician
    let mut ledger = folded([Item(owed("a", Some("1001@NORTH")))]);
    // when it becomes another's
    let touched = ledger.fold(&Item(owed("a", Some("1002@NORTH"))).envelope(2)).unwrap();
    // then both are concerned, and only the second owes it
    let parties = BTreeSet::from([party("1001@NORTH"), party("1002@NORTH")]);
    assert_eq!(touched, Some(Touched::Item { id: item_id("a"), parties }));
    assert!(ledger.open_items_of(key("1001@NORTH"), "NORTH").is_empty());
    assert_eq!(rules(&ledger.open_items_of(key("1002@NORTH"), "NORTH")), ids(&["a"]));
    // and it has been known since it was told of first
    let item = ledger.item(item_id("a")).unwrap();
    assert_eq!((item.known_at, item.told_at), (told_at(1), told_at(2)));
}

#[test]
fn an_event_that_comes_twice_or_late_changes_nothing() {
    let mut ledger =
        folded([Item(owed("a", Some("1001@NORTH"))), Item(done("a", Some("1001@NORTH"), "03-03"))]);
    let before = ledger.clone();
    for position in [1, 2] {
        let again = Item(owed("a", Some("1001@NORTH"))).envelope(position);
        assert_eq!(ledger.fold(&again).unwrap(), None);
    }
    assert_eq!(ledger, before);
}

#[test]
fn somebody_who_is_not_in_the_directory_has_the_key_that_the_directory_will_give() {
    // given an item of somebody unknown
    let mut ledger = folded([Item(owed("a", Some("1001@NORTH")))]);
    assert_eq!(ledger.people().name_of(key("1001@NORTH")), None);
    assert!(ledger.people().is_active_at(key("1001@NORTH"), at("03-03")));
    // when the directory tells of the provider
    let name = Person { family: "Okafor".into(), given: "Ada".into(), ..Person::default() };
    let told = ProviderDescribed { name, ..provider("1001@NORTH") };
    ledger.fold(&Provider(told).envelope(2)).unwrap();
    // then the item is that provider's
    assert_eq!(rules(&ledger.open_items_of(key("1001@NORTH"), "NORTH")), ids(&["a"]));
    assert_eq!(ledger.people().name_of(key("1001@NORTH")).as_deref(), Some("Okafor, Ada"));
}

#[test]
fn a_record_that_claims_an_identifier_takes_over_what_is_owed_under_it() {
    // given an item under an identifier that nobody claims
    let mut ledger = folded([Item(owed("a", Some("77@LAB"))), Provider(provider("1001@NORTH"))]);
    assert_eq!(rules(&ledger.open_items_of(key("77@LAB"), "NORTH")), ids(&["a"]));
    // when a provider turns out to go by it
    let told =
        ProviderDescribed { identifiers: vec![id("1001@NORTH"), id("77@LAB")], ..provider("1001@NORTH") };
    let touched = ledger.fold(&Provider(told).envelope(3)).unwrap().unwrap();
    // then the item is that provider's, and both keys are concerned
    assert_eq!(touched, Touched::Provider { keys: [key("1001@NORTH"), key("77@LAB")].into() });
    assert_eq!(ledger.parties_of(&touched), [party("1001@NORTH")].into());
    assert!(ledger.open_items_of(key("77@LAB"), "NORTH").is_empty());
}

#[test]
fn items_follow_a_merge_and_come_back_when_it_is_undone() {
    let merged = ProviderDescribed { merged_into: Some(key("1001@NORTH")), ..provider("1002@NORTH") };
    let survivor =
        ProviderDescribed { identifiers: vec![id("1001@NORTH"), id("1002@NORTH")], ..provider("1001@NORTH") };
    let mut ledger = folded([
        Item(owed("a", Some("1001@NORTH"))),
        Item(owed("b", Some("1002@NORTH"))),
        Provider(provider("1001@NORTH")),
        Provider(provider("1002@NORTH")),
        Provider(merged),
        Provider(survivor),
    ]);
    // then both items are the survivor's, whichever key is asked for
    for who in ["1001@NORTH", "1002@NORTH"] {
        assert_eq!(rules(&ledger.open_items_of(key(who), "NORTH")), ids(&["a", "b"]), "{who}");
    }
    assert_eq!(ledger.parties_with_open_items(), [party("1001@NORTH")].into());
    // and each has its own again after the merge is undone
    ledger.fold(&Provider(provider("1002@NORTH")).envelope(7)).unwrap();
    ledger.fold(&Provider(provider("1001@NORTH")).envelope(8)).unwrap();
    assert_eq!(rules(&ledger.open_items_of(key("1001@NORTH"), "NORTH")), ids(&["a"]));
    assert_eq!(rules(&ledger.open_items_of(key("1002@NORTH"), "NORTH")), ids(&["b"]));
}

#[test]
fn merges_in_a_circle_end_somewhere_and_everywhere_alike() {
    let into = |who: &str, other: &str| ProviderDescribed { merged_into: Some(key(other)), ..provider(who) };
    let ledger = folded([
        Provider(into("1", "2")),
        Provider(into("2", "3")),
        Provider(into("3", "2")),
        Item(owed("a", Some("1"))),
    ]);
    let least = key("2").min(key("3"));
    assert_eq!(["1", "2", "3"].map(|who| ledger.people().root(key(who))), [least; 3]);
    assert_eq!(rules(&ledger.open_items_of(key("3"), "NORTH")), ids(&["a"]));
}

#[test]
fn an_identifier_without_an_authority_means_the_only_provider_who_has_it() {
    let mut ledger = folded([Provider(provider("1001@NORTH")), Item(owed("a", Some("1001")))]);
    assert_eq!(rules(&ledger.open_items_of(key("1001@NORTH"), "NORTH")), ids(&["a"]));
    // but when another authority gave it to somebody else, it means neither
    ledger.fold(&Provider(provider("1001@SOUTH")).envelope(3)).unwrap();
    assert!(ledger.open_items_of(key("1001@NORTH"), "NORTH").is_empty());
    assert_eq!(ledger.people().key_of(&id("1001")), key("1001"));
}

#[test]
fn what_nobody_owes_is_unassigned_and_what_a_chart_owes_is_not() {
    let of_chart = countersign_contracts::deficiency::DeficiencyChanged {
        rule: "C1".to_owned(),
        document_type: CHART.to_owned(),
        ..owed("c", None)
    };
    let nameless = countersign_contracts::deficiency::DeficiencyChanged {
        responsible: Some(Person { family: "Okafor".into(), ..Person::default() }),
        ..owed("n", None)
    };
    let ledger =
        folded([Item(owed("u", None)), Item(of_chart), Item(nameless), Item(owed("a", Some("1001@NORTH")))]);
    assert_eq!(rules(&ledger.unassigned()), ids(&["u", "n"]));
    assert_eq!(rules(&ledger.chart_level_items().collect::<Vec<_>>()), ids(&["c"]));
    assert_eq!(rules(&ledger.items_of_chart(chart("V1"))), ids(&["u", "c", "n", "a"]));
}

#[test]
fn closed_items_stay_until_they_are_forgotten() {
    let dormant = countersign_contracts::deficiency::DeficiencyChanged {
        status: DeficiencyStatus::Dormant,
        ..owed("d", Some("1001@NORTH"))
    };
    let mut ledger = folded([
        Item(done("a", Some("1001@NORTH"), "03-03")),
        Item(done("b", Some("1001@NORTH"), "03-05")),
        Item(dormant),
    ]);
    let closed = |ledger: &countersign_owed::Owed| {
        rules(&ledger.closed_between(key("1001@NORTH"), at("03-03"), at("03-06")))
    };
    let by_closing = ["a", "b"].map(|name| item_id(name).to_string()).to_vec();
    assert_eq!(closed(&ledger), by_closing);
    assert!(ledger.closed_between(key("1001@NORTH"), at("03-04"), at("03-05")).is_empty());
    ledger.forget_closed_before(at("03-05"));
    assert_eq!(closed(&ledger), [item_id("b").to_string()]);
    assert_eq!(rules(&ledger.items_of(key("1001@NORTH"), "NORTH")), ids(&["d"]));
}

#[test]
fn the_chair_is_that_of_the_first_department_which_has_one_and_nobody_is_their_own() {
    let told = |departments: &[&str]| ProviderDescribed {
        details: vec![details("01-01", departments)],
        ..provider("1001@NORTH")
    };
    let chair = |ledger: &countersign_owed::Owed| -> Option<ProviderId> {
        ledger.directory().chair_of(key("1001@NORTH"), "NORTH", at("03-03")).cloned()
    };
    let places = [
        Department(department("LAB", None, None)),
        Department(department("CARD", Some("1001@NORTH"), None)),
        Department(department("MED", Some("1005@NORTH"), None)),
        // a chair who takes over later is none yet
        Department(department("MED", Some("1006@NORTH"), Some("04-01"))),
    ];
    let with = |departments: &[&str]| folded(places.clone().into_iter().chain([Provider(told(departments))]));
    assert_eq!(chair(&with(&["LAB", "CARD", "MED"])), Some(id("1005@NORTH")));
    assert_eq!(chair(&with(&["CARD"])), None);
    assert_eq!(chair(&with(&["NONE"])), None);
    let later = with(&["MED"]);
    let chair = later.directory().chair_of(key("1001@NORTH"), "NORTH", at("04-01"));
    assert_eq!(chair, Some(&id("1006@NORTH")));
}

#[test]
fn a_facilitys_change_concerns_everybody_who_owes_something_there() {
    let elsewhere = countersign_contracts::deficiency::DeficiencyChanged {
        facility: "SOUTH".to_owned(),
        ..owed("s", Some("1003@NORTH"))
    };
    let mut ledger = folded([
        Item(owed("a", Some("1001@NORTH"))),
        Item(done("b", Some("1002@NORTH"), "03-03")),
        Item(elsewhere),
    ]);
    let touched = ledger.fold(&Facility(facility("NORTH")).envelope(4)).unwrap().unwrap();
    assert_eq!(ledger.parties_of(&touched), [party("1001@NORTH")].into());
    assert_eq!(ledger.facilities_of(key("1003@NORTH")), ["SOUTH"].into());
}
