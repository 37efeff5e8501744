CREATE TABLE notice (
    id TEXT PRIMARY KEY, stream TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, formal INTEGER NOT NULL,
    requested_at INTEGER NOT NULL, withdrawn_at INTEGER, answered_at INTEGER, settled INTEGER NOT NULL
);
CREATE INDEX notice_waiting ON notice (requested_at) WHERE settled = 0;
