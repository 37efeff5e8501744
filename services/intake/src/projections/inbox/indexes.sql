CREATE INDEX message_quarantine ON message (position) WHERE reason IS NOT NULL;
CREATE INDEX repetition_message ON repetition (message);
