//! How much of a long list an error shows.

/// The most rights, and statements, that an error lists.
pub(crate) const MOST_LISTED: usize = 20;

/// The first of many.
pub(crate) fn listed(all: &[String]) -> String {
    let shown = all.iter().take(MOST_LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match all.len().saturating_sub(MOST_LISTED) {
        0 => shown,
        more => format!("{shown}, and {more} more"),
    }
}
