//! Ids that stand for nothing else: connections, processes, requests. Ids of facts are derived
//! (`countersign_kernel::derive_uuid`), never made here. And bytes that nobody can guess.

use uuid::Uuid;

/// A new id (RFC 9562 version 7: time-ordered, random). For things that exist once and are never derived
/// again on replay: a process, a connection, an operator's request.
#[expect(clippy::disallowed_methods, reason = "the one place that makes random ids")]
pub fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// 32 bytes (256 bits) from the operating system's generator: for secrets.
///
/// # Errors
/// The operating system has none to give.
pub(crate) fn secret_bytes() -> std::io::Result<[u8; 32]> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|error| std::io::Error::other(error.to_string()))?;
    Ok(bytes)
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
