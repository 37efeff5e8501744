//! What is owed by whom, folded from contract events.
