//! What is measured: a program, and the secret that it gets.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::failure::Failure;

/// A function under measurement.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    /// The header of its column.
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) role: Role,
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// Variables in addition to those that every function gets.
    pub(crate) environment: Vec<(String, String)>,
}

/// The origin of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A shipped artifact.
    Ours,
    /// The bare runtime.
    Bare,
    /// The Python baseline.
    Python,
    /// `--function`.
    Other,
}

/// The task of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// Rotates a single-user secret.
    SingleUser,
    /// Rotates an alternating-users secret with a master's secret.
    MasterUser,
    /// Answers, and does nothing.
    Nothing,
}

impl Subject {
    /// A shipped artifact.
    pub(crate) fn ours(name: &str, role: Role, program: &Path) -> Self {
        Self::new(name, Kind::Ours, role, program)
    }

    /// The program that answers null.
    pub(crate) fn bare(program: &Path) -> Self {
        Self::new("bare runtime", Kind::Bare, Role::Nothing, program)
    }

    /// Another command, split at spaces. There is no shell in between, whose start would be measured, too.
    pub(crate) fn command(role: Role, command: &str) -> Result<Self, Failure> {
        let mut words = command.split_whitespace();
        let program = words.next().ok_or("--function needs a command")?;
        let path = find(program).ok_or_else(|| format!("{program} is not a program here"))?;
        let name = path.file_name().map_or_else(|| program.into(), |name| name.to_string_lossy());
        let mut subject = Self::new(&name, Kind::Other, role, &path);
        subject.arguments = words.map(str::to_owned).collect();
        Ok(subject)
    }

    pub(crate) fn new(name: &str, kind: Kind, role: Role, program: &Path) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            role,
            program: program.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.kind == Kind::Ours
    }

    /// The size of `<program>.zip` in bytes, which the script makes of each program that is built here.
    pub(crate) fn zip_size(&self) -> io::Result<Option<u64>> {
        match self.kind {
            Kind::Ours | Kind::Bare => Ok(Some(fs::metadata(self.program.with_extension("zip"))?.len())),
            Kind::Python | Kind::Other => Ok(None),
        }
    }
}

/// A program by its path, or by its name in one of the folders where a function would find it.
fn find(program: &str) -> Option<PathBuf> {
    let path = if program.contains('/') {
        Some(PathBuf::from(program))
    } else {
        ["/usr/local/bin", "/usr/bin", "/bin"]
            .iter()
            .map(|folder| Path::new(folder).join(program))
            .find(|path| path.is_file())
    };
    path?.canonicalize().ok()
}
