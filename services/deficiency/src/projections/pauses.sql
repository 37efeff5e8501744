-- Stretches in which clocks stand that no decision about a single chart made: leave of a provider, downtime of a
-- facility. The scope is the provider's or the facility's key.
CREATE TABLE pause (
    id TEXT PRIMARY KEY,
    scope TEXT NOT NULL,
    cause TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    until_at INTEGER,
    decided_by TEXT NOT NULL,
    why TEXT NOT NULL,
    counts INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX pause_by_scope ON pause (scope);
-- Under which identifiers a record of the directory goes, and into which other record it was merged.
CREATE TABLE known_as (
    id TEXT NOT NULL,
    authority TEXT NOT NULL,
    provider TEXT NOT NULL,
    PRIMARY KEY (id, authority, provider)
) WITHOUT ROWID;
CREATE INDEX known_as_by_provider ON known_as (provider);
CREATE TABLE merged_provider (
    retired TEXT PRIMARY KEY,
    survivor TEXT NOT NULL
) WITHOUT ROWID;
-- Days of business, as the facility's description has them.
CREATE TABLE business_days (
    facility TEXT PRIMARY KEY,
    weekend TEXT NOT NULL,
    holidays TEXT NOT NULL
) WITHOUT ROWID;
