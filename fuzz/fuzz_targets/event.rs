//! Runs `hostile_input::event` on whatever libFuzzer comes up with.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile_input::event(bytes));
