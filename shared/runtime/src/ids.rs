//! Ids that stand for nothing else: connections, processes, requests. Ids of facts are derived
//! (`countersign_kernel::derive_uuid`), never made here.

use uuid::Uuid;

/// A new id (RFC 9562 version 7: time-ordered, random). For things that exist once and are never derived
/// again on replay: a process, a connection, an operator's request.
#[expect(clippy::disallowed_methods, reason = "the one place that makes random ids")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_new_each_time_and_in_order() {
        let ids: Vec<Uuid> = (0..1000).map(|_| new_id()).collect();
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]), "strictly rising, so none twice");
        assert_eq!(ids[0].get_version_num(), 7);
    }
}
