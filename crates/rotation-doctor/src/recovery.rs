//! The state of a secret by its labels and logins, and the one safe next step: a pure decision.
//!
//! ```text
//! deleted? ─> Restore
//! no AWSCURRENT that logs in ─> the first of AWSPENDING, AWSPREVIOUS, unlabeled that does
//! AWSCURRENT logs in ─> AWSPENDING empty or refused: rotate again, or remove the label
//!                       AWSPENDING logs in, too: rotate again, which finishes
//! ```
//!
//! Three rules hold for every remedy: a label moves only to a version that logs in; no label is removed from
//! a version unless `AWSCURRENT` logs in without it; and a version that was not tried at the server is never
//! reported as refused.

mod state;

use rotation_core::{LabelMove, SecretId, StagingLabel, VersionId, diagnosis::Access};

pub use state::StuckState;

/// What is known about a secret, from which the advice follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Situation {
    /// Its ARN.
    pub secret: SecretId,
    /// `DeletedDate` is set.
    pub deleted: bool,
    /// `RotationEnabled`.
    pub rotation_enabled: bool,
    /// The versions: those with labels and, where none of them logs in, the newest ones without.
    pub versions: Vec<KnownVersion>,
    /// How far the versions without labels are known.
    pub unlabeled: Unlabeled,
    /// Whether there is a finding that makes every rotation fail, although `AWSCURRENT` logs in.
    pub hindered: bool,
}

/// How far the versions without labels are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Unlabeled {
    /// There are no others than those that were tried.
    #[default]
    All,
    /// The service lists older ones that were not tried.
    Newest,
    /// They could not be listed.
    Unread,
}

/// A version of a secret and whether it logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownVersion {
    /// Its id.
    pub id: VersionId,
    /// Its labels.
    pub labels: Vec<StagingLabel>,
    /// Whether it logs in.
    pub access: Access,
}

/// What to do with a version under `AWSPENDING` that does not log in, while `AWSCURRENT` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Unfinished {
    /// Keep it: the next rotation resumes with it.
    #[default]
    Keep,
    /// Abandon it: the database may never accept its password.
    Abandon,
    /// Abandon it even where it is unknown whether it logs in. It may be the only password that does.
    AbandonUnknown,
}

/// The one next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The state of the secret.
    pub state: StuckState,
    /// The remedy.
    pub remedy: Remedy,
}

/// A remedy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Nothing has to be done.
    None,
    /// Something else must be fixed before it can be determined which version logs in.
    FixFirst,
    /// A version under a label holds a value that cannot be used, or not with the strategy of this
    /// diagnosis.
    FixUnusable,
    /// Versions without labels that were not tried may log in.
    LookFurther(Unlabeled),
    /// The rotation must run again; it continues from where it was interrupted.
    RotateAgain {
        /// Whether Secrets Manager will run it. Otherwise a person must run it, or enable rotation again.
        by_service: bool,
    },
    /// The secret must be restored.
    Restore,
    /// A label must be moved. `keeps` must log in right before that.
    Move {
        /// The move.
        label_move: LabelMove,
        /// The version whose login makes the move safe.
        keeps: VersionId,
    },
    /// A database administrator has to set the password to the value of this version; moving labels does not
    /// help.
    SetPassword {
        /// `AWSCURRENT`, where there is one.
        version: Option<VersionId>,
    },
}

impl Situation {
    /// The version under a label.
    pub fn under(&self, label: &StagingLabel) -> Option<&KnownVersion> {
        self.versions.iter().find(|version| version.labels.contains(label))
    }

    /// The labels and logins in one sentence: `AWSCURRENT logs in; AWSPENDING is refused`.
    pub fn words(&self) -> String {
        let known = |version: &KnownVersion| {
            let labels: Vec<_> = version.labels.iter().map(StagingLabel::name).collect();
            let name = if labels.is_empty() {
                format!("version {} without a label", version.id)
            } else {
                labels.join(" and ")
            };
            format!("{name} {}", version.access.words())
        };
        let parts: Vec<_> = self.versions.iter().map(known).collect();
        if parts.is_empty() { "no version has a label".into() } else { parts.join("; ") }
    }

