CREATE TABLE run (
    facility TEXT NOT NULL, publish_at INTEGER NOT NULL, at INTEGER NOT NULL, cutoff_at INTEGER NOT NULL,
    due INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (facility, publish_at)
);
CREATE TABLE held_run (
    facility TEXT PRIMARY KEY, at INTEGER NOT NULL, tracks INTEGER NOT NULL, most INTEGER NOT NULL,
    released_until INTEGER, released_by TEXT
);
