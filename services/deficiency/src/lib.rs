//! Charts, rules, deficiencies and why they exist.
