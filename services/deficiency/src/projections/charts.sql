CREATE TABLE chart (
    encounter TEXT PRIMARY KEY,
    facility TEXT NOT NULL,
    authority TEXT NOT NULL,
    visit TEXT NOT NULL,
    time_zone TEXT NOT NULL,
    stage TEXT NOT NULL,
    class TEXT,
    location TEXT,
    service TEXT,
    attending TEXT,
    attending_name TEXT,
    admitted_at INTEGER,
    discharged_at INTEGER,
    patient_key TEXT,
    patient TEXT,
    patient_name TEXT,
    wake_at INTEGER,
    continues_as TEXT,
    findings TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX chart_by_wake ON chart (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX chart_by_patient ON chart (patient_key) WHERE patient_key IS NOT NULL;
