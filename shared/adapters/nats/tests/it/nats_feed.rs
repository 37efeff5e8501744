//! The specification of feeds, over the relay and a real server.

use crate::installation::Installation;

countersign_eventsourcing::feed_spec!(Installation::fresh);
