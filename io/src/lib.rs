//! How bytes come in and go out safely: sources, wrappers, sets of files, sinks.
#![forbid(unsafe_code)]
