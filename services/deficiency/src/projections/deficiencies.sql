CREATE TABLE deficiency (
    id TEXT PRIMARY KEY,
    encounter TEXT NOT NULL,
    facility TEXT NOT NULL,
    visit TEXT NOT NULL,
    rule TEXT NOT NULL,
    rule_version INTEGER NOT NULL,
    rule_about_chart INTEGER NOT NULL,
    subject TEXT,
    document_type TEXT NOT NULL,
    responsible TEXT,
    responsible_authority TEXT,
    responsible_name TEXT,
    responsible_because TEXT NOT NULL,
    status TEXT NOT NULL,
    anchor_at INTEGER NOT NULL,
    due_at INTEGER NOT NULL,
    target_at INTEGER,
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    closed_because TEXT,
    holds_bill INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX deficiency_by_encounter ON deficiency (encounter);
CREATE INDEX deficiency_by_responsible ON deficiency (responsible, status, due_at);
CREATE INDEX deficiency_by_due ON deficiency (status, due_at, id);
