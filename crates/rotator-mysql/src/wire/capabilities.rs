//! The flags by which both sides announce their capabilities ("Capabilities Flags" of the protocol's manual).

pub(super) const LONG_PASSWORD: u32 = 1;
pub(super) const LONG_FLAG: u32 = 1 << 2;
pub(super) const CONNECT_WITH_DB: u32 = 1 << 3;
pub(super) const PROTOCOL_41: u32 = 1 << 9;
pub(super) const SSL: u32 = 1 << 11;
pub(super) const TRANSACTIONS: u32 = 1 << 13;
pub(super) const SECURE_CONNECTION: u32 = 1 << 15;
pub(super) const PLUGIN_AUTH: u32 = 1 << 19;
pub(super) const CONNECT_ATTRS: u32 = 1 << 20;
pub(super) const PLUGIN_AUTH_LENENC: u32 = 1 << 21;

/// What a server must support: MySQL 5.6, MariaDB 10 and everything later does.
pub(super) const REQUIRED: u32 = PROTOCOL_41 | SECURE_CONNECTION | PLUGIN_AUTH;
