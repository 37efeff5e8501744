//! The read model and the explanation, over the embedded journal and through the service's own consumer.

mod hospital;

use countersign_contracts::{
    api::{DeficiencyView, Explanation},
    chart::EncounterClass::{Inpatient, Observation, Outpatient},
};
use countersign_deficiency::{
    domain::events::{ChartEvent, Deficiency},
    explain::{explain, owed_at},
    projections::{Query, Within},
    publish::publish,
};
use countersign_eventsourcing::journal::{Filter, Position};
use countersign_kernel::{DeficiencyId, EncounterId, Timestamp};

use self::hospital::Hospital;
use crate::given::{Dice, Message, RULES, Story, at, chart, history, key, report, summary};

/// Five charts with everything in them.
fn messages() -> Vec<Message> {
    let stories: Vec<Story> = vec![
        chart()
            .numbered("V1")
            .admitted("01-05 10:00")
            .attending("A1")
            .patient("MRN-1")
            .signed("01-05 12:00", "A1", history("D1").by("A1"))
            .discharged("01-09 15:00")
            .wrote("01-10 09:00", summary("D2").by("R1").for_signature_of("A1"))
            .signed("01-11 09:00", "R1", summary("D2").by("R1").for_signature_of("A1")),
        chart()
            .numbered("V2")
            .admitted("01-06 10:00")
            .patient("MRN-2")
            .operated("P1", "01-06 11:00", "01-06 12:00", Some("S1"))
            .updated("01-07 10:00")
            .discharged("01-08 15:00")
            .discharge_cancelled("01-08 16:00")
            .wrote("01-08 18:00", report("D3").by("S1")),
        chart().numbered("V3").admitted("01-07 10:00").attending("A2").cancelled("01-07 11:00"),
        chart().numbered("V4").admitted_as(Observation, "01-07 10:00").attending("A2").patient("MRN-1"),
        chart().numbered("V5").admitted("01-08 10:00").discharged("01-12 10:00"),
    ];
    stories.into_iter().flat_map(|story| story.into_messages().0).collect()
}

/// What is recorded of the charts.
async fn recorded(hospital: &Hospital, messages: &[Message]) -> Vec<(EncounterId, Deficiency)> {
    let mut all = Vec::new();
    for chart in hospital::charts_of(messages) {
        let state = hospital.chart(chart).await;
        all.extend(state.deficiencies.into_values().map(|deficiency| (chart, deficiency)));
    }
    all
}

fn assert_shows(view: &DeficiencyView, chart: EncounterId, recorded: &Deficiency) {
    let responsible = recorded.responsible.as_ref();
    assert_eq!(view.chart, chart);
    assert_eq!(
        (&view.id, &view.rule, &view.rule_version, &view.subject, &view.document_type),
        (&recorded.id, &recorded.rule, &recorded.rule_version, &recorded.subject, &recorded.document_type)
    );
    assert_eq!(
        (&view.responsible, &view.responsible_because, view.status.as_str(), view.holds_bill),
        (
            &responsible.and_then(|person| person.id.clone()),
            &recorded.responsible_because,
            recorded.status.name(),
            recorded.holds_bill
        )
    );
    assert_eq!(view.responsible_name, responsible.map(countersign_kernel::Person::display_name));
    assert_eq!(
        (view.anchor_at, view.due_at, view.target_at, view.opened_at, view.closed_at, &view.closed_because),
        (
            recorded.anchor_at,
            recorded.due_at,
            recorded.target_at,
            recorded.opened_at,
            recorded.closed_at,
            &recorded.closed_because
        )
    );
}

