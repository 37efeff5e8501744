CREATE TABLE owed_item (
  id TEXT PRIMARY KEY,
  encounter TEXT NOT NULL,
  facility TEXT NOT NULL,
  -- Identifier of whoever owes it, as the feed names them; NULL: nobody.
  named_id TEXT,
  named_authority TEXT,
  status TEXT NOT NULL,
  chart_level INTEGER NOT NULL,
  -- Told by `changed` too: here so that the kinds of what somebody owes are read from the index alone.
  rule TEXT NOT NULL,
  document_type TEXT NOT NULL,
  closed_at INTEGER,
  known_at TEXT NOT NULL,
  told_at TEXT NOT NULL,
  position INTEGER NOT NULL,
  changed TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX owed_item_of_name ON owed_item
  (named_id, named_authority, facility, status, chart_level, rule, document_type);
-- Whom an identifier means, merges followed.
CREATE TABLE owed_name (
  id TEXT NOT NULL,
  authority TEXT NOT NULL,
  provider TEXT NOT NULL,
  PRIMARY KEY (id, authority)
) WITHOUT ROWID;
CREATE TABLE owed_provider (
  provider TEXT PRIMARY KEY,
  merged_into TEXT,
  position INTEGER NOT NULL,
  described TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE owed_identifier (
  id TEXT NOT NULL,
  authority TEXT NOT NULL,
  provider TEXT NOT NULL,
  PRIMARY KEY (id, authority, provider)
) WITHOUT ROWID;
CREATE INDEX owed_identifier_of ON owed_identifier (provider);
CREATE TABLE owed_facility (
  code TEXT PRIMARY KEY,
  position INTEGER NOT NULL,
  described TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE owed_department (
  facility TEXT NOT NULL,
  code TEXT NOT NULL,
  -- From when on it holds; empty: since ever.
  effective_at TEXT NOT NULL,
  position INTEGER NOT NULL,
  described TEXT NOT NULL,
  PRIMARY KEY (facility, code, effective_at)
) WITHOUT ROWID;
