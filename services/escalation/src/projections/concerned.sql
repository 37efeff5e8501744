CREATE TABLE concerned (
    position INTEGER NOT NULL, provider TEXT NOT NULL, facility TEXT NOT NULL, PRIMARY KEY (position, provider, facility)
) WITHOUT ROWID;