#[tokio::test]
async fn the_worklist_shows_what_is_recorded() {
    // given charts with everything in them
    let hospital = Hospital::new();
    hospital.deliver(&messages()).await;
    hospital.let_time_pass(at("01-13 00:00")).await;
    // when the whole worklist is read
    let rows = hospital.worklist(Query { limit: 1000, ..Query::default() }, at("01-13 00:00")).items;
    // then it holds every deficiency recorded, word for word
    let recorded = recorded(&hospital, &messages()).await;
    assert_eq!(rows.len(), recorded.len());
    assert!(rows.len() > 12, "{}", rows.len());
    for (chart, deficiency) in &recorded {
        let row = rows.iter().find(|row| row.id == deficiency.id).expect("a row for it");
        assert_shows(row, *chart, deficiency);
    }
    // and time alone opened the history of the observation
    let observed = rows.iter().find(|row| row.encounter == "V4").expect("a row of the fourth chart");
    assert_eq!((observed.rule.as_str(), observed.opened_at), ("R01", at("01-08 10:00")));
}

#[tokio::test]
async fn the_worklist_is_filtered_sorted_and_paged() {
    let hospital = Hospital::new();
    hospital.deliver(&messages()).await;
    let now = at("01-20 00:00");
    let all = |query: Query| hospital.worklist(Query { limit: 1000, ..query }, now).items;
    let everything = all(Query::default());
    let chosen = |wanted: &dyn Fn(&DeficiencyView) -> bool| -> Vec<DeficiencyId> {
        everything.iter().filter(|row| wanted(row)).map(|row| row.id).collect()
    };
    let ids = |query| all(query).iter().map(|row| row.id).collect::<Vec<_>>();
    // given each filter, then exactly the rows that it speaks of, in the same order
    let text = |text: &str| Some(text.to_owned());
    let of_a1 = ids(Query { provider: text("A1"), ..Query::default() });
    assert!(!of_a1.is_empty());
    assert_eq!(of_a1, chosen(&|row| row.responsible.as_deref() == Some("A1")));
    let open = ids(Query { status: text("open"), ..Query::default() });
    assert_eq!(open, chosen(&|row| row.status == "open"));
    assert_eq!(ids(Query { rule: text("R01"), ..Query::default() }), chosen(&|row| row.rule == "R01"));
    assert_eq!(
        ids(Query { chart: Some(chart_id("V5")), ..Query::default() }),
        chosen(&|row| row.encounter == "V5")
    );
    assert_eq!(ids(Query { facility: text("NONE"), ..Query::default() }), Vec::new());
    let overdue = ids(Query { overdue: true, ..Query::default() });
    assert!(!overdue.is_empty() && overdue.len() < open.len());
    assert_eq!(overdue, chosen(&|row| row.status == "open" && row.due_at.is_some_and(|due| due < now)));
    assert_eq!(overdue, chosen(&|row| row.overdue));
    let unassigned = ids(Query { unassigned: true, ..Query::default() });
    assert_eq!(unassigned, chosen(&|row| row.responsible.is_none() && row.document_type != "chart"));
    // when it is read three rows at a time, then the pages make up the whole
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = hospital.worklist(Query { limit: 3, after: after.take(), ..Query::default() }, now);
        assert_eq!(page.total, everything.len() as u64);
        pages.extend(page.items.iter().map(|row| row.id));
        let Some(next) = page.next else { break };
        let (due, id) = next.split_once('_').expect("instant and id");
        after = Some((due.parse().expect("a number"), id.to_owned()));
    }
    assert_eq!(pages, chosen(&|_| true));
    let dues: Vec<Timestamp> = everything.iter().map(|row| row.due_at.unwrap_or(Timestamp::MAX)).collect();
    assert!(dues.is_sorted());
}

#[tokio::test]
async fn shuffled_and_repeated_deliveries_make_the_same_rows() {
    let messages = messages();
    let orderly = Hospital::new();
    orderly.deliver(&messages).await;
    orderly.let_time_pass(at("01-20 00:00")).await;
    for seed in 0..4 {
        let order = Dice::new(seed).order_with_repetitions(messages.len());
        let shuffled: Vec<Message> = order.iter().map(|index| messages[*index].clone()).collect();
        let hospital = Hospital::new();
        hospital.deliver(&shuffled).await;
        hospital.let_time_pass(at("01-20 00:00")).await;
        assert_eq!(hospital.rows("deficiency"), orderly.rows("deficiency"), "{order:?}");
        assert_eq!(hospital.rows("chart"), orderly.rows("chart"), "{order:?}");
        assert_eq!(hospital.rows("provider"), orderly.rows("provider"), "{order:?}");
    }
}

