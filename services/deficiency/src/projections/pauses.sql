-- Stretches in which clocks stand that no decision about a single chart made: leave of a provider, downtime of a
-- facility.
CREATE TABLE pause (
    scope TEXT NOT NULL,
    id TEXT NOT NULL,
    cause TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    until_at INTEGER,
    decided_by TEXT NOT NULL,
    why TEXT NOT NULL,
    counts INTEGER NOT NULL,
    PRIMARY KEY (scope, id)
) WITHOUT ROWID;
