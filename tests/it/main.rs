//! Tests that cross the crates, and the rules of the repository.
