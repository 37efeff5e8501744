//! From message, file and command in to the API out: over the embedded journal and the service's own consumer.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use countersign_contracts::{
    Envelope,
    api::{
        Page,
        people::{DepartmentView, DirectoryStep, FacilityView, ImportReport, PersonView},
    },
    staff::{self, StaffReported},
};
use countersign_deficiency::{
    api::routes,
    domain::rules::RuleSet,
    governance::Governance,
    service::{Deficiency, Ports},
};
use countersign_eventsourcing::{
    feed::JournalTail,
    journal::{Expected, Journal, JournalError, Metadata, NewEvent, RecordedEvent, StreamName},
    publish::Publishers,
};
use countersign_kernel::{EventId, FixedClock, Role};
use countersign_runtime::{
    access::{self, Access, Person},
    http::with_access,
};
use countersign_sqlite::{DataFolder, Options, SqliteJournal};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::given::{at, id, report};

/// A stored event of the category `staffed` is a record of the staff master file, as the intake would say it.
fn publish(event: &RecordedEvent) -> Result<Vec<Envelope>, JournalError> {
    let report: StaffReported = event.decode()?;
    let data = serde_json::value::to_raw_value(&report).map_err(|error| event.undecodable(&error))?;
    Ok(vec![Envelope {
        id: event.id,
        source: "intake".to_owned(),
        kind: StaffReported::TYPE.to_owned(),
        category: staff::CATEGORY.to_owned(),
        key: report.key(),
        time: report.received_at,
        position: event.position.0,
        correlation: event.id.0,
        traceparent: None,
        data,
    }])
}

struct Hospital {
    folder: tempfile::TempDir,
    journal: Arc<SqliteJournal>,
    clock: Arc<FixedClock>,
    service: Arc<Deficiency>,
    api: Router,
    tokens: std::collections::HashMap<&'static str, String>,
}

