//! What is measured: a program, and the secret that it gets.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{engine::Strategy, failure::Failure};

/// A function under measurement.
#[derive(Clone, Debug)]
pub struct Subject {
    /// The header of its column.
    pub name: String,
    /// Where it is from.
    pub kind: Kind,
    /// How it rotates; `None` for one that answers and does nothing.
    pub strategy: Option<Strategy>,
    /// Whether its secrets ask for TLS.
    pub ssl: Ssl,
    /// Its file.
    pub program: PathBuf,
    /// The program's arguments.
    pub arguments: Vec<String>,
    /// Variables in addition to those that every function gets.
    pub environment: Vec<(String, String)>,
}

/// The origin of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// One of our functions.
    Ours,
    /// The same function of another build of ours.
    Base,
    /// The bare runtime.
    Bare,
    /// The Python baseline.
    Python,
    /// AWS's own function.
    Aws,
    /// Any other command.
    Other,
}

/// The field `ssl` of a secret. The servers all speak TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ssl {
    /// `"ssl": true`.
    Required,
    /// Without the field.
    Absent,
}

impl Ssl {
    pub(crate) const ALL: [Self; 2] = [Self::Required, Self::Absent];

    /// For names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Required => "ssl",
            Self::Absent => "no-ssl",
        }
    }
}

impl Kind {
    /// The word for it in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Base => "base",
            Self::Bare => "bare",
            Self::Python => "python",
            Self::Aws => "aws",
            Self::Other => "command",
        }
    }

    /// Whether its failure ends the bench. A function of others may fail, and has no figures then.
    pub(crate) fn must_work(self) -> bool {
        !matches!(self, Self::Aws | Self::Other)
    }
}

impl Subject {
    /// A function with a secret that asks for TLS.
    pub fn new(name: &str, kind: Kind, strategy: Option<Strategy>, program: &Path) -> Self {
        Self {
            name: name.to_owned(),
            kind,
            strategy,
            ssl: Ssl::Required,
            program: program.to_owned(),
            arguments: Vec::new(),
            environment: Vec::new(),
        }
    }

    /// Another command, split at spaces. There is no shell in between, whose start would be measured, too.
    pub(crate) fn command(strategy: Strategy, command: &str) -> Result<Self, Failure> {
        let mut words = command.split_whitespace();
        let program = words.next().ok_or("--command needs a command")?;
        let path = find(program).ok_or_else(|| format!("{program} is not a program here"))?;
        let name = path.file_name().map_or_else(|| program.into(), |name| name.to_string_lossy());
        let mut subject = Self::new(&name, Kind::Other, Some(strategy), &path);
        subject.arguments = words.map(str::to_owned).collect();
        Ok(subject)
    }

    /// The size of `<program>.zip` in bytes, where the script has made one.
    pub(crate) fn zip_size(&self) -> io::Result<Option<u64>> {
        match self.kind {
            Kind::Ours | Kind::Base | Kind::Bare => match fs::metadata(self.program.with_extension("zip")) {
                Ok(zip) => Ok(Some(zip.len())),
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                Err(error) => Err(error),
            },
            Kind::Python | Kind::Aws | Kind::Other => Ok(None),
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
