//! Who may read what about whom.

use axum::{body::Body, http::Request};
use countersign_contracts::{
    directory::ProviderDescribed,
    notice::{Channel, NoticeClass::Formal, NoticeRequested, Recipient},
    staff::key_of,
};
use countersign_kernel::{NoticeId, ProviderId, Role};
use countersign_notification::domain::notice::Mode;
use countersign_runtime::access::Person;
use serde_json::json;
use tower::ServiceExt;

use super::office::{Office, call, described};
use crate::given::{provider, request};

fn another() -> ProviderId {
    ProviderId { id: "E-77".to_owned(), authority: "EHR".to_owned() }
}

fn merged() -> ProviderId {
    ProviderId { id: "9".to_owned(), authority: "OLD".to_owned() }
}

/// An office where Ana Núñez is known by two identifiers, and a record of hers became part of this one; she was told
/// something.
async fn told() -> Office {
    let office = Office::opened(Mode::Live).await;
    office.describe(&ProviderDescribed { identifiers: vec![provider(), another()], ..described() }).await;
    let old = ProviderDescribed {
        key: key_of(&merged()),
        id: merged(),
        identifiers: vec![merged()],
        ..described()
    };
    office.describe(&old).await;
    // the old record was told something before it was merged
    office
        .ask(&NoticeRequested {
            notice: NoticeId::derive(&["old"]),
            about: Some(merged()),
            recipient: Recipient::Provider { id: merged(), role: "provider".to_owned() },
            channels: vec![Channel::Inbox],
            ..request(Formal)
        })
        .await;
    office.catch_up().await;
    office.describe(&ProviderDescribed { merged_into: Some(key_of(&provider())), ..old }).await;
    office.ask(&NoticeRequested { channels: vec![Channel::Inbox], ..request(Formal) }).await;
    office.catch_up().await;
    office
}

#[tokio::test]
async fn an_inbox_is_its_owners_by_whatever_identifier_the_sign_in_knows_them() {
    let office = told().await;
    for (n, id) in [provider(), another(), merged()].into_iter().enumerate() {
        let ana =
            Person { provider: Some(id.clone()), ..Office::somebody(&format!("ana{n}"), Role::Physician) };
        let ana = office.api(ana);
        let (status, inbox) = call(&ana, "GET", "/api/v1/inbox", None).await;
        assert_eq!((status.as_u16(), &inbox["total"]), (200, &json!(2)), "{id:?}: {inbox}");
        assert_eq!(inbox["items"][0]["about_name"], json!("N\u{fa}\u{f1}ez, Ana"), "{inbox}");
        let (_, notices) = call(&ana, "GET", "/api/v1/notices", None).await;
        assert_eq!(notices["total"], json!(2), "{id:?}: {notices}");
        let (_, contacts) = call(&ana, "GET", "/api/v1/contacts", None).await;
        assert_eq!(contacts["total"], json!(1), "{id:?}: {contacts}");
    }
    // and a delegate's who looks after her, and nobody else's
    let delegate = Person { for_providers: vec![another()], ..Office::somebody("dee", Role::Delegate) };
    assert_eq!(call(&office.api(delegate), "GET", "/api/v1/inbox", None).await.1["total"], json!(2));
    let stranger = ProviderId { id: "2".to_owned(), authority: "NPI".to_owned() };
    let max = office.api(Person { provider: Some(stranger), ..Office::somebody("max", Role::Physician) });
    for path in ["/api/v1/inbox", "/api/v1/notices"] {
        assert_eq!(call(&max, "GET", path, None).await.1["total"], json!(0), "{path}");
    }
}

#[tokio::test]
async fn nobody_reads_about_people_unknown_even_where_reading_is_open() {
    let office = told().await;
    let (routes, _) = office.api(Office::somebody("kim", Role::HimManager));
    let id = request(Formal).notice;
    let paths = [
        "/api/v1/inbox".to_owned(),
        "/api/v1/notices".to_owned(),
        "/api/v1/notices/dead-letters".to_owned(),
        format!("/api/v1/notices/{id}"),
        format!("/api/v1/notices/{id}/proof"),
        format!("/api/v1/notices/{id}/proof.pdf"),
        format!("/api/v1/notices/{id}/legs/1/content"),
        "/api/v1/letters".to_owned(),
        "/api/v1/contacts".to_owned(),
        "/api/v1/contacts/tasks".to_owned(),
        format!("/api/v1/contacts/provider-{}", key_of(&provider())),
        format!("/api/v1/contacts/provider-{}/digest", key_of(&provider())),
    ];
    for path in paths {
        let asked = Request::get(&path).body(Body::empty()).expect("a request");
        let answer = routes.clone().oneshot(asked).await.expect("an answer");
        assert_eq!(answer.status(), 401, "{path}");
    }
}

#[tokio::test]
async fn the_offices_and_the_auditor_read_what_the_table_says() {
    let office = told().await;
    let id = request(Formal).notice;
    for (role, contacts) in [
        (Role::HimAnalyst, 200),
        (Role::MedicalStaffOffice, 200),
        (Role::ChiefMedicalOfficer, 403),
        (Role::Auditor, 403),
    ] {
        let person = office.api(Office::somebody(&format!("{role:?}"), role));
        assert_eq!(call(&person, "GET", &format!("/api/v1/notices/{id}"), None).await.0, 200, "{role:?}");
        assert_eq!(call(&person, "GET", "/api/v1/letters", None).await.0, 200, "{role:?}");
        assert_eq!(call(&person, "GET", "/api/v1/contacts", None).await.0, contacts, "{role:?}");
    }
    let him = office.api(Office::somebody("kim", Role::HimManager));
    let (_, found) = call(&him, "GET", "/api/v1/contacts?text=e-77&limit=1", None).await;
    assert_eq!((&found["total"], &found["next"]), (&json!(1), &json!(null)), "{found}");
    let (_, found) = call(&him, "GET", "/api/v1/contacts?text=nobody", None).await;
    assert_eq!(found["total"], json!(0), "{found}");
}
