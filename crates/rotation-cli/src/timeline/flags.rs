//! The flags by which a command draws timelines.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use rotation_config::Environment;

use super::{Glyphs, Page};
use crate::screen::Screen;

/// How the timeline of the labels is shown.
#[derive(Args, Clone, Debug)]
pub struct TimelineFlags {
    /// Also write the timeline to this file, as one HTML page without passwords (default: the terminal
    /// alone). A file of this name is replaced
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,

    /// Draw with ASCII alone (default: UTF-8 where `LC_ALL`, `LC_CTYPE` or `LANG` names it)
    #[arg(long)]
    ascii: bool,
}

impl TimelineFlags {
    /// The signs to draw with.
    pub fn glyphs(&self, environment: &Environment) -> Glyphs {
        Glyphs::of(environment, self.ascii)
    }

    /// Writes the page where a file was named, and prints its name. Makes no page otherwise.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write<'a>(&self, page: impl FnOnce() -> Page<'a>, screen: &Screen) -> Result<()> {
        let Some(file) = &self.html else { return Ok(()) };
        fs::write(file, page().to_html())
            .with_context(|| format!("{} (--html) cannot be written", file.display()))?;
        screen.line(format_args!("The timeline is in {}", file.display()));
        Ok(())
    }
}