impl Hospital {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let opened = DataFolder::open_exclusive(folder.path().join("data"), "test").unwrap();
        let journal = SqliteJournal::open(opened, Options::default()).unwrap();
        let clock = Arc::new(FixedClock::at(at("03-01 12:00")));
        let publishers = Publishers::default().saying("staffed", &[staff::CATEGORY], publish);
        let record: Arc<dyn Journal> = Arc::clone(&journal) as Arc<dyn Journal>;
        let governance =
            Governance::open(Arc::clone(&record), clock.clone(), RuleSet::DEFAULT_FILE).await.unwrap();
        let service = Deficiency::open(Ports {
            journal: Arc::clone(&record),
            feed: Arc::new(JournalTail::new(record, Arc::new(publishers))),
            clock: clock.clone(),
            state: folder.path().join("state"),
            governance: Arc::new(governance),
        });
        let service = Arc::new(service.unwrap());
        let file = folder.path().join("access.toml");
        let mut tokens = std::collections::HashMap::new();
        for (name, role) in [
            ("manager", Role::HimManager),
            ("analyst", Role::HimAnalyst),
            ("physician", Role::Physician),
            ("auditor", Role::Auditor),
        ] {
            let (mut person, token) = Person::new(name, &[role]).with_token().unwrap();
            if role == Role::Physician {
                person.provider = Some(id("1001@NORTH"));
            }
            access::update(&file, |people| people.add(person)).unwrap();
            tokens.insert(name, token.reveal().to_owned());
        }
        let api = with_access(routes(Arc::clone(&service)), Arc::new(Access::new(file)));
        Self { folder, journal, clock, service, api, tokens }
    }

    async fn receives(&self, report: &StaffReported) {
        let event = EventId::derive(&["staffed", &report.message.to_string()]);
        let metadata = Metadata {
            correlation: event.0,
            causation: None,
            traceparent: None,
            schema: 1,
            actor: "test".to_owned(),
            occurred_at: report.effective_at,
            recorded_at: None,
            received_at: report.received_at,
        };
        let stored = NewEvent::encode(event, "staffed", report, metadata).unwrap();
        self.journal.append(StreamName::new("staffed", event), Expected::Any, vec![stored]).await.unwrap();
    }

    async fn ask<T: DeserializeOwned>(&self, request: Request<Body>) -> (StatusCode, T) {
        let answer = self.api.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, serde_json::from_slice(&bytes).unwrap_or_else(|error| panic!("{status} {error} {bytes:?}")))
    }

    async fn get<T: DeserializeOwned>(&self, path: &str) -> T {
        self.service.catch_up().await.unwrap();
        let (status, found) = self.ask(Request::get(path).body(Body::empty()).unwrap()).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        found
    }

    async fn post<T: DeserializeOwned>(
        &self,
        who: &str,
        key: &str,
        path: &str,
        body: &impl Serialize,
    ) -> (StatusCode, T) {
        let request = Request::post(path)
            .header("authorization", format!("Bearer {}", self.tokens[who]))
            .header("idempotency-key", key)
            .header("content-type", "application/json")
            .body(Body::from(serde_json::to_vec(body).unwrap()));
        self.ask(request.unwrap()).await
    }

    /// A change that is carried out.
    async fn does(&self, who: &str, key: &str, path: &str, body: Value) -> DirectoryStep {
        let (status, step): (_, Value) = self.post(who, key, path, &body).await;
        assert_eq!(status, StatusCode::OK, "{path} {step}");
        serde_json::from_value(step).unwrap()
    }

    /// A change that is refused: status and type of the problem.
    async fn may_not(&self, who: &str, path: &str, body: Value) -> (u16, String) {
        let (status, problem): (_, Value) = self.post(who, "refused", path, &body).await;
        let kind = problem["type"].as_str().unwrap_or_default();
        (status.as_u16(), kind.rsplit('/').next().unwrap_or_default().to_owned())
    }

    async fn people(&self, query: &str) -> Vec<PersonView> {
        let page: Page<PersonView> = self.get(&format!("/api/v1/people{query}")).await;
        page.items
    }

    async fn verify(&self) {
        self.service.catch_up().await.unwrap();
        let fresh = countersign_deficiency::service::read_model();
        let difference = self.service.read_model().difference(fresh, self.journal.as_ref()).await.unwrap();
        assert_eq!(difference, None);
    }
}

fn names(people: &[PersonView]) -> Vec<&str> {
    people.iter().map(|person| person.name.as_str()).collect()
}

fn welby() -> StaffReported {
    StaffReported {
        name: Some(countersign_kernel::Person {
            family: "Welby".into(),
            given: "Marcus".into(),
            ..Default::default()
        }),
        departments: vec!["CARD".into()],
        facilities: vec!["NORTH".into()],
        ..report("1001@NORTH", "01-01")
    }
}

#[tokio::test]
async fn case_17_messages_make_the_directory_in_the_order_of_their_effect() {
    let hospital = Hospital::new().await;
    // given a deactivation that arrives before the record it is about
    hospital.receives(&StaffReported { active: Some(false), ..report("1001@NORTH", "02-01") }).await;
    hospital.receives(&StaffReported { active: Some(true), ..welby() }).await;
    // then the provider is inactive since then
    let people = hospital.people("").await;
    assert_eq!(names(&people), ["Welby, Marcus"]);
    assert_eq!((people[0].active, people[0].inactive_since), (false, Some(at("02-01"))));
    assert_eq!(hospital.people("?active=true").await.len(), 0);
    assert_eq!(
        names(&hospital.people("?active=false&department=CARD&facility=NORTH&q=welb").await),
        ["Welby, Marcus"]
    );
    // and when it returns, the list knows at that instant
    hospital.receives(&StaffReported { active: Some(true), ..report("1001@NORTH", "04-01") }).await;
    assert_eq!(hospital.people("?active=true").await.len(), 0);
    hospital.clock.set(at("04-01"));
    assert_eq!(hospital.people("?active=true").await.len(), 1);
    hospital.verify().await;
}