#[tokio::test]
async fn two_replicas_that_get_the_same_deliveries_record_them_once() {
    let messages = messages();
    let alone = Hospital::new();
    alone.deliver(&messages).await;
    // given two replicas of the service on one journal, both with every delivery
    let hospital = Hospital::new();
    tokio::join!(hospital.deliver(&messages), hospital.deliver_to_another_replica(&messages));
    // then the journal holds what one alone would have written
    let count = |batch: countersign_eventsourcing::journal::Batch| batch.events.len();
    let written = hospital.journal.read_all(Position::START, Filter::All, 10_000).await.expect("the journal");
    let expected = alone.journal.read_all(Position::START, Filter::All, 10_000).await.expect("the journal");
    assert_eq!(count(written), count(expected));
    hospital.catch_up().await;
    assert_eq!(hospital.rows("deficiency"), alone.rows("deficiency"));
}

#[tokio::test]
async fn the_read_model_is_a_fold_of_the_journal_and_a_planted_difference_is_found() {
    let hospital = Hospital::new();
    hospital.deliver(&messages()).await;
    hospital.let_time_pass(at("01-20 00:00")).await;
    assert_eq!(hospital.difference().await, None);
    for (planted, found) in [
        ("UPDATE deficiency SET due_at = due_at + 1 WHERE rule = 'C1'", "table deficiency"),
        ("DELETE FROM chart WHERE visit = 'V3'", "table chart has fewer rows"),
        ("INSERT INTO provider VALUES ('Z9', '', 'Nobody')", "table provider"),
    ] {
        // given a row that was tampered with
        hospital.tamper(planted);
        // then the proof says where
        let difference = hospital.difference().await.expect("a difference");
        assert!(difference.contains(found), "{planted}: {difference}");
        hospital.rebuild().await;
        assert_eq!(hospital.difference().await, None);
    }
}

#[tokio::test]
async fn case_04_a_merged_patient_is_shown_as_the_survivor() {
    let hospital = Hospital::new();
    hospital.deliver(&messages()).await;
    let shown = |visit: &str| {
        let query = Query { chart: Some(chart_id(visit)), limit: 100, ..Query::default() };
        let rows = hospital.worklist(query, at("01-20 00:00")).items;
        let patients: Vec<Option<String>> =
            rows.iter().map(|row| row.patient.as_ref().map(|patient| patient.reveal().clone())).collect();
        patients.first().expect("a row").clone()
    };
    let rows = hospital.rows("deficiency");
    assert_eq!((shown("V1").as_deref(), shown("V2").as_deref()), (Some("MRN-1"), Some("MRN-2")));
    // when one is merged into the other, and that one into a third, in whatever order it is heard
    hospital.merge("MRN-2", "MRN-3").await;
    hospital.merge("MRN-1", "MRN-2").await;
    // then the charts of all are the survivor's, and what they owe is untouched
    assert_eq!((shown("V1").as_deref(), shown("V2").as_deref()), (Some("MRN-3"), Some("MRN-3")));
    assert_eq!(hospital.rows("deficiency"), rows);
    assert_eq!(hospital.difference().await, None);
}

