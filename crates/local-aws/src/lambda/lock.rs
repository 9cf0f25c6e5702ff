//! Shared state.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks, also after a panic of another holder: each value here is consistent at every moment.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
