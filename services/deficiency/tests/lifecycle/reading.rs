//! Who may read what: everything while nobody says who reads, and what the table of rights gives a person.

use axum::http::StatusCode;
use countersign_kernel::{ProviderId, Role};
use countersign_runtime::access::Person;
use serde_json::{Value, json};

use super::{NOW, discharged, ward::Ward};

fn provider(id: &str, authority: &str) -> ProviderId {
    ProviderId { id: id.to_owned(), authority: authority.to_owned() }
}

/// The ids of what a list or a chart holds.
fn ids(list: &Value, field: &str) -> Vec<String> {
    let items = list[field].as_array().expect("a list").iter();
    let mut ids: Vec<String> = items.map(|item| item["id"].as_str().expect("an id").to_owned()).collect();
    ids.sort();
    ids
}

/// A discharged patient of A1, one of whose items HIM gave to A2: that item, and the first of A1.
async fn shared() -> (Ward, Value, Value) {
    let ward = Ward::after(discharged(), NOW).await;
    let ann = ward.person("ann", &[Role::HimAnalyst]);
    let item = ward.item("R13").await;
    ann.decides(&item, "one", json!({"act": "reassign", "to": {"id": "A2"}})).await.done();
    let of_a2 = ward.item("R13").await;
    let of_a1 = ward.item("R01").await;
    assert_eq!((&of_a1["responsible"], &of_a2["responsible"]), (&json!("A1"), &json!("A2")));
    (ward, of_a1, of_a2)
}

#[tokio::test]
async fn who_says_nothing_reads_everything_while_reading_is_open() {
    let (ward, ..) = shared().await;
    let chart = format!("/api/v1/charts/{}", ward.chart);
    let list = ward.get("/api/v1/deficiencies").await;
    assert_eq!(ids(&list, "items"), ids(&ward.get(&chart).await, "deficiencies"));
    assert!(ids(&list, "items").len() > 2);
}

