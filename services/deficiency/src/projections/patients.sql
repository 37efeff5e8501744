CREATE TABLE retired_identifier (
    retired TEXT PRIMARY KEY,
    survivor_key TEXT NOT NULL,
    survivor TEXT NOT NULL
) WITHOUT ROWID;
