//! Runs `fuzz_properties::login` on whatever libFuzzer comes up with.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_properties::login(bytes));
