//! Which XML is parsed at all. The answers of the Query protocol have one namespace, on the root, and no
//! other attributes. For documents full of attributes or namespaces, the parser's work and memory would grow
//! with the square of their size.

use super::Unreadable;

/// The longest start of an answer, to the first element within the root, in bytes.
const LONGEST_ROOT: usize = 1024;

/// Whether the parser may have it: what follows then is linear in the size.
///
/// # Errors
/// [`Unreadable`].
pub(super) fn check(body: &str) -> Result<(), Unreadable> {
    let mut elements = body.split('<').skip(1).filter(|piece| !piece.starts_with(['?', '!', '/']));
    let rooted = elements.next().is_some_and(|root| root.len() <= LONGEST_ROOT);
    // A quoted `>` would come after the first `=`.
    let bare = elements.all(|piece| !piece.split('>').next().unwrap_or(piece).contains('='));
    if rooted && bare { Ok(()) } else { Err(Unreadable) }
}
