CREATE TABLE claim (
    encounter TEXT PRIMARY KEY,
    facility TEXT NOT NULL,
    visit TEXT NOT NULL,
    class TEXT,
    service TEXT,
    payer TEXT,
    time_zone TEXT NOT NULL,
    discharged_at INTEGER,
    taken_back TEXT NOT NULL,
    charges INTEGER,
    coded_at INTEGER,
    billed_at INTEGER
) WITHOUT ROWID;
CREATE TABLE claim_item (
    id TEXT PRIMARY KEY,
    encounter TEXT NOT NULL,
    rule TEXT NOT NULL,
    document_type TEXT NOT NULL,
    responsible TEXT,
    responsible_authority TEXT,
    responsible_family TEXT,
    responsible_given TEXT,
    opened_at INTEGER NOT NULL,
    open_before TEXT NOT NULL,
    open_since INTEGER NOT NULL,
    closed_at INTEGER
) WITHOUT ROWID;
