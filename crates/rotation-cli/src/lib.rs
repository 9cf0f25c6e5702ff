//! What the commands `rotate` and `rotate-local` have in common: the engines by their words on the command
//! line, the screen, and how a failure is shown. Nothing here calls AWS or a database.

mod engine;
mod failure;
mod screen;

pub use engine::EngineKind;
pub use failure::exit_code;
pub use screen::{Look, Screen};
