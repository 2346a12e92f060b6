#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| floptical_fixtures::fuzz("dfi", data));
