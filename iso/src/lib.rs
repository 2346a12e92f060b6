//! What is on this disc?
//!
//! Nothing is here yet. Sectors of CDs (sync, header, EDC, ECC, sub-channel),
//! ISO 9660 with Joliet and Rock Ridge, El Torito and UDF come into this room.
#![forbid(unsafe_code)]
