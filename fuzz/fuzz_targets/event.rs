//! Runs `fuzz_properties::event` on the inputs of libFuzzer.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| fuzz_properties::event(bytes));
