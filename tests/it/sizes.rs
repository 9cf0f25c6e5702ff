//! No crate collects too much of the code.

use std::{fs, path::Path};

/// The largest share of all lines that one crate may have, in percent.
const MOST: f64 = 15.0;

fn lines(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .map(|path| {
            if path.is_dir() {
                lines(&path)
            } else if path.extension().is_some_and(|name| name == "rs") {
                fs::read_to_string(&path).expect("a source").lines().count()
            } else {
                0
            }
        })
        .sum()
}

/// No crate holds too large a part of all lines.
#[test]
fn no_crate_holds_too_many_lines() {
    let root = super::root();
    let sizes: Vec<_> = super::source_folders().into_iter().map(|folder| (lines(&folder), folder)).collect();
    let all: usize = sizes.iter().map(|(lines, _)| lines).sum();
    let (most, folder) = sizes.iter().max().expect("there are crates");
    let krate = folder.strip_prefix(root).expect("it is below the root").display();
    #[expect(clippy::cast_precision_loss, reason = "the lines of a repository are few")]
    let share = *most as f64 * 100.0 / all as f64;
    assert!(share <= MOST, "{krate} holds {share:.1} % of all lines ({most} of {all}), more than {MOST} %");
}
