//! A leave of somebody whom only charts name.

use axum::http::StatusCode;
use countersign_kernel::Role;
use serde_json::{Value, json};

use super::{NOW, ward::Ward};
use crate::given::{at, chart};

fn leave(id: &str) -> Value {
    json!({"provider": {"id": id}, "kind": "planned", "from": at("01-07 00:00"), "until": at("01-20 00:00"),
           "why": "away"})
}

#[tokio::test]
async fn a_leave_told_without_an_authority_stops_the_clocks_of_whom_the_charts_name_by_that_identifier() {
    // given an attending whom messages name with an authority, and nobody has entered into the directory
    let story = chart().admitted("01-01 10:00").attending_of("A1", "MERCY").discharged("01-05 10:00");
    let ward = Ward::after(story, NOW).await;
    let mona = ward.person("mona", &[Role::MedicalStaffOffice]);
    assert_eq!(ward.item("R13").await["accountability"]["state"], "running");
    // when the office enters a leave under the bare identifier
    assert_eq!(mona.posts("/api/v1/leaves", "k", None, &leave("A1")).await.status, StatusCode::OK);
    // then it is that person's, and the clocks stand
    assert_eq!(ward.item("R13").await["accountability"]["state"], "physician_leave");
    let people = mona.reads("/api/v1/people").await.done();
    assert_eq!(people["items"][0]["authority"], "MERCY", "{people}");
    assert_eq!(people["items"].as_array().map(Vec::len), Some(1));
}
