//! What the commands `rotate` and `rotate-local` have in common: the engines by the words of a command line,
//! the screen, the timeline of labels, and how a failure reads. Nothing here asks AWS or a database anything.

mod engine;
mod engine_choice;
mod failure;
mod screen;
pub mod timeline;

pub use engine::EngineKind;
pub use engine_choice::EngineError;
pub use failure::exit_code;
pub use screen::{Look, Screen};
