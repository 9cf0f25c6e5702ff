//! A rotation in progress: what the driver gets, asks and reports.

use serde_json::{Value, json};

use super::{
    Model, SecretArn, Timestamp, VersionId,
    secret::{CURRENT, PENDING},
};

/// A rotation that the driver has to run now.
#[derive(Clone)]
pub(crate) struct RotationOrder {
    pub(crate) secret: SecretArn,
    pub(crate) version: VersionId,
    pub(crate) function: String,
    pub(crate) token: String,
    pub(crate) scope: RotationScope,
}

/// The requested part of a rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RotationScope {
    /// All four steps.
    Full,
    /// `RotateImmediately=false`: `testSecret` alone, on a copy of the current value.
    TestOnly,
}

/// Whether a rotation in progress may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RotationStanding {
    Ongoing,
    /// `CancelRotateSecret` was called, or the secret is gone.
    Cancelled,
    /// Another version took AWSPENDING.
    Abandoned,
}

impl RotationOrder {
    /// The event of one step, with every member that the service sends.
    pub(crate) fn event(&self, step: &str) -> Value {
        json!({
            "SecretId": self.secret,
            "ClientRequestToken": self.version,
            "Step": step,
            "RotationToken": self.token,
        })
    }
}

impl Model {
    /// Checked before each step.
    pub(crate) fn rotation_standing(&self, order: &RotationOrder) -> RotationStanding {
        let Some(secret) = self.secrets.get(&order.secret) else {
            return RotationStanding::Cancelled;
        };
        let id = order.version.as_str();
        if !secret.rotation.as_ref().is_some_and(|rotation| rotation.enabled) {
            RotationStanding::Cancelled
        } else if secret.holds(id, PENDING) || secret.holds(id, CURRENT) {
            RotationStanding::Ongoing
        } else {
            RotationStanding::Abandoned
        }
    }

    /// After the last step of a rotation that did not fail: whether its version is the current one now. If
    /// so, the rotation is counted and, where requested, AWSPENDING is removed.
    pub(crate) fn complete_rotation(
        &mut self,
        order: &RotationOrder,
        clean_up: bool,
        now: Timestamp,
    ) -> bool {
        let Some(secret) = self.secrets.get_mut(&order.secret) else {
            return false;
        };
        let id = order.version.as_str();
        if !secret.holds(id, CURRENT) {
            return false;
        }
        if let Some(rotation) = &mut secret.rotation {
            rotation.last_rotated = Some(now);
        }
        if clean_up {
            secret.remove_stage(PENDING, id);
        }
        true
    }

    /// The rotation is not driven any more, whatever its result. A test's temporary AWSPENDING is removed.
    pub(crate) fn leave_rotation(&mut self, order: &RotationOrder) {
        self.running.remove(&(order.secret.clone(), order.version.clone()));
        if let (RotationScope::TestOnly, Some(secret)) = (order.scope, self.secrets.get_mut(&order.secret)) {
            secret.remove_stage(PENDING, order.version.as_str());
        }
    }
}
