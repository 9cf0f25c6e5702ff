//! The parts of the bench that have one right answer. What it measures has none.

mod arguments;
mod bars;
mod figures;
mod fixture;
mod groups;
mod growth;
mod launcher;
mod relay;
mod table;
