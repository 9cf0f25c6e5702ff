//! The baseline: a function as a Lambda author would write it in Python.

use std::{fs, io, path::Path};

use crate::subject::{Kind, Role, Subject};

const HANDLER: &str = include_str!("handler.py");

/// Writes the handler into the folder and runs it as Lambda's own Python image does.
pub(crate) fn baseline(interpreter: &Path, folder: &Path) -> io::Result<Subject> {
    fs::write(folder.join("handler.py"), HANDLER)?;
    // Not resolved: the interpreter finds its packages by the location of the link itself.
    let mut subject = Subject::new("Python", Kind::Python, Role::SingleUser, interpreter);
    subject.arguments = ["-m", "awslambdaric", "handler.handler"].map(str::to_owned).to_vec();
    subject.environment = vec![("PYTHONPATH".to_owned(), folder.to_string_lossy().into_owned())];
    Ok(subject)
}
