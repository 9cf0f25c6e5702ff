//! Counts what is looked at while rights are compared, in tests alone: that it grows as the rights do is a
//! matter of steps, not of time.

#[cfg(test)]
std::thread_local! {
    static TAKEN: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// One right was looked at.
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
