//! scratch
use utoipa::OpenApi;
fn main() {
    println!("{}", countersign_escalation::api::Api::openapi().to_pretty_json().expect("json"));
}
