//! Governed texts: drafted, checked by somebody else, published from a date, withdrawn.
