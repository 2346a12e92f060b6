//! What a container holds: one folder for each format, and the registry.
#![forbid(unsafe_code)]
