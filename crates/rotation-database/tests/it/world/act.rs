//! The manual changes that may be made during a rotation.

use std::fmt;

use rotation_core::StagingLabel;

use super::{ARN, MASTER, Place, Plan, SecretModel, Value, World, digest::credentials, version};

/// One manual change by an operator or a database administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Act {
    /// AWSCURRENT is moved back to AWSPREVIOUS.
    CurrentMovedBack,
    /// AWSCURRENT is moved to AWSPENDING, before finishSecret.
    CurrentMovedOn,
    /// AWSPENDING is removed.
    PendingRemoved,
    /// The live user gets another password, in the database and in the secret.
    PasswordChanged,
    /// Only the secret gets another password.
    ValuePut,
    /// The master gets another password, in the database and in its secret.
    MasterRotated,
    /// The clone is dropped, where it is not what applications use.
    CloneDropped,
    /// `DISCARD OLD PASSWORD`.
    OldPasswordDiscarded,
    /// `CancelRotateSecret`.
    RotationDisabled,
    /// `DeleteSecret`, with its recovery window.
    SecretDeleted,
}

impl Act {
    pub(crate) const ALL: [Self; 10] = [
        Self::CurrentMovedBack,
        Self::CurrentMovedOn,
        Self::PendingRemoved,
        Self::PasswordChanged,
        Self::ValuePut,
        Self::MasterRotated,
        Self::CloneDropped,
        Self::OldPasswordDiscarded,
        Self::RotationDisabled,
        Self::SecretDeleted,
    ];

    /// Makes the change, and accepts what it broke: that is not a defect of the rotation.
    pub(crate) fn by_hand(self, world: &World) {
        self.apply(world);
        world.accept();
    }

    fn apply(self, world: &World) {
        let live = world.live_user();
        let (mut store, mut server) = (world.store.borrow_mut(), world.server.borrow_mut());
        let secret = store.secret_mut();
        match self {
            Self::CurrentMovedBack => move_current(secret, &StagingLabel::Previous),
            Self::CurrentMovedOn => move_current(secret, &StagingLabel::Pending),
            Self::PendingRemoved => secret.unlabel(&StagingLabel::Pending),
            Self::PasswordChanged => {
                put_current(secret, 50, &with_password(secret, "by-hand-50"));
                if let Some(user) = server.users.get_mut(&live) {
                    user.password = Some("by-hand-50".into());
                }
            }
            Self::ValuePut => put_current(secret, 51, &with_password(secret, "by-hand-51")),
            Self::MasterRotated => {
                let master = store.secrets.get_mut(MASTER).unwrap();
                put_current(master, 52, &with_password(master, "by-hand-52"));
                server.users.get_mut("master").unwrap().password = Some("by-hand-52".into());
                for place in server.places.values_mut() {
                    if let Place::Server(users) = place {
                        users.get_mut("master").unwrap().password = Some("by-hand-52".into());
                    }
                }
            }
            Self::CloneDropped if live == "app" => drop(server.users.remove("app_clone")),
            Self::CloneDropped => {}
            Self::OldPasswordDiscarded => {
                if let Some(user) = server.users.get_mut(&live) {
                    user.secondary = None;
                }
            }
            Self::RotationDisabled => secret.rotation_enabled = false,
            Self::SecretDeleted => secret.deleted = true,
        }
    }
}

impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CurrentMovedBack => "AWSCURRENT moved back",
            Self::CurrentMovedOn => "AWSCURRENT moved on",
            Self::PendingRemoved => "AWSPENDING removed",
            Self::PasswordChanged => "password changed",
            Self::ValuePut => "value put",
            Self::MasterRotated => "master rotated",
            Self::CloneDropped => "clone dropped",
            Self::OldPasswordDiscarded => "old password discarded",
            Self::RotationDisabled => "rotation disabled",
            Self::SecretDeleted => "secret deleted",
        })
    }
}

/// Moves AWSCURRENT to the version under a label, where that has a value.
fn move_current(secret: &mut SecretModel, to: &StagingLabel) {
    if secret.value(to).is_some() {
        let to = secret.holder(to).unwrap().clone();
        secret.label(&StagingLabel::Current, &to);
    }
}

/// The document under AWSCURRENT, in its present form, with another password.
fn with_password(secret: &SecretModel, password: &str) -> String {
    let Some(Value::Text(text)) = secret.value(&StagingLabel::Current) else { unreachable!() };
    text.replace(&credentials(text).1, password)
}

/// `PutSecretValue` without a label.
fn put_current(secret: &mut SecretModel, number: usize, text: &str) {
    let version = version(number);
    secret.versions.entry(version.clone()).or_default().value = Some(Value::Text(text.to_owned()));
    secret.label(&StagingLabel::Current, &version);
}

impl World {
    /// What the hints ask an operator to do after a refusal: rotation on, the secret restored, AWSCURRENT on
    /// a version that logs in or, for a single user, AWSPENDING on one that has no label. A single user's
    /// rotation itself continues from AWSPENDING.
    pub(crate) fn fix_manually(&self) {
        {
            let mut store = self.store.borrow_mut();
            let secret = store.secret_mut();
            (secret.rotation_enabled, secret.deleted) = (true, false);
        }
        let labels = [StagingLabel::Current, StagingLabel::Pending, StagingLabel::Previous];
        let [current, pending, previous] = labels.each_ref().map(|label| self.logs_in(label));
        let unlabeled = self.version_that_logs_in();
        let plan = self.watch.borrow().plan;
        let mut store = self.store.borrow_mut();
        let secret = store.secrets.get_mut(ARN).unwrap();
        match unlabeled {
            _ if current || pending && plan.is_some_and(Plan::is_single) => {}
            _ if previous => move_current(secret, &StagingLabel::Previous),
            Some(version) if plan.is_some_and(Plan::is_single) => {
                secret.label(&StagingLabel::Pending, &version);
            }
            Some(version) => secret.label(&StagingLabel::Current, &version),
            None => {}
        }
        drop(store);
        self.accept();
    }
}
