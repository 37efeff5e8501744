//! Which servers we talk to.

/// Oldest server that is accepted. Older ones silently ignore what we rely on (per-message expectations in
/// pipelined publishing of clusters, several filter subjects, stream metadata); Debian 12 ships 2.9.
pub(crate) const OLDEST: (u64, u64) = (2, 12);

/// Whether a server of this version is new enough. A version that cannot be read is not.
pub(crate) fn is_supported(version: &str) -> bool {
    let mut numbers = version.split(['.', '-', '+']).map(str::parse::<u64>);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= OLDEST,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_from_2_12_on_are_accepted() {
        for version in ["2.12.0", "2.12.1-RC.3", "2.15.1", "2.100.0", "3.0.0-dev"] {
            assert!(is_supported(version), "{version}");
        }
    }

    #[test]
    fn older_and_unreadable_versions_are_refused() {
        for version in ["2.9.10", "2.11.9", "1.4.1", "0.12.0", "", "2", "two.twelve"] {
            assert!(!is_supported(version), "{version}");
        }
    }
}
