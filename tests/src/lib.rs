//! Black-box tests: the real program driven from the outside.
