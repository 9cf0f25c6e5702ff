//! Runs `hostile_input::login` on whatever libFuzzer comes up with.

#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| hostile_input::login(bytes));
