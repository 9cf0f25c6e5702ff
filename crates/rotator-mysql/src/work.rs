//! Counts the rights that a comparison visits, in tests alone: its growth is measured in steps, not in time.

#[cfg(test)]
std::thread_local! {
    static TAKEN: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// One right was visited.
#[inline]
pub(crate) fn step() {
    #[cfg(test)]
    TAKEN.set(TAKEN.get() + 1);
}

/// The steps of this thread so far.
#[cfg(test)]
pub(crate) fn taken() -> usize {
    TAKEN.get()
}
