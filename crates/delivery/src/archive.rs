//! The zip for Lambda: one program named `bootstrap`.

use std::io::{self, Cursor, Write};

use zip::{CompressionMethod, DateTime, ZipWriter, result::ZipError, write::SimpleFileOptions};

/// Lambda starts this file.
pub const ENTRY: &str = "bootstrap";

/// The levels above zlib's are those of Zopfli, which searches long for the shortest deflate: 3.5 % less than
/// zlib's best, in half a minute per function. Another round (one level more) gains next to nothing.
const LEVEL: i64 = 12;

/// Zopfli divides each piece of its input into a few blocks, each with codes of its own. A program has many
/// kinds of content, so it is passed in pieces of this many bytes. Matches reach across them.
const PIECE: usize = 128 << 10;

/// Packs a program. The same program always gives the same bytes: time and mode are fixed, and the compressor
/// is the one that `Cargo.lock` names, not the machine's.
///
/// # Errors
/// The program is larger than a zip without extensions can hold.
pub fn pack(program: &[u8]) -> Result<Vec<u8>, ZipError> {
    let deflated = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(LEVEL))
        .with_zopfli_buffer(None);
    zip(program, deflated)
}

/// The same, without compression: for a trial on this machine.
///
/// # Errors
/// As for [`pack`].
pub fn store(program: &[u8]) -> Result<Vec<u8>, ZipError> {
    zip(program, SimpleFileOptions::default().compression_method(CompressionMethod::Stored))
}

fn zip(program: &[u8], compression: SimpleFileOptions) -> Result<Vec<u8>, ZipError> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = compression.last_modified_time(DateTime::default()).unix_permissions(0o755);
    archive.start_file(ENTRY, options)?;
    for piece in program.chunks(PIECE) {
        archive.write_all(piece)?;
    }
    Ok(archive.finish()?.into_inner())
}

/// Extracts the program from its zip, as Lambda does.
///
/// # Errors
/// The archive contains anything else.
pub fn unpack(archive: &[u8]) -> Result<Vec<u8>, ZipError> {
    let mut archive = zip::ZipArchive::new(Cursor::new(archive))?;
    if archive.len() != 1 {
        return Err(ZipError::InvalidArchive("it holds more than the program".into()));
    }
    let mut entry = archive.by_name(ENTRY)?;
    if entry.unix_mode().is_none_or(|mode| mode & 0o111 == 0) {
        return Err(ZipError::InvalidArchive("its program is not executable".into()));
    }
    let mut program = Vec::new();
    io::copy(&mut entry, &mut program)?;
    Ok(program)
}
