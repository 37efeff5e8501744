CREATE TABLE notice (
    id TEXT PRIMARY KEY, track TEXT, kind TEXT NOT NULL, formal INTEGER NOT NULL, number INTEGER NOT NULL,
    facility TEXT NOT NULL, about TEXT, about_id TEXT, about_authority TEXT,
    contact TEXT NOT NULL, role TEXT NOT NULL, items INTEGER NOT NULL, names_date TEXT,
    standing TEXT NOT NULL, because TEXT, since INTEGER,
    requested_at INTEGER NOT NULL, changed_at INTEGER NOT NULL,
    listed_in TEXT
);
CREATE TABLE leg (
    notice TEXT NOT NULL, leg INTEGER NOT NULL, channel TEXT NOT NULL, destination TEXT NOT NULL, owner TEXT,
    copy INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, not_before INTEGER, detail TEXT,
    accepted_at INTEGER, delivered_at INTEGER, read_at INTEGER, failed_at INTEGER,
    printed_at INTEGER, printed_by TEXT, printed_why TEXT, how TEXT, left_on TEXT, by_whom TEXT,
    sha256 TEXT, template TEXT, content_type TEXT, message_id TEXT, subject TEXT, body TEXT,
    PRIMARY KEY (notice, leg)
);
CREATE TABLE attempt (
    notice TEXT NOT NULL, leg INTEGER NOT NULL, attempt INTEGER NOT NULL, at INTEGER NOT NULL,
    destination TEXT NOT NULL, ending TEXT,
    PRIMARY KEY (notice, leg, attempt)
);
