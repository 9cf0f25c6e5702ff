//! What the demo rotates.

use rotation_config::StrategyKind;

use crate::local_environment::{ALTERNATING_SECRET, SINGLE_USER_SECRET};

/// What is rotated, in this order.
pub(super) const PROGRAMME: [(&str, StrategyKind); 4] = [
    (SINGLE_USER_SECRET, StrategyKind::SingleUser),
    (SINGLE_USER_SECRET, StrategyKind::SingleUser),
    (ALTERNATING_SECRET, StrategyKind::MasterUser),
    (ALTERNATING_SECRET, StrategyKind::MasterUser),
];