#[tokio::test]
async fn case_38_a_provider_in_two_departments_and_two_facilities_is_in_the_list_of_each() {
    let hospital = Hospital::new().await;
    let both = StaffReported {
        departments: vec!["CARD".into(), "ICU".into()],
        facilities: vec!["NORTH".into(), "SOUTH".into()],
        ..welby()
    };
    hospital.receives(&both).await;
    // when it leaves one of each in April
    let one = StaffReported {
        departments: vec!["ICU".into()],
        facilities: vec!["SOUTH".into()],
        ..report("1001@NORTH", "04-01")
    };
    hospital.receives(&one).await;
    // then it is in both lists until then, and in the one from then on
    let counts = async || {
        let mut counts = Vec::new();
        for query in ["?department=CARD", "?department=ICU", "?facility=NORTH", "?facility=SOUTH"] {
            counts.push(hospital.people(query).await.len());
        }
        counts
    };
    assert_eq!(counts().await, [1, 1, 1, 1]);
    hospital.clock.set(at("04-01"));
    assert_eq!(counts().await, [0, 1, 0, 1]);
}

#[tokio::test]
async fn a_merge_is_undone_and_the_lists_follow() {
    let hospital = Hospital::new().await;
    hospital.receives(&welby()).await;
    hospital.receives(&report("77@LAB", "01-01")).await;
    let before = hospital.people("").await;
    assert_eq!(before.len(), 2);
    // when two records are made one
    let merge = json!({ "retired": { "id": "77", "authority": "LAB" }, "survivor": { "id": "1001", "authority": "NORTH" }, "why": "one person" });
    let step = hospital.does("manager", "m1", "/api/v1/people/merge", merge.clone()).await;
    let merged = hospital.people("").await;
    assert_eq!((merged.len(), merged[0].merged[0].id.as_str(), merged[0].identifiers.len()), (1, "77", 2));
    // then the key of the retired record gives the other, and the same command again is the same answer
    let retired = before.iter().find(|person| person.id == "77").unwrap().key;
    let shown: PersonView = hospital.get(&format!("/api/v1/people/{retired}")).await;
    assert_eq!(shown.id, "1001");
    assert_eq!(hospital.does("manager", "m1", "/api/v1/people/merge", merge.clone()).await, step);
    assert_eq!(
        hospital.may_not("manager", "/api/v1/people/merge", merge).await,
        (422, "merge-already".into())
    );
    // when it is undone, the directory is as before
    let unmerge = json!({ "retired": { "id": "77", "authority": "LAB" }, "why": "two people" });
    hospital.does("manager", "m2", "/api/v1/people/unmerge", unmerge).await;
    assert_eq!(hospital.people("").await, before);
    hospital.verify().await;
}

#[tokio::test]
async fn case_19_leaves_are_entered_late_overlap_and_have_no_end() {
    let hospital = Hospital::new().await;
    hospital.receives(&welby()).await;
    let leave = |kind: &str, from: &str, until: Option<&str>| json!({ "provider": { "id": "1001", "authority": "NORTH" }, "kind": kind, "from": at(from), "until": until.map(at) });
    let late = hospital.does("analyst", "l1", "/api/v1/leaves", leave("sick", "02-01", Some("02-08"))).await;
    hospital.does("analyst", "l2", "/api/v1/leaves", leave("planned", "02-25", Some("03-08"))).await;
    hospital.does("analyst", "l3", "/api/v1/leaves", leave("other", "03-05", None)).await;
    let away = hospital.people("?on_leave=true").await;
    assert_eq!(away.len(), 1);
    // then the list shows what is not over, the provider's page everything
    let shown = |person: &PersonView| -> Vec<(String, bool)> {
        person.leaves.iter().map(|leave| (leave.kind.clone(), leave.entered_late)).collect()
    };
    assert_eq!(shown(&away[0]), [("planned".into(), true), ("other".into(), false)]);
    let page: PersonView = hospital.get(&format!("/api/v1/people/{}", away[0].key)).await;
    assert_eq!(shown(&page), [("sick".into(), true), ("planned".into(), true), ("other".into(), false)]);
    // and a cancelled one is gone
    let path = format!("/api/v1/leaves/{}/cancel", late.id.unwrap());
    hospital.does("analyst", "l4", &path, json!({ "why": "was at work" })).await;
    let page: PersonView = hospital.get(&format!("/api/v1/people/{}", away[0].key)).await;
    assert_eq!(page.leaves.len(), 2);
    hospital.verify().await;
}

