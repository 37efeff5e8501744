CREATE TABLE facility (
    code TEXT PRIMARY KEY,
    described TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE downtime (
    id TEXT PRIMARY KEY,
    facility TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    recorded TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE department (
    facility TEXT NOT NULL,
    code TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    described TEXT NOT NULL,
    PRIMARY KEY (facility, code, from_at)
) WITHOUT ROWID;
