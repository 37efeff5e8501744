CREATE TABLE provider (
    id TEXT NOT NULL,
    authority TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (id, authority)
) WITHOUT ROWID;