#[tokio::test]
async fn a_leave_of_ones_own_waits_for_a_second_person() {
    let hospital = Hospital::new().await;
    hospital.receives(&welby()).await;
    hospital.service.catch_up().await.unwrap();
    let leave = |id: &str| json!({ "provider": { "id": id, "authority": "NORTH" }, "kind": "planned", "from": at("03-01"), "until": at("03-08") });
    // only for herself
    assert_eq!(
        hospital.may_not("physician", "/api/v1/leaves", leave("2002")).await,
        (403, "not-permitted".into())
    );
    assert_eq!(
        hospital.may_not("auditor", "/api/v1/leaves", leave("1001")).await,
        (403, "not-permitted".into())
    );
    let step = hospital.does("physician", "l1", "/api/v1/leaves", leave("1001")).await;
    assert!(hospital.people("?on_leave=true").await.is_empty());
    let path = format!("/api/v1/leaves/{}/decision", step.id.unwrap());
    assert_eq!(hospital.may_not("physician", &path, json!({ "approve": true })).await.0, 403);
    hospital.does("analyst", "d1", &path, json!({ "approve": true })).await;
    assert_eq!(hospital.people("?on_leave=true").await[0].leaves[0].approval, "given");
    // the same key for something else is a slip
    let (status, problem): (_, Value) =
        hospital.post("analyst", "d1", &path, &json!({ "approve": false, "why": "no" })).await;
    assert_eq!(
        (status.as_u16(), problem["type"].as_str().unwrap().ends_with("idempotency-key-reused")),
        (422, true)
    );
}

#[tokio::test]
async fn who_may_not_is_told_who_may() {
    let hospital = Hospital::new().await;
    let edit = json!({ "id": "1", "why": "new", "specialty": "IM" });
    for who in ["analyst", "physician", "auditor"] {
        let (status, problem): (_, Value) = hospital.post(who, "k", "/api/v1/people", &edit).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{who}");
        assert!(problem["detail"].as_str().unwrap().contains("him_manager"), "{problem}");
        let facility = json!({ "time_zone": "America/Chicago" });
        assert_eq!(hospital.may_not(who, "/api/v1/facilities/NORTH", facility).await.0, 403, "{who}");
    }
    let without_token = Request::post("/api/v1/people").body(Body::empty()).unwrap();
    let (status, _): (_, Value) = hospital.ask(without_token).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert!(hospital.people("").await.is_empty());
    // an edit without a reason, and one that says it
    assert_eq!(
        hospital.may_not("manager", "/api/v1/people", json!({ "id": "1" })).await,
        (422, "reason-needed".into())
    );
    assert!(hospital.does("manager", "e1", "/api/v1/people", edit.clone()).await.changed);
    assert!(!hospital.does("manager", "e2", "/api/v1/people", edit).await.changed);
    assert_eq!(hospital.people("").await[0].specialty.as_deref(), Some("IM"));
}

