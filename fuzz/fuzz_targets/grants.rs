//! Runs `fuzz_properties::grants` on whatever libFuzzer comes up with.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_properties::grants(bytes));
