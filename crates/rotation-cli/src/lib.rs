//! What the commands `rotate` and `rotate-local` have in common: the engines by the words of a command line,
//! the screen, and how a failure reads. Nothing here asks AWS or a database anything.

mod engine;
mod failure;
mod screen;

pub use engine::EngineKind;
pub use failure::exit_code;
pub use screen::{Look, Screen};
