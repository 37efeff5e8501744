//! Configuration, life cycle, HTTP scaffolding, logs, traces and metrics.
