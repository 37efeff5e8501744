//! Raw HL7 messages in, chart facts out: MLLP, feed profiles, raw archive, quarantine.
