//! A floppy and optical preservation toolkit for emulators.
#![forbid(unsafe_code)]
