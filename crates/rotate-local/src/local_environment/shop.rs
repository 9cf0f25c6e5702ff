//! The names of what is rotated.

/// The database.
pub(crate) const DATABASE: &str = "shop";
/// The secret whose user changes its own password.
pub(crate) const SINGLE_USER_SECRET: &str = "shop/reporting";
/// The secret whose users take turns.
pub(crate) const ALTERNATING_SECRET: &str = "shop/checkout";
/// The secret of their master.
pub(crate) const MASTER_SECRET: &str = "shop/master";
/// The master.
pub(crate) const MASTER: &str = "rotation_master";
/// The user who changes its own password.
pub(crate) const REPORTING: &str = "reporting";
/// The user whose clone takes turns with it.
pub(crate) const OWNER: &str = "checkout";
/// Its clone.
pub(crate) const CLONE: &str = "checkout_clone";