const FILE: &str = "\
id,authority,npi,family,given,credentials,active,active_until,departments,specialty,supervisor,effective_at,time_zone
1001,NORTH,1234567893,Welby,Marcus,MD;FACP,yes,,CARD;ICU,IM,,2026-01-01,America/Chicago
1002,NORTH,,Kildare,James,RES,yes,2026-06-30,CARD,,1001,2026-01-01,America/Chicago
1003,NORTH,,Grey,Meredith,,maybe,,,,,,
,NORTH,,Nobody,,,,,,,,,
1004,NORTH,,Casey,\"Ben, Dr.\",,no,,,-,,03/01/2026,
";

#[tokio::test]
async fn a_file_is_tried_then_imported_and_the_second_time_changes_nothing() {
    let hospital = Hospital::new().await;
    let import = async |who: &str, key: &str, text: &str, dry_run: bool| -> ImportReport {
        let body = json!({ "text": text, "dry_run": dry_run });
        let (status, report): (_, Value) = hospital.post(who, key, "/api/v1/people/import", &body).await;
        assert_eq!(status, StatusCode::OK, "{report}");
        serde_json::from_value(report).unwrap()
    };
    // when it is tried, every line is told and nothing is changed
    let tried = import("manager", "i1", FILE, true).await;
    let told: Vec<(u64, &str, Option<&str>)> =
        tried.lines.iter().map(|line| (line.line, line.outcome.as_str(), line.column.as_deref())).collect();
    assert_eq!(
        told,
        [
            (2, "created", None),
            (3, "created", None),
            (4, "refused", Some("active")),
            (5, "refused", Some("id")),
            (6, "refused", Some("effective_at"))
        ]
    );
    assert!(tried.lines[2].reason.as_deref().unwrap().contains("neither `yes` nor `no`"));
    assert!(hospital.people("").await.is_empty());
    // when it is imported, the lines that can be used count
    let done = import("manager", "i1", FILE, false).await;
    assert_eq!((done.created, done.changed, done.unchanged, done.refused), (2, 0, 0, 3));
    let people = hospital.people("").await;
    assert_eq!(names(&people), ["Kildare, James", "Welby, Marcus"]);
    assert_eq!(people[0].supervisor.as_ref().unwrap().id, "1001");
    assert_eq!(people[0].activity[0].until, Some(at("07-01 05:00")), "the end of 30 June in Chicago");
    assert_eq!(people[1].credentials, ["MD", "FACP"]);
    assert_eq!(people[1].departments, ["CARD", "ICU"]);
    // the same file, later and under another key
    hospital.clock.set(at("03-02"));
    let again = import("manager", "i2", FILE, false).await;
    assert_eq!((again.created, again.changed, again.unchanged, again.refused), (0, 0, 2, 3));
    // a line that says something new, without an instant of its own
    let more = "id,authority,specialty\n1001,NORTH,CARD\n1002,NORTH,\n";
    let changed = import("manager", "i3", more, false).await;
    assert_eq!((changed.created, changed.changed, changed.unchanged), (0, 1, 1));
    assert_eq!(hospital.people("?q=1234567893").await[0].specialty.as_deref(), Some("CARD"));
    hospital.verify().await;
}

#[tokio::test]
async fn a_file_with_headings_that_mean_nothing_is_refused_as_a_whole() {
    let hospital = Hospital::new().await;
    for (text, says) in [
        ("", "the file is empty"),
        ("id,speciality\n1,IM\n", "no column `speciality`"),
        ("id,id\n1,1\n", "stands twice"),
        ("authority,family\nNORTH,Welby\n", "`id` is missing"),
    ] {
        let (status, problem): (_, Value) = hospital
            .post("manager", "k", "/api/v1/people/import", &json!({ "text": text, "dry_run": true }))
            .await;
        assert_eq!(status.as_u16(), 422, "{text}");
        assert!(problem["detail"].as_str().unwrap().contains(says), "{problem}");
    }
    let body = json!({ "text": "id\n1\n", "dry_run": true });
    assert_eq!(
        hospital.may_not("analyst", "/api/v1/people/import", body).await,
        (403, "not-permitted".into())
    );
}

