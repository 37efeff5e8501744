CREATE TABLE person_event (
    position INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE person (
    key TEXT PRIMARY KEY,
    sort_name TEXT NOT NULL,
    provider TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE person_identifier (
    key TEXT NOT NULL,
    id TEXT NOT NULL,
    authority TEXT NOT NULL,
    PRIMARY KEY (key, id, authority)
) WITHOUT ROWID;
CREATE TABLE person_activity (
    key TEXT NOT NULL,
    number INTEGER NOT NULL,
    from_at INTEGER,
    until_at INTEGER,
    PRIMARY KEY (key, number)
) WITHOUT ROWID;
CREATE TABLE person_place (
    key TEXT NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    code TEXT NOT NULL,
    from_at INTEGER,
    until_at INTEGER,
    PRIMARY KEY (key, number, kind, code)
) WITHOUT ROWID;
CREATE TABLE person_leave (
    key TEXT NOT NULL,
    id TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    until_at INTEGER,
    counts INTEGER NOT NULL,
    PRIMARY KEY (key, id)
) WITHOUT ROWID;
