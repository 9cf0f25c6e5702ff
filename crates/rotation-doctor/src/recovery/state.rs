//! The states in which a secret may be, each with its origin and its remedy.

/// The state of a secret, by which of its versions log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StuckState {
    /// `AWSCURRENT` logs in and no rotation is in progress.
    Healthy,
    /// Whether `AWSCURRENT` or another version logs in could not be determined.
    Unknown,
    /// The secret is scheduled for deletion.
    Deleted,
    /// `AWSCURRENT` logs in; `AWSPENDING` holds no value.
    PendingEmpty,
    /// `AWSCURRENT` logs in; `AWSPENDING` does not.
    PendingRefused,
    /// `AWSCURRENT` logs in; whether `AWSPENDING` does is unknown.
    PendingUnknown,
    /// `AWSCURRENT` and `AWSPENDING` log in.
    BothLogIn,
    /// `AWSPENDING` logs in and `AWSCURRENT` does not.
    OnlyPendingLogsIn,
    /// `AWSPREVIOUS` logs in, `AWSCURRENT` and `AWSPENDING` do not.
    OnlyPreviousLogsIn,
    /// Only a version without any of the three labels logs in.
    OnlyUnlabeledLogsIn,
    /// No version logs in.
    NoVersionLogsIn,
}

impl StuckState {
    /// All states.
    pub const ALL: [Self; 11] = [
        Self::Healthy,
        Self::Unknown,
        Self::Deleted,
        Self::PendingEmpty,
        Self::PendingRefused,
        Self::PendingUnknown,
        Self::BothLogIn,
        Self::OnlyPendingLogsIn,
        Self::OnlyPreviousLogsIn,
        Self::OnlyUnlabeledLogsIn,
        Self::NoVersionLogsIn,
    ];

    /// A stable name, for machines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Unknown => "unknown",
            Self::Deleted => "deleted",
            Self::PendingEmpty => "pending_empty",
            Self::PendingRefused => "pending_refused",
            Self::PendingUnknown => "pending_unknown",
            Self::BothLogIn => "both_log_in",
            Self::OnlyPendingLogsIn => "only_pending_logs_in",
            Self::OnlyPreviousLogsIn => "only_previous_logs_in",
            Self::OnlyUnlabeledLogsIn => "only_unlabeled_logs_in",
            Self::NoVersionLogsIn => "no_version_logs_in",
        }
    }

    /// Whether a rotation is interrupted, or applications cannot log in.
    pub fn is_stuck(self) -> bool {
        !matches!(self, Self::Healthy | Self::Unknown)
    }

    /// Whether applications that read `AWSCURRENT` are known to fail to log in.
    pub fn shuts_out(self) -> bool {
        matches!(
            self,
            Self::Deleted
                | Self::OnlyPendingLogsIn
                | Self::OnlyPreviousLogsIn
                | Self::OnlyUnlabeledLogsIn
                | Self::NoVersionLogsIn
        )
    }

    /// How a secret gets into this state.
    pub fn origin(self) -> &'static str {
        match self {
            Self::Healthy => "The last rotation ended, or there was none.",
            Self::Unknown => {
                "A version could not be tried: the database cannot be reached, the account is closed, a \
                value cannot be used, or versions could not be listed. The findings name the cause."
            }
            Self::Deleted => "DeleteSecret was called. Values cannot be read until the secret is restored.",
            Self::PendingEmpty => {
                "RotateSecret created a version under AWSPENDING, and createSecret has stored no value in \
                it: the function could not be invoked, failed, or is just starting. The database was not \
                changed."
            }
            Self::PendingRefused => {
                "createSecret stored a new password, and setSecret has not set it: it failed (the function's \
                log has the cause), has not run yet, or the database refuses that password by its policy."
            }
            Self::PendingUnknown => {
                "A rotation is interrupted, and it is not known whether AWSPENDING logs in."
            }
            Self::BothLogIn => {
                "setSecret has succeeded and finishSecret has not run: two users alternate, or the database \
                keeps the old password next to the new one. Or a test of the configuration left a copy of \
                AWSCURRENT behind."
            }
            Self::OnlyPendingLogsIn => {
                "setSecret changed the password and finishSecret has not moved AWSCURRENT: the rotation \
                failed between the two, was cancelled, or is running at this moment."
            }
            Self::OnlyPreviousLogsIn => {
                "AWSCURRENT was moved manually or by a stale invocation before the database had its \
                password, or a manual change set the old password again."
            }
            Self::OnlyUnlabeledLogsIn => {
                "AWSPENDING was removed from a rotation whose setSecret had already changed the password."
            }
            Self::NoVersionLogsIn => {
                "A manual change set another password in the database, or the user was deleted."
            }
        }
    }

    /// How a secret gets out of this state.
    pub fn way_out(self) -> &'static str {
        match self {
            Self::Healthy => "Nothing has to be done.",
            Self::Unknown => "Fix what the findings name, then run the diagnosis again.",
            Self::Deleted => "Restore the secret; then check which version logs in.",
            Self::PendingEmpty | Self::PendingRefused => {
                "Applications are not affected. Rotate again, which resumes with this version. If the \
                database refuses the password itself (DB_PASSWORD_POLICY), that never succeeds: then remove \
                AWSPENDING with `rotate recover --abandon` and start a new rotation."
            }
            Self::PendingUnknown => {
                "Applications are not affected. Rotate again, which resumes with this version, unless the \
                findings name what is wrong with it: then fix that first."
            }
            Self::BothLogIn => {
                "Applications are not affected. Rotate again: it resumes with this version and moves \
                AWSCURRENT. With alternating users it also reconciles the privileges of the second user, \
                which its login does not show."
            }
            Self::OnlyPendingLogsIn => {
                "Applications that read AWSCURRENT cannot log in until AWSCURRENT is on this version. Do not \
                remove AWSPENDING: it is on the only password that works."
            }
            Self::OnlyPreviousLogsIn => {
                "Applications cannot log in until AWSCURRENT is back on AWSPREVIOUS, or until a rotation, \
                which starts from AWSPREVIOUS here, has ended."
            }
            Self::OnlyUnlabeledLogsIn => {
                "Put AWSCURRENT on that version soon: Secrets Manager removes versions without labels after \
                a day at the earliest."
            }
            Self::NoVersionLogsIn => {
                "Set the password in the database to what AWSCURRENT holds. Check first that the user \
                exists, may log in, and has not expired."
            }
        }
    }
}
