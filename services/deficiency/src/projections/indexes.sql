CREATE INDEX chart_by_wake ON chart (wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX chart_by_patient ON chart (patient_key) WHERE patient_key IS NOT NULL;
CREATE INDEX deficiency_by_encounter ON deficiency (encounter);
CREATE INDEX deficiency_by_responsible ON deficiency (responsible, status, due_at);
CREATE INDEX deficiency_by_due ON deficiency (status, due_at, id);
CREATE INDEX claim_item_by_encounter ON claim_item (encounter);
