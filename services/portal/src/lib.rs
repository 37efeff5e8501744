//! Pages for physicians, HIM and leadership.
