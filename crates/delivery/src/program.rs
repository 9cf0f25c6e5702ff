//! What a built program requires of the machine that runs it.

use std::{fmt, str::FromStr};

use anyhow::{Context, bail};
use object::{
    Architecture as Machine, Endianness, Object,
    elf::FileHeader64,
    read::elf::{ElfFile64, FileHeader},
};

/// A processor that Lambda runs functions on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Intel and AMD.
    X86_64,
    /// Graviton.
    Arm64,
}

impl Architecture {
    /// Lambda's name for it in `Architectures`.
    pub fn name(self) -> &'static str {
        match self {
            Self::X86_64 => "x86_64",
            Self::Arm64 => "arm64",
        }
    }

    fn machine(self) -> Machine {
        match self {
            Self::X86_64 => Machine::X86_64,
            Self::Arm64 => Machine::Aarch64,
        }
    }
}

impl FromStr for Architecture {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "x86_64" => Ok(Self::X86_64),
            "arm64" => Ok(Self::Arm64),
            other => Err(format!("{other} is neither x86_64 nor arm64")),
        }
    }
}

/// A version of the C library, such as 2.34.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Glibc {
    major: u32,
    minor: u32,
}

impl Glibc {
    /// The version in Lambda's runtime `provided.al2023`.
    pub const OF_LAMBDA: Self = Self { major: 2, minor: 34 };

    /// Parses the version name of a symbol, such as `GLIBC_2.2.5`; `None` for names of other libraries.
    fn of_symbol(version: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(version.strip_prefix(b"GLIBC_")?).ok()?;
        let mut parts = text.split('.').map(str::parse);
        Some(Self { major: parts.next()?.ok()?, minor: parts.next()?.ok()? })
    }
}

impl fmt::Display for Glibc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// Checks that Lambda's `provided.al2023` can start this program, and returns the C library that it needs.
///
/// # Errors
/// It is no ELF program for that processor, needs no or a newer C library, or is not stripped.
pub fn check(program: &[u8], architecture: Architecture) -> anyhow::Result<Glibc> {
    let file = ElfFile64::<Endianness>::parse(program).context("this is no 64-bit ELF program")?;
    if file.architecture() != architecture.machine() {
        bail!("it is built for {:?}, not for {}", file.architecture(), architecture.name());
    }
    let needed = needed_glibc(program)?.context("it names no version of the C library")?;
    if needed > Glibc::OF_LAMBDA {
        bail!(
            "it needs glibc {needed}, and provided.al2023 has {}; build it with cargo-lambda \
             or on an older system",
            Glibc::OF_LAMBDA
        );
    }
    if file.has_debug_symbols() {
        bail!("it holds debug information; build with the release profile");
    }
    Ok(needed)
}

/// The newest version among those that the program's symbols require.
fn needed_glibc(program: &[u8]) -> anyhow::Result<Option<Glibc>> {
    let header = FileHeader64::<Endianness>::parse(program)?;
    let endian = header.endian()?;
    let sections = header.sections(endian, program)?;
    let Some((mut needs, strings)) = sections.gnu_verneed(endian, program)? else {
        return Ok(None);
    };
    let strings = sections.strings(endian, program, strings)?;
    let mut newest = None;
    while let Some((_, mut versions)) = needs.next()? {
        while let Some(version) = versions.next()? {
            newest = newest.max(Glibc::of_symbol(version.name(endian, strings)?));
        }
    }
    Ok(newest)
}
