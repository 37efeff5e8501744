//! Random histories that shrink to the shortest one that fails.

use countersign_eventsourcing::spec::journal::{Step, agrees_with_the_model};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::contract::Shared;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (0_u8..3, 0_u8..6, 0_u8..4, 0_u8..4, any::<u8>())
        .prop_map(|(stream, expected, new, old, from)| Step { stream, expected, new, old, from });
    prop::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_history_agrees_with_the_model(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let store = Shared(TempDir::new().expect("a folder"));
        runtime.block_on(agrees_with_the_model(&store, &steps));
    }
}