#[tokio::test]
async fn case_05_a_renumbered_visit_is_owed_once_in_whatever_order_it_is_heard_of() {
    let old = chart()
        .numbered("V1")
        .admitted_as(Observation, "01-05 10:00")
        .attending("A1")
        .wrote("01-05 13:00", summary("D2").by("A1"))
        .continues_as("V2", "01-05 20:00")
        .signed("01-11 09:00", "A1", summary("D2").by("A1"));
    let new = chart().numbered("V2").becomes(Inpatient, "01-05 20:00").discharged("01-09 15:00");
    let stories = [old, new].map(|story| story.into_messages().0);
    let messages = stories.concat();
    let orderly = Hospital::new();
    orderly.deliver(&messages).await;
    let of = |visit: &str| Query { chart: Some(chart_id(visit)), limit: 100, ..Query::default() };
    assert_eq!(orderly.worklist(of("V1"), at("01-20 00:00")).items.len(), 0);
    let moved = orderly.worklist(of("V2"), at("01-20 00:00")).items;
    let signed =
        moved.iter().find(|row| row.rule == "R14").expect("the signature is owed under the new number");
    assert_eq!(signed.closed_at, Some(at("01-11 09:00")));
    for seed in 0..6 {
        let order = Dice::new(seed).order_with_repetitions(messages.len());
        let shuffled: Vec<Message> = order.iter().map(|index| messages[*index].clone()).collect();
        let hospital = Hospital::new();
        hospital.deliver(&shuffled).await;
        assert_eq!(hospital.rows("deficiency"), orderly.rows("deficiency"), "{order:?}");
    }
}

#[tokio::test]
async fn a_visit_that_goes_to_another_number_and_back_is_owed_under_the_first() {
    let first = chart()
        .numbered("V1")
        .admitted("01-05 10:00")
        .attending("A1")
        .signed("01-05 12:00", "A1", summary("D1").by("A1"))
        .continues_as("V2", "01-05 20:00")
        .becomes(Inpatient, "01-06 08:00")
        .discharged("01-09 15:00");
    let second = chart()
        .numbered("V2")
        .becomes(Outpatient, "01-05 20:00")
        .edited("01-05 22:00", summary("D1").by("A1"))
        .continues_as("V1", "01-06 08:00");
    let messages = [first.into_messages().0, second.into_messages().0].concat();
    for seed in 0..6 {
        let order = Dice::new(seed).order_with_repetitions(messages.len());
        let shuffled: Vec<Message> = order.iter().map(|index| messages[*index].clone()).collect();
        let hospital = Hospital::new();
        hospital.deliver(&shuffled).await;
        let rows = hospital.worklist(Query { limit: 100, ..Query::default() }, at("01-20 00:00")).items;
        assert!(rows.iter().all(|row| row.encounter == "V1"), "{order:?}");
        let signature = rows.iter().find(|row| row.rule == "R14").expect("the signature");
        assert_eq!((signature.status.as_str(), signature.closed_at), ("open", None), "{order:?}");
        assert!(rows.iter().any(|row| row.rule == "R13" && row.status == "satisfied"), "{order:?}");
    }
}

fn chart_id(visit: &str) -> String {
    key(visit).id().to_string()
}

async fn explained(hospital: &Hospital, visit: &str, rule: &str, now: Timestamp) -> Explanation {
    let query =
        Query { chart: Some(chart_id(visit)), rule: Some(rule.to_owned()), limit: 10, ..Query::default() };
    let row = hospital.worklist(query, now).items.into_iter().next().expect("a row");
    let explanation =
        explain(hospital.journal.as_ref(), row.chart, row.id, &RULES, now).await.expect("the journal");
    let explanation = explanation.expect("a deficiency of this chart");
    assert_eq!(explanation.deficiency, row, "explanation and worklist agree");
    explanation
}

#[tokio::test]
async fn an_explanation_tells_the_whole_story() {
    let hospital = Hospital::new();
    hospital.deliver(&messages()).await;
    // given a discharge that was taken back
    let explanation = explained(&hospital, "V2", "R13", at("01-20 00:00")).await;
    // then it says what, who, until when, and how it ended
    assert_eq!(
        explanation.summary,
        "Discharge summary present (rule R13, version 1): due 7 days after discharge. Nobody is assigned: no \
         message names a provider with an identifier. It is voided: the requirement fell away with ADT^A13."
    );
    assert_eq!(explanation.what_would_close_it, None);
    assert_eq!(explanation.rule.citation, "42 CFR 482.24(c)(4)(vii)");
    let texts: Vec<&str> = explanation.timeline.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "Visit began (inpatient)",
            "Visit details updated",
            "Discharged (time from PV1-45)",
            "R13 opened, unassigned (no message names anybody with an identifier: unassigned), due \
             2026-01-15T23:59:59Z",
            "Discharge cancelled",
            "R13 voided: the requirement fell away with ADT^A13",
            "operative report D3: originated, documented",
        ]
    );
    let matched: Vec<&str> = explanation
        .timeline
        .iter()
        .filter(|entry| entry.matched)
        .filter_map(|entry| entry.trigger.as_deref())
        .collect();
    assert_eq!(matched, ["ADT^A03", "ADT^A13"]);
}

