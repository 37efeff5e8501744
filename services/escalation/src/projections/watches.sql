CREATE TABLE watch (
    chart TEXT PRIMARY KEY, facility TEXT NOT NULL, discharged_at INTEGER NOT NULL, due_at INTEGER NOT NULL,
    reached_at INTEGER NOT NULL, closed_at INTEGER,
    -- Who has seen it last, and why: JSON.
    acknowledged TEXT
);
