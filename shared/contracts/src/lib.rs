//! What services say to each other: envelope, subjects, partitions, version-1 events.