#[tokio::test]
async fn an_open_deficiency_says_what_would_close_it() {
    let hospital = Hospital::new();
    hospital.deliver(&messages()).await;
    let explanation = explained(&hospital, "V1", "R15", at("01-31 00:00")).await;
    assert!(explanation.summary.ends_with("It is overdue."), "{}", explanation.summary);
    assert!(
        explanation.summary.contains("Family of A1 owes it: assigned authenticator"),
        "{}",
        explanation.summary
    );
    let closed_by = explanation.what_would_close_it.expect("it is open");
    assert!(closed_by.contains("the cosigner's signature"), "{closed_by}");
    let signature = explanation.timeline.iter().find(|entry| entry.matched).expect("the fact it rests on");
    assert_eq!(signature.trigger.as_deref(), Some("MDM^T04"));
}

#[tokio::test]
async fn what_never_was_required_can_still_be_explained() {
    let hospital = Hospital::new();
    let story = chart().admitted("01-05 10:00").attending("A1");
    let (messages, _) = story.read_again(0, chart().admitted_as(Outpatient, "01-05 10:00")).into_messages();
    hospital.deliver(&messages[..1]).await;
    let chart = hospital::charts_of(&messages)[0];
    let id = *hospital.chart(chart).await.deficiencies.keys().next().expect("the history is owed");
    // when the message is read again and was no admission
    hospital.deliver(&messages[1..]).await;
    // then it is gone from the worklist, and its history is not
    assert!(hospital.rows("deficiency").is_empty());
    let explanation = explain(hospital.journal.as_ref(), chart, id, &RULES, at("01-20 00:00")).await;
    let explanation = explanation.expect("the journal").expect("the chart had it");
    assert!(explanation.summary.ends_with("On the facts now known it never was required."));
    assert_eq!(explanation.what_would_close_it, None);
    let stranger = DeficiencyId::derive(&["stranger"]);
    let unknown = explain(hospital.journal.as_ref(), chart, stranger, &RULES, at("01-20 00:00")).await;
    assert_eq!(unknown.expect("the journal"), None);
}

#[tokio::test]
async fn what_was_owed_at_a_past_instant_can_be_asked() {
    let hospital = Hospital::new();
    let (messages, _) = chart()
        .admitted("01-05 10:00")
        .attending("A1")
        .discharged("01-09 15:00")
        .dictated("01-10 09:00", summary("D1").by("A1"))
        .received("01-14 00:00")
        .into_messages();
    hospital.deliver(&messages).await;
    let chart = hospital::charts_of(&messages)[0];
    let owed = async |as_of: Option<&str>, known_at: Option<&str>| -> Vec<(String, String)> {
        let journal = hospital.journal.as_ref();
        let now = at("01-20 00:00");
        let rows = owed_at(journal, chart, as_of.map(at), known_at.map(at), &Within::default(), &RULES, now)
            .await
            .expect("the journal");
        let mut rows: Vec<(String, String)> = rows.into_iter().map(|row| (row.rule, row.status)).collect();
        rows.sort();
        rows
    };
    let expected = |rows: &[(&str, &str)]| -> Vec<(String, String)> {
        rows.iter().map(|(rule, status)| ((*rule).to_owned(), (*status).to_owned())).collect()
    };
    let left = [("C0", "open"), ("C1", "open"), ("R01", "open"), ("R13", "open")];
    let written = [("C0", "open"), ("C1", "open"), ("R01", "open"), ("R13", "satisfied"), ("R14", "dormant")];
    assert_eq!(owed(Some("01-05 09:00"), None).await, expected(&[]));
    assert_eq!(owed(Some("01-06 00:00"), None).await, expected(&[("R01", "open")]));
    assert_eq!(owed(Some("01-09 20:00"), None).await, expected(&left));
    assert_eq!(owed(Some("01-11 00:00"), None).await, expected(&written));
    // given what was known on the twelfth: the summary had been written, but nobody here had heard of it
    assert_eq!(owed(Some("01-11 00:00"), Some("01-12 00:00")).await, expected(&left));
    assert_eq!(owed(None, Some("01-12 00:00")).await, expected(&left));
    assert_eq!(owed(None, Some("01-14 00:00")).await, expected(&written));
    assert_eq!(owed(None, None).await, expected(&written));
}