    /// The advice for this situation. It depends on nothing else.
    pub fn advise(&self, unfinished: Unfinished) -> Advice {
        if self.deleted {
            return Advice { state: StuckState::Deleted, remedy: Remedy::Restore };
        }
        let current = self.under(&StagingLabel::Current);
        // Right after a rotation the label is still on the version that is now AWSCURRENT.
        let pending =
            self.under(&StagingLabel::Pending).filter(|pending| current.is_none_or(|c| c.id != pending.id));
        match current.map(|version| version.access) {
            Some(Access::LogsIn) => self.with_a_good_current(pending, unfinished),
            Some(access) if access.is_open() => {
                Advice { state: StuckState::Unknown, remedy: Remedy::FixFirst }
            }
            Some(_) | None => self.with_no_good_current(current, pending),
        }
    }

    fn with_a_good_current(&self, pending: Option<&KnownVersion>, unfinished: Unfinished) -> Advice {
        let Some(pending) = pending else {
            let remedy = if self.hindered { Remedy::FixFirst } else { Remedy::None };
            return Advice { state: StuckState::Healthy, remedy };
        };
        let state = match pending.access {
            Access::LogsIn => StuckState::BothLogIn,
            Access::NoValue => StuckState::PendingEmpty,
            Access::Refused => StuckState::PendingRefused,
            Access::Unusable | Access::NoSession | Access::Unknown | Access::NotTried => {
                StuckState::PendingUnknown
            }
        };
        if pending.access == Access::Unusable {
            return Advice { state, remedy: Remedy::FixUnusable };
        }
        let out = pending.access.is_out() && (!self.rotation_enabled || unfinished != Unfinished::Keep);
        let give_up = out || pending.access.is_open() && unfinished == Unfinished::AbandonUnknown;
        // The cause of this failure would also make the next rotation fail: abandoning this one gains
        // nothing.
        if self.hindered && unfinished == Unfinished::Keep {
            return Advice { state, remedy: Remedy::FixFirst };
        }
        let remedy = match self.under(&StagingLabel::Current) {
            Some(current) if give_up => Remedy::Move {
                label_move: LabelMove {
                    label: StagingLabel::Pending,
                    from: Some(pending.id.clone()),
                    to: None,
                },
                keeps: current.id.clone(),
            },
            _ => Remedy::RotateAgain { by_service: self.rotation_enabled },
        };
        Advice { state, remedy }
    }

    /// `AWSCURRENT` moves to a version that logs in: the one of an unfinished rotation, otherwise the last
    /// live one, otherwise any.
    fn with_no_good_current(&self, current: Option<&KnownVersion>, pending: Option<&KnownVersion>) -> Advice {
        let logs_in = |version: &&KnownVersion| version.access == Access::LogsIn;
        let previous = self.under(&StagingLabel::Previous);
        let unlabeled = || self.versions.iter().filter(logs_in).find(|version| Some(*version) != current);
        let found = match (pending.filter(logs_in), previous.filter(logs_in), unlabeled()) {
            (Some(version), _, _) => Some((StuckState::OnlyPendingLogsIn, version)),
            (None, Some(version), _) => Some((StuckState::OnlyPreviousLogsIn, version)),
            (None, None, Some(version)) => Some((StuckState::OnlyUnlabeledLogsIn, version)),
            (None, None, None) => None,
        };
        let Some((state, live)) = found else {
            return self.with_no_login(current);
        };
        let label_move = LabelMove {
            label: StagingLabel::Current,
            from: current.map(|version| version.id.clone()),
            to: Some(live.id.clone()),
        };
        Advice { state, remedy: Remedy::Move { label_move, keeps: live.id.clone() } }
    }

