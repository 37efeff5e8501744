CREATE TABLE contact (key TEXT PRIMARY KEY, changed_at INTEGER NOT NULL);
CREATE TABLE task (
    id TEXT PRIMARY KEY, contact TEXT NOT NULL, kind TEXT NOT NULL, channel TEXT, notice TEXT NOT NULL,
    detail TEXT NOT NULL, since INTEGER NOT NULL, settled_by TEXT, settled_at INTEGER, settled_why TEXT
);
CREATE TABLE digest (
    provider TEXT PRIMARY KEY, released_at INTEGER, notice TEXT, skipped_at INTEGER, skipped_because TEXT
);
