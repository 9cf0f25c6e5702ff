//! The counts of a soak.

use crate::{client::Observations, residue::Growth};

/// The counts of one kind of secret.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    pub(crate) rotations: usize,
    pub(crate) attempts: usize,
    pub(crate) kills: usize,
    pub(crate) client: Observations,
    pub(crate) growth: Growth,
    /// Replaced passwords that logged in after a rotation.
    pub(crate) old_passwords: usize,
    /// Settings that one user made and the other did not get.
    pub(crate) settings_lost: usize,
}