#[tokio::test]
async fn case_28_a_facility_its_holidays_downtimes_and_departments_are_data() {
    let hospital = Hospital::new().await;
    let holidays = "date,name\n2026-05-25,Memorial Day\n25.12.2026,Christmas\n";
    let body = json!({ "text": holidays });
    assert_eq!(
        hospital.may_not("manager", "/api/v1/facilities/NORTH/holidays", body.clone()).await,
        (404, "facility-unknown".into())
    );
    let facility = json!({ "name": "North", "time_zone": "America/Chicago", "jurisdiction": "US-IL" });
    hospital.does("manager", "f1", "/api/v1/facilities/NORTH", facility).await;
    let (_, report): (_, ImportReport) =
        hospital.post("manager", "h1", "/api/v1/facilities/NORTH/holidays", &body).await;
    assert_eq!((report.created, report.refused, report.lines[1].column.as_deref()), (1, 1, Some("date")));
    let downtime = json!({ "from": at("02-01 10:00"), "until": at("02-01 18:00"), "why": "upgrade" });
    let step = hospital.does("manager", "d1", "/api/v1/facilities/NORTH/downtimes", downtime).await;
    let shown: Vec<FacilityView> = hospital.get("/api/v1/facilities").await;
    assert_eq!(
        (shown[0].jurisdiction.as_str(), shown[0].weekend.as_slice()),
        ("US-IL", ["saturday".to_owned(), "sunday".to_owned()].as_slice())
    );
    assert_eq!((shown[0].holidays[0].name.as_str(), shown[0].minimum_bill_hold_days), ("Memorial Day", 3));
    assert_eq!(
        (Some(shown[0].downtimes[0].id), shown[0].downtimes[0].recorded.by.as_str()),
        (step.id, "manager")
    );
    let path = format!("/api/v1/downtimes/{}/cancel", step.id.unwrap());
    hospital.does("manager", "d2", &path, json!({ "why": "was another facility" })).await;
    // departments, effective-dated
    let department = |chair: &str, effective: &str| json!({ "facility": "NORTH", "code": "CARD", "name": "Cardiology", "chair": { "id": chair, "authority": "NORTH" }, "effective_at": at(effective) });
    hospital.does("manager", "c1", "/api/v1/departments", department("1001", "01-01")).await;
    hospital.does("manager", "c2", "/api/v1/departments", department("1002", "06-01")).await;
    let chair = async |query: &str| -> Option<String> {
        let departments: Vec<DepartmentView> = hospital.get(&format!("/api/v1/departments{query}")).await;
        departments.into_iter().next().and_then(|department| department.chair).map(|chair| chair.id)
    };
    assert_eq!(chair("").await.as_deref(), Some("1001"));
    assert_eq!(chair("?at=2026-06-01T00:00:00Z&facility=NORTH").await.as_deref(), Some("1002"));
    assert_eq!(chair("?facility=SOUTH").await, None);
    let shown: Vec<FacilityView> = hospital.get("/api/v1/facilities").await;
    assert!(shown[0].downtimes.is_empty());
    hospital.verify().await;
    assert!(hospital.folder.path().join("state").is_dir());
}

#[tokio::test]
async fn the_directory_is_listed_page_by_page() {
    let hospital = Hospital::new().await;
    for number in 0..7 {
        hospital.receives(&report(&format!("{number}@NORTH"), "01-01")).await;
    }
    let mut seen = Vec::new();
    let mut cursor = String::new();
    loop {
        let page: Page<PersonView> = hospital.get(&format!("/api/v1/people?limit=3{cursor}")).await;
        assert_eq!(page.total, 7);
        seen.extend(page.items.into_iter().map(|person| person.id));
        let Some(next) = page.next else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, ["0", "1", "2", "3", "4", "5", "6"]);
}
