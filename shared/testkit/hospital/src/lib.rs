//! A simulated hospital: the HL7 messages it sends and the truth about who owes what.
