//! A request that cannot be read stops its partition, visibly, until an operator passes over it on record.

use countersign_contracts::notice::{NoticeClass::Formal, NoticeRequested};
use countersign_eventsourcing::journal::StreamName;
use countersign_kernel::Role;
use countersign_notification::domain::notice::Mode;
use serde_json::json;

use super::office::{Office, call};
use crate::given::request;

#[tokio::test]
async fn a_request_that_cannot_be_read_holds_back_what_comes_after_it_until_it_is_passed_over() {
    // given a request that cannot be read, before one that can; and an operator's decision about sending
    let mut office = Office::opened(Mode::Live).await;
    let him = office.api(Office::somebody("kim", Role::HimManager));
    let live = json!({"mode": "live", "why": "the pilot is over"});
    assert_eq!(call(&him, "POST", "/api/v1/notification/mode", Some(live)).await.0, 200);
    office.tell(NoticeRequested::TYPE, &json!({"notice": "MARKER"})).await;
    office.ask(&request(Formal)).await;
    // when everything is worked through, then nothing is sent, and it is shown why, without quoting the request
    office.catch_up().await;
    let partitions = "/api/v1/notification/partitions";
    let (_, stopped) = call(&him, "GET", partitions, None).await;
    assert_eq!(stopped[0]["service"], "notification", "{stopped}");
    assert!(!stopped.to_string().contains("MARKER"), "{stopped}");
    assert_eq!(office.sent().len(), 0);
    // when an operator passes over it, then the next one goes out
    let skip = format!("{partitions}/{}/skip", stopped[0]["partition"]);
    let why = json!({"why": "a request of the vendor's test"});
    assert_eq!(call(&him, "POST", &skip, Some(why)).await.0, 200);
    office.catch_up().await;
    assert_eq!(call(&him, "GET", partitions, None).await.1, json!([]));
    assert_eq!(office.sent().len(), 1);
    // and the decision is on record, beside the one about sending: a process without files of its own knows both
    let stream = StreamName::new("operator", "notification-feed");
    let recorded = office.journal.read_stream(stream, 0).await.expect("a stream");
    assert_eq!(recorded[0].metadata().expect("metadata").actor, "kim");
    office.restart(true);
    office.catch_up().await;
    let again = office.api(Office::somebody("lee", Role::HimManager));
    assert_eq!(call(&again, "GET", partitions, None).await.1, json!([]));
    assert_eq!(call(&again, "GET", "/api/v1/notification/mode", None).await.1["source"], "operator");
    assert_eq!(office.sent().len(), 1);
}