#[tokio::test]
async fn what_time_brought_later_was_not_owed_before() {
    // given an observation that has lasted a day since
    let hospital = Hospital::new();
    let (messages, _) = chart().admitted_as(Observation, "01-05 10:00").into_messages();
    hospital.deliver(&messages).await;
    hospital.let_time_pass(at("01-20 00:00")).await;
    let chart = hospital::charts_of(&messages)[0];
    for (known_at, owed) in [("01-06 09:00", 0), ("01-06 10:00", 1)] {
        let journal = hospital.journal.as_ref();
        let rows =
            owed_at(journal, chart, None, Some(at(known_at)), &Within::default(), &RULES, at("01-20 00:00"))
                .await;
        assert_eq!(rows.expect("the journal").len(), owed, "{known_at}");
    }
}

#[tokio::test]
async fn a_signature_dated_later_than_the_question_had_not_happened() {
    let hospital = Hospital::new();
    let signed = summary("D1").by("A1").signed_by("A1", "01-12 09:00");
    let (messages, _) = chart()
        .admitted("01-05 10:00")
        .wrote("01-10 09:00", signed.status(countersign_contracts::chart::CompletionStatus::Authenticated))
        .into_messages();
    hospital.deliver(&messages).await;
    let chart = hospital::charts_of(&messages)[0];
    for (as_of, status) in [("01-11 00:00", "open"), ("01-12 09:00", "satisfied")] {
        let rows = owed_at(
            hospital.journal.as_ref(),
            chart,
            Some(at(as_of)),
            None,
            &Within::default(),
            &RULES,
            at("01-20 00:00"),
        )
        .await;
        let rows = rows.expect("the journal");
        assert_eq!(rows.iter().find(|row| row.rule == "R14").expect("a row").status, status);
    }
}

#[tokio::test]
async fn neighbours_are_told_of_every_change_and_of_no_patient() {
    let hospital = Hospital::new();
    hospital.deliver(&messages()).await;
    let stored =
        hospital.journal.read_all(Position::START, Filter::All, 10_000).await.expect("the journal").events;
    let mut told = 0;
    for event in &stored {
        let envelopes = publish(event).expect("publishes");
        let decoded = ChartEvent::decode(&event.kind, &event.data).expect("decodes");
        let ChartEvent::Deficiency(change) = decoded else {
            assert!(envelopes.is_empty());
            continue;
        };
        told += 1;
        let [envelope] = envelopes.as_slice() else { panic!("one envelope each") };
        assert_eq!((envelope.id, envelope.key), (event.id, change.encounter.id().0));
        let said: countersign_contracts::deficiency::DeficiencyChanged = envelope.decode().expect("decodes");
        assert_eq!(
            (said.id, said.status, said.change.as_str()),
            (change.deficiency.id, change.deficiency.status, change.change.word())
        );
        for secret in ["MRN-", "EVERYWOMAN", "V1"] {
            assert!(!envelope.data.get().contains(secret), "{}", envelope.data.get());
            assert!(!envelope.subject().contains(secret));
        }
    }
    assert!(told > 12, "{told}");
}
