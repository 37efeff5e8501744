CREATE TABLE deficiency (
    id TEXT PRIMARY KEY,
    encounter TEXT NOT NULL,
    facility TEXT NOT NULL,
    visit TEXT NOT NULL,
    rule TEXT NOT NULL,
    rule_version INTEGER NOT NULL,
    about_chart INTEGER NOT NULL,
    responsible TEXT,
    responsible_authority TEXT,
    responsible_name TEXT,
    status TEXT NOT NULL,
    -- By the accountability clock, with every pause known; the end of time while nothing falls due.
    due_at INTEGER NOT NULL,
    delinquent_at INTEGER NOT NULL,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    holds_bill INTEGER NOT NULL,
    disputed INTEGER NOT NULL,
    -- The deficiency as it was stored.
    body BLOB NOT NULL
) WITHOUT ROWID;
