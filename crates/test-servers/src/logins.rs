//! Logins as a server counts them.

use std::ops::{Add, Sub};

/// Logins, by the server's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Logins {
    /// The user was let in.
    pub accepted: usize,
    /// The user was refused.
    pub refused: usize,
}

impl Add for Logins {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { accepted: self.accepted + other.accepted, refused: self.refused + other.refused }
    }
}

impl Sub for Logins {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { accepted: self.accepted - earlier.accepted, refused: self.refused - earlier.refused }
    }
}
