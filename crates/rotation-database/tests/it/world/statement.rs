//! The statements of which changes consist.

use rotation_database::{ELIDED, Necessity, PlannedStatement, Purpose, StatementError, StatementFault};

use super::user::{Acting, Form, PairMark, User, Users};

/// One statement of a staged change.
#[derive(Clone, Debug)]
pub(super) enum Statement {
    /// Creates a user that cannot log in yet.
    Create {
        user: String,
        mark: PairMark,
    },
    Grant {
        user: String,
        grant: String,
    },
    Revoke {
        user: String,
        grant: String,
    },
    /// Reassigns everything that one user owns to another.
    Reassign {
        user: String,
        to: String,
    },
    /// Makes the sessions of a clone act as the original.
    Act {
        user: String,
    },
    Mark {
        user: String,
        mark: PairMark,
    },
    /// `DISCARD OLD PASSWORD`.
    Discard {
        user: String,
    },
    SetPassword {
        user: String,
        password: String,
        form: Form,
    },
}

impl Statement {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Create { .. } => "server: create user",
            Self::Grant { .. } => "server: grant",
            Self::Revoke { .. } => "server: revoke",
            Self::Reassign { .. } => "server: reassign",
            Self::Act { .. } => "server: act as the original",
            Self::Mark { .. } => "server: mark",
            Self::Discard { .. } => "server: discard",
            Self::SetPassword { .. } => "server: set password",
        }
    }

    pub(super) fn planned(&self) -> PlannedStatement {
        let text = match self {
            Self::Create { user, .. } => format!("create {user}"),
            Self::Grant { user, grant } => format!("grant {grant} to {user}"),
            Self::Revoke { user, grant } => format!("revoke {grant} from {user}"),
            Self::Reassign { user, to } => format!("reassign what {user} owns to {to}"),
            Self::Act { user } => format!("let {user} act as the original"),
            Self::Mark { user, .. } => format!("mark {user}"),
            Self::Discard { user } => format!("discard the old password of {user}"),
            Self::SetPassword { user, .. } => format!("set password of {user} to {ELIDED}"),
        };
        let purpose = match self {
            Self::Mark { .. } | Self::Discard { .. } | Self::SetPassword { .. } => Purpose::Password,
            _ => Purpose::Equality,
        };
        let kind = self.name().trim_start_matches("server: ");
        PlannedStatement { kind, text, purpose, necessity: Necessity::Always }
    }

    /// Applies the statement. Returns whether anything has changed.
    pub(super) fn apply(&self, users: &mut Users) -> Result<bool, StatementError> {
        match self {
            Self::Create { user, mark } => {
                let made = !users.contains_key(user);
                let clone = User { mark: Some(mark.clone()), ..User::default() };
                users.entry(user.clone()).or_insert(clone);
                return Ok(made);
            }
            Self::Reassign { user, to } => {
                let owned =
                    users.get_mut(user).map(|user| std::mem::take(&mut user.owns)).unwrap_or_default();
                let moved = !owned.is_empty();
                users.get_mut(to).ok_or_else(no_such_user)?.owns.extend(owned);
                return Ok(moved);
            }
            _ => {}
        }
        let model = users.get_mut(self.user()).ok_or_else(no_such_user)?;
        let before = model.clone();
        match self {
            Self::Create { .. } | Self::Reassign { .. } => {}
            Self::Grant { grant, .. } => drop(model.grants.insert(grant.clone())),
            Self::Revoke { grant, .. } => drop(model.grants.remove(grant)),
            Self::Act { .. } => model.acting = Acting::Original,
            Self::Mark { mark, .. } => model.mark = Some(mark.clone()),
            Self::Discard { .. } => model.secondary = None,
            Self::SetPassword { password, form, .. } => {
                (model.password, model.form) = (Some(password.clone()), *form);
            }
        }
        Ok(*model != before)
    }

    fn user(&self) -> &str {
        match self {
            Self::Create { user, .. }
            | Self::Grant { user, .. }
            | Self::Revoke { user, .. }
            | Self::Reassign { user, .. }
            | Self::Act { user }
            | Self::Mark { user, .. }
            | Self::Discard { user }
            | Self::SetPassword { user, .. } => user,
        }
    }
}

fn no_such_user() -> StatementError {
    StatementError::new(StatementFault::NoSuchUser)
}