    /// Reports that no version logs in only where the server refused a login and no other version can be the
    /// one that logs in.
    fn with_no_login(&self, current: Option<&KnownVersion>) -> Advice {
        let any = |access| self.versions.iter().any(|version| version.access == access);
        let open = self.versions.iter().any(|version| version.access.is_open());
        let unusable =
            |version: &KnownVersion| !version.labels.is_empty() && version.access == Access::Unusable;
        let unknown = |remedy| Advice { state: StuckState::Unknown, remedy };
        if open {
            return unknown(Remedy::FixFirst);
        }
        if self.versions.iter().any(unusable) {
            return unknown(Remedy::FixUnusable);
        }
        if !any(Access::Refused) {
            return unknown(Remedy::FixFirst);
        }
        match self.unlabeled {
            Unlabeled::All => {
                let version = current.map(|version| version.id.clone());
                Advice { state: StuckState::NoVersionLogsIn, remedy: Remedy::SetPassword { version } }
            }
            further => unknown(Remedy::LookFurther(further)),
        }
    }
}

impl Advice {
    /// What to do next, as one sentence.
    pub fn sentence(&self) -> String {
        match &self.remedy {
            Remedy::None => "Nothing has to be done.".into(),
            Remedy::FixFirst => "Fix first what the findings name; move no label before that.".into(),
            Remedy::FixUnusable => {
                "A value that cannot be used was not tried: name the secret's strategy with `--strategy`, or \
                fix what the findings name; move no label before that."
                    .into()
            }
            Remedy::LookFurther(Unlabeled::Unread) => {
                "The versions without labels could not be listed, and one of them may log in: run \
                `rotate explain` with a person's credentials that may call ListSecretVersionIds; change no \
                password before that."
                    .into()
            }
            Remedy::LookFurther(_) => {
                "The newest versions without labels do not log in, and older ones were not tried: look at \
                them with `aws secretsmanager list-secret-version-ids --include-deprecated`. Where none is \
                right, set the user's password to what AWSCURRENT holds, as an administrator of the database."
                    .into()
            }
            Remedy::RotateAgain { by_service: true } => {
                "Rotate again: the rotation resumes with the version that is AWSPENDING.".into()
            }
            Remedy::RotateAgain { by_service: false } => {
                "Rotation is off: turn it on again, or resume the rotation from your own machine.".into()
            }
            Remedy::Restore => "Restore the secret, then run the diagnosis again.".into(),
            Remedy::Move { label_move, .. } => label_move.sentence(),
            Remedy::SetPassword { version: Some(version) } => format!(
                "As an administrator of the database, set the user's password to what version {version} \
                (AWSCURRENT) holds. No label helps, and nothing is written."
            ),
            Remedy::SetPassword { version: None } => {
                "No version logs in and none is AWSCURRENT: store credentials that work with `aws \
                secretsmanager put-secret-value`. Nothing is written."
                    .into()
            }
        }
    }

    /// The command for it, where there is one; `flags` follow the secret in commands of `rotate`.
    pub fn command(&self, secret: &SecretId, flags: &str) -> Option<String> {
        let secret = secret.in_a_shell();
        match &self.remedy {
            Remedy::None
            | Remedy::FixFirst
            | Remedy::FixUnusable
            | Remedy::LookFurther(_)
            | Remedy::SetPassword { .. } => None,
            Remedy::RotateAgain { by_service: true } => {
                Some(format!("aws secretsmanager rotate-secret --secret-id {secret}"))
            }
            Remedy::RotateAgain { by_service: false } => Some(format!("rotate run {secret}{flags}")),
            Remedy::Restore => Some(format!("aws secretsmanager restore-secret --secret-id {secret}")),
            Remedy::Move { .. } => Some(format!("rotate recover {secret}{flags}")),
        }
    }
}
