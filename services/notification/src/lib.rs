//! Digests, notices, channels, templates; delivery and its proof.
