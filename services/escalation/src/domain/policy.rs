//! The escalation policy: what a hospital wants to happen, as governed data.
