-- One row for every message. No patient data: message ids, codes of the feed and times.
CREATE TABLE message (
    position INTEGER PRIMARY KEY,           -- of its first event in the journal
    id BLOB NOT NULL UNIQUE,                -- 16 bytes
    received_at INTEGER NOT NULL,           -- microseconds since 1970, UTC
    source TEXT NOT NULL,                   -- kind of connection, without addresses
    application TEXT NOT NULL,              -- MSH-3
    facility TEXT NOT NULL,                 -- MSH-4
    control_id TEXT NOT NULL,               -- MSH-10
    control_id_reused INTEGER NOT NULL,     -- 1: this sender used it before for another content
    message_type TEXT NOT NULL,             -- MSH-9
    version TEXT NOT NULL,                  -- MSH-12
    bytes INTEGER NOT NULL,
    feed TEXT NOT NULL,                     -- the profile of the last reading
    outcome TEXT NOT NULL,                  -- used, not_used, quarantined, rejected
    reason TEXT,                            -- why it is in quarantine
    reading INTEGER NOT NULL                -- number of the last reading, from 0
);
-- Whether a control id was used before is asked for every message.
CREATE INDEX message_control_id ON message (control_id, application, facility);
-- What the last reading of a message assumed or found odd.
CREATE TABLE finding (
    message INTEGER NOT NULL,               -- message.position
    code TEXT NOT NULL,
    detail TEXT NOT NULL,                   -- the feed's own code that it is about, or nothing
    PRIMARY KEY (message, code, detail)
) WITHOUT ROWID;
-- Every delivery of a message after its first.
CREATE TABLE repetition (
    position INTEGER PRIMARY KEY,           -- in the journal
    message INTEGER NOT NULL,               -- message.position
    received_at INTEGER NOT NULL
);