#[tokio::test]
async fn physicians_read_their_own_items_and_delegates_those_of_the_providers_they_are_named_for() {
    let (ward, of_a1, of_a2) = shared().await;
    let id = |item: &Value| item["id"].as_str().expect("an id").to_owned();
    let dot = Person { for_providers: vec![provider("A2", "")], ..Person::new("dot", &[Role::Delegate]) };
    let readers = [ward.physician("dr two", "A2"), ward.known(dot)];
    for reader in readers {
        // lists, now and as of an instant, the chart, and the sums of providers
        for path in [
            "/api/v1/deficiencies",
            "/api/v1/deficiencies?as_of=2026-01-08T10:00:00Z",
            "/api/v1/deficiencies?provider=A2",
        ] {
            let list = reader.reads(path).await.done();
            assert_eq!((ids(&list, "items"), &list["total"]), (vec![id(&of_a2)], &json!(1)), "{path}");
        }
        assert_eq!(reader.reads("/api/v1/deficiencies?provider=A1").await.done()["total"], 0);
        let chart = reader.reads(&format!("/api/v1/charts/{}", ward.chart)).await.done();
        assert_eq!(ids(&chart, "deficiencies"), [id(&of_a2)]);
        let providers = reader.reads("/api/v1/providers").await.done();
        assert_eq!(ids(&providers, "items"), ["A2"]);
        // single items, and what explains them
        for path in ["", "/explanation"] {
            let own = format!("/api/v1/deficiencies/{}{path}", id(&of_a2));
            assert_eq!(reader.reads(&own).await.status, StatusCode::OK, "{path}");
            let of_another = format!("/api/v1/deficiencies/{}{path}", id(&of_a1));
            assert_eq!(reader.reads(&of_another).await.status, StatusCode::NOT_FOUND);
        }
        // neither bills nor what-if runs
        reader.reads("/api/v1/claims").await.refused(403, "not-permitted");
        reader.reads("/api/v1/what-if/x").await.refused(403, "not-permitted");
    }
    // who has nothing in the chart sees neither it nor what was decided about it
    let stranger = ward.physician("dr three", "A3");
    assert_eq!(stranger.reads("/api/v1/deficiencies").await.done()["total"], 0);
    assert_eq!(stranger.reads(&format!("/api/v1/charts/{}", ward.chart)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(
        stranger.reads(&format!("/api/v1/charts/{}/acts", ward.chart)).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn decisions_about_an_item_are_read_by_whose_it_is_and_those_about_the_chart_by_everybody_in_it() {
    let (ward, ..) = shared().await;
    let ann = ward.person("ben", &[Role::HimAnalyst]);
    ann.decides_chart("two", json!({"act": "ask_query", "title": "Which stage?", "to": {"id": "A1"}}))
        .await
        .done();
    let path = format!("/api/v1/charts/{}/acts", ward.chart);
    let deeds = |acts: Value| -> Vec<String> {
        let acts = acts.as_array().expect("decisions").iter();
        acts.map(|act| act["deed"].as_str().expect("a word").to_owned()).collect()
    };
    ward.get("/api/v1/deficiencies").await; // the query is in the list
    assert_eq!(deeds(ann.reads(&path).await.done()), ["reassigned", "raised"]);
    assert_eq!(deeds(ward.physician("dr one", "A1").reads(&path).await.done()), ["raised"]);
    assert_eq!(deeds(ward.physician("dr two", "A2").reads(&path).await.done()), ["reassigned"]);
}

#[tokio::test]
async fn own_is_under_every_identifier_of_the_directory_and_not_under_the_same_number_of_another_authority() {
    let (ward, ..) = shared().await;
    let manager = ward.person("max", &[Role::HimManager]);
    let text = "id,authority,npi,family\nA2,,1234567893,Welby\n";
    let import = manager.posts("/api/v1/people/import", "k", None, &json!({"text": text})).await.done();
    assert_eq!(import["created"], 1, "{import}");
    ward.get("/api/v1/people").await;
    let reads = async |name: &str, id: &str, authority: &str| {
        let person =
            Person { provider: Some(provider(id, authority)), ..Person::new(name, &[Role::Physician]) };
        ward.known(person).reads("/api/v1/deficiencies").await.done()["total"].clone()
    };
    assert_eq!(reads("by npi", "1234567893", "NPI").await, 1);
    assert_eq!(reads("by number", "A2", "").await, 1);
    assert_eq!(reads("of another", "1234567893", "LAB").await, 0);
}

#[tokio::test]
async fn others_read_what_is_in_their_facilities_and_administrators_no_chart() {
    let (ward, of_a1, _) = shared().await;
    let in_facility = |name: &str, role: Role, facility: &str| {
        ward.known(Person { facilities: vec![facility.to_owned()], ..Person::new(name, &[role]) })
    };
    let here = in_facility("here", Role::HimAnalyst, "HOSP1");
    let there = in_facility("there", Role::HimAnalyst, "WEST");
    let all = ward.get("/api/v1/deficiencies").await;
    let item = format!("/api/v1/deficiencies/{}", of_a1["id"].as_str().expect("an id"));
    let past = "/api/v1/deficiencies?as_of=2026-01-08T10:00:00Z";
    assert_eq!(here.reads("/api/v1/deficiencies").await.done()["total"], all["total"]);
    assert!(here.reads(past).await.done()["total"].as_u64() > Some(0));
    assert_eq!(here.reads(&item).await.status, StatusCode::OK);
    for path in
        ["/api/v1/deficiencies", past, "/api/v1/claims", "/api/v1/claims?state=pending", "/api/v1/providers"]
    {
        assert_eq!(there.reads(path).await.done()["total"], 0, "{path}");
    }
    assert_eq!(there.reads(&item).await.status, StatusCode::NOT_FOUND);
    assert_eq!(there.reads(&format!("/api/v1/charts/{}", ward.chart)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(there.reads(&format!("/api/v1/claims/{}", ward.chart)).await.status, StatusCode::NOT_FOUND);
    assert_eq!(here.reads(&format!("/api/v1/claims/{}", ward.chart)).await.status, StatusCode::OK);
    let sums = there.reads("/api/v1/claims/summary").await.done();
    assert_eq!(sums["rows"], json!([]));
    let admin = ward.person("adm", &[Role::Administrator]);
    let chart = format!("/api/v1/charts/{}", ward.chart);
    for path in ["/api/v1/deficiencies", &item, &chart, "/api/v1/providers", "/api/v1/claims"] {
        admin.reads(path).await.refused(403, "not-permitted");
    }
}

#[tokio::test]
async fn operators_are_asked_for_a_token_once_somebody_is_registered() {
    // given an installation without people, then who is on the machine operates it
    let ward = Ward::after(discharged(), NOW).await;
    let skip = json!({"actor": "who knows", "why": "test message"});
    let retry = "/api/v1/partitions/retry";
    assert_eq!(ward.posts(retry, &json!({})).await.status, StatusCode::ACCEPTED);
    assert_eq!(ward.posts("/api/v1/partitions/3/skip", &skip).await.status, StatusCode::NOT_FOUND);

    // when somebody is registered, then a token is needed, and the right role
    let manager = ward.person("max", &[Role::HimManager]);
    let analyst = ward.person("ann", &[Role::HimAnalyst]);
    ward.posts(retry, &json!({})).await.refused(401, "token-needed");
    ward.posts("/api/v1/partitions/3/skip", &skip).await.refused(401, "token-needed");
    ward.posts("/api/v1/what-if", &json!({"rules": ""})).await.refused(401, "token-needed");
    analyst.posts(retry, "k", None, &json!({})).await.refused(403, "not-permitted");
    analyst.posts("/api/v1/what-if", "k", None, &json!({"rules": ""})).await.refused(403, "not-permitted");
    assert_eq!(manager.posts(retry, "k", None, &json!({})).await.status, StatusCode::ACCEPTED);
    // what is wrong with the request is told to who may make it; the token says who it is
    assert_eq!(
        manager.posts("/api/v1/what-if", "k", None, &json!({"rules": ""})).await.status,
        StatusCode::BAD_REQUEST
    );
    assert_eq!(
        manager.posts("/api/v1/partitions/3/skip", "k", None, &json!({"why": "x"})).await.status,
        StatusCode::NOT_FOUND
    );
}
