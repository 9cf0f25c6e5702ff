//! The command `rotate`.
fn main() {}
