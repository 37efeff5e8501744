//! Typed ids, instants and zones, the clock port, values that hold patient data.
