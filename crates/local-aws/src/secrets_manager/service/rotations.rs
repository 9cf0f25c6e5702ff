//! Rotations as the service sees them: the driver's requests and reports, and the records.

use std::sync::Arc;

use super::{
    super::{
        RotationOutcome, RotationRecord, RotationSettings,
        model::{RotationOrder, RotationStanding},
    },
    OperatingSystem, Service, moment,
};
use crate::Function;

impl Service {
    pub(crate) fn rotation_settings(&self) -> &RotationSettings {
        &self.settings.rotation
    }

    pub(crate) fn function(&self, arn: &str) -> Option<Arc<dyn Function>> {
        self.functions.lock().expect("no holder panics").get(arn).cloned()
    }

    pub(crate) fn rotation_standing(&self, order: &RotationOrder) -> RotationStanding {
        self.state().model.rotation_standing(order)
    }

    pub(crate) fn complete_rotation(&self, order: &RotationOrder) -> bool {
        let now = moment(&mut OperatingSystem).now;
        self.state().model.complete_rotation(order, self.settings.rotation.clean_up_pending, now)
    }

    pub(crate) fn end_rotation(&self, order: &RotationOrder, outcome: RotationOutcome) {
        let mut state = self.state();
        state.model.leave_rotation(order);
        // No caller waits for an answer here; the next write to the file contains what this one could not
        // write.
        let _ = self.keep(&state.model);
        drop(state);
        self.record(order, |record| record.outcome = Some(outcome));
        self.ended.notify_waiters();
    }

    pub(crate) fn record(&self, order: &RotationOrder, change: impl FnOnce(&mut RotationRecord)) {
        let (secret, version) = (order.secret.as_str().to_owned(), order.version.as_str().to_owned());
        let mut records = self.records.lock().expect("no holder panics");
        let fresh = || RotationRecord {
            secret: secret.clone(),
            version: version.clone(),
            attempts: Vec::new(),
            outcome: None,
        };
        change(records.entry((secret.clone(), version.clone())).or_insert_with(fresh));
    }

    pub(crate) fn rotation(&self, secret: &str, version: &str) -> Option<RotationRecord> {
        let arn = self.state().model.resolve(secret)?.as_str().to_owned();
        self.records.lock().expect("no holder panics").get(&(arn, version.to_owned())).cloned()
    }
}
