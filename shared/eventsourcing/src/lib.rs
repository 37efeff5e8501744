//! Ports and laws of event sourcing: journal, feed, decider, projection, relay, and their test specs.
