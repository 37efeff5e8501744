CREATE TABLE track (
    id TEXT PRIMARY KEY, provider_key TEXT NOT NULL, provider TEXT NOT NULL, authority TEXT NOT NULL,
    facility TEXT NOT NULL, revision INTEGER NOT NULL,
    cycle INTEGER NOT NULL, opened_at INTEGER NOT NULL, closed_at INTEGER, policy TEXT NOT NULL,
    step TEXT, rung INTEGER, step_at INTEGER, counting INTEGER NOT NULL, oldest_days INTEGER NOT NULL,
    held TEXT, held_at INTEGER, granted TEXT, granted_until INTEGER, granted_by TEXT,
    proposed INTEGER, suspended INTEGER, suspended_from INTEGER
);
CREATE TABLE inbox (
    id TEXT PRIMARY KEY, stream TEXT NOT NULL, kind TEXT NOT NULL, proposal INTEGER, cycle INTEGER, rung INTEGER,
    since INTEGER NOT NULL, words TEXT NOT NULL, body TEXT, confirmed TEXT, acknowledged TEXT, closed_at INTEGER
);
CREATE INDEX inbox_stream ON inbox (stream, kind);
CREATE TABLE suspension (
    track TEXT NOT NULL, proposal INTEGER NOT NULL, since INTEGER NOT NULL, until INTEGER, body TEXT NOT NULL,
    ended_because TEXT, ended_by TEXT, npdb_asked_at INTEGER, npdb_answer TEXT, superseded INTEGER NOT NULL,
    cycle INTEGER NOT NULL, PRIMARY KEY (track, proposal)
);
CREATE TABLE suspension_item (
    deficiency TEXT NOT NULL, track TEXT NOT NULL, proposal INTEGER NOT NULL, PRIMARY KEY (deficiency, track, proposal)
);
