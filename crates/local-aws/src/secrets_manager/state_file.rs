//! The state of the service in a file.

use std::{io, io::Write, path::Path};

use tempfile::NamedTempFile;

use super::model::Model;

/// Reads the state; `None` where there is no file yet.
pub(crate) fn load(path: &Path) -> io::Result<Option<Model>> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Replaces the file as a whole, so that neither a reader nor a crash ever leaves half of it. Only the owner
/// may read it.
pub(crate) fn save(model: &Model, path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Temporary files have mode 0600, and a rename keeps the mode.
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(&serde_json::to_vec_pretty(model)?)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
