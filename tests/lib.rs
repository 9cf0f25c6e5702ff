//! Tests that cross the crates live in `it`; there is nothing else here.
