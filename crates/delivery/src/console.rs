//! The operator at the terminal.

use std::io::{self, BufRead, IsTerminal, Write};

use anyhow::{bail, ensure};

/// Asks before anything is changed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    /// Treats every question as answered with yes.
    pub(crate) yes: bool,
}

impl Console {
    /// Passes where a question can be answered, so that nothing is begun that would end at one.
    pub(crate) fn can_ask(self) -> anyhow::Result<()> {
        let terminal = self.yes || io::stdin().is_terminal();
        ensure!(terminal, "there is no terminal for the question; --yes agrees in advance");
        Ok(())
    }

    /// Whether the operator agrees. Only `y` and `yes` do.
    ///
    /// # Errors
    /// There is no terminal.
    pub(crate) fn agrees(self, question: &str) -> anyhow::Result<bool> {
        if self.yes {
            say(format!("{question} yes (--yes)"))?;
            return Ok(true);
        }
        self.can_ask()?;
        write!(io::stdout(), "{question} [y/N] ")?;
        io::stdout().flush()?;
        let mut answer = String::new();
        if io::stdin().lock().read_line(&mut answer)? == 0 {
            bail!("no answer came");
        }
        Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
    }
}

/// One line on standard output.
pub(crate) fn say(line: impl AsRef<str>) -> io::Result<()> {
    writeln!(io::stdout(), "{}", line.as_ref())
}
