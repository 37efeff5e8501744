//! HL7 v2: zero-copy reader, times, character sets, batch files, MLLP framing, acknowledgements.
