//! The end of every world of a walk, once faults have stopped.

use crate::{
    schedules::setting,
    world::{Service, Situation},
};

/// Where a walk began.
pub(super) struct Start {
    situation: Situation,
    /// All users of all servers as they were.
    users: u64,
}

impl Start {
    pub(super) fn of(situation: Situation, service: &Service) -> Self {
        Self { situation, users: service.world.users() }
    }

    /// A plain `cargo test` tries only single faults from the situations that were added later.
    pub(super) fn is_tried_with_pairs(&self) -> bool {
        Situation::FIRST.contains(&self.situation) || setting("PROVE_ACTS").is_some()
    }

    /// The number of whole rotations until success: at once, or after the refusal of the situation and the
    /// remediation of its hint. `None` where there is no success, or where an invariant breaks on the way.
    pub(super) async fn settle(&self, service: Service) -> Option<usize> {
        if let Some(expected) = self.situation.refusal() {
            let refused = service.rotate_or_code().await == Err(expected);
            let kept = !self.situation.refuses_before_a_change() || service.world.users() == self.users;
            if !(refused && kept) {
                return None;
            }
            service.follow_hint(expected);
        }
        let attempts = service.rotate().await;
        attempts.filter(|_| service.world.watch.borrow().violations.is_empty())
    }
}
