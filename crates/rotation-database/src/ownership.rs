//! Which secret a pair of users belongs to: one rule for all engines.

use std::fmt;

use rotation_core::SecretId;

use crate::StatementFault;

/// A secret by its account and its name: `123456789012:shop/checkout`.
///
/// A secret that is deleted and created again keeps its name while its ARN gets another suffix, and a replica
/// that is promoted has the same account and name in another Region. The identity does not distinguish two
/// secrets of one name in two Regions of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretIdentity {
    text: String,
    name_at: usize,
}

impl SecretIdentity {
    /// The identity of the secret with this ARN. An id that is not the ARN of a secret is a name without an
    /// account.
    pub fn from_secret(secret: &SecretId) -> Self {
        /// What Secrets Manager appends to the name: a hyphen and six characters.
        const SUFFIX: usize = 7;
        let id = secret.as_str();
        let fields: Vec<_> = id.splitn(7, ':').collect();
        let ["arn", _, "secretsmanager", _, account, "secret", rest] = fields[..] else {
            return Self { text: id.to_owned(), name_at: 0 };
        };
        let named = rest.len().checked_sub(SUFFIX).and_then(|at| rest.split_at_checked(at));
        let name = match named {
            Some((name, suffix)) if !name.is_empty() && suffix.starts_with('-') => name,
            _ => rest,
        };
        Self { text: format!("{account}:{name}"), name_at: account.len() + 1 }
    }

    /// Account and name.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The name alone.
    pub fn name(&self) -> &str {
        &self.text[self.name_at..]
    }
}

impl fmt::Display for SecretIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The secret for which a pair of users is changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairOwner {
    /// The secret.
    pub secret: SecretIdentity,
    /// Whether the operator has named this secret as the one that takes over the pair.
    pub adopt: bool,
}

/// The mark on the clone, in a place that neither of the two users can write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark<'a> {
    /// No mark, or no place for one.
    None,
    /// The mark of a former version: a clone of this original, without the name of a secret.
    Unnamed,
    /// The mark of a secret, as [`SecretIdentity::as_str`] writes it.
    Of(&'a str),
}

/// How the privileges of the clone compare with the original's. The engine leaves out of the comparison what
/// one of the two users could have granted itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Equality {
    /// Exactly the same.
    Equal,
    /// The clone has fewer privileges.
    Less,
    /// The clone has a privilege that the original lacks.
    Differs,
}

/// Checks that the existing user with the clone's name is the clone, and belongs to this secret.
///
/// The mark decides. Without a mark, as on pairs that a former version made, the privileges must be exactly
/// equal. A mark without a name also lets a rotation finish a clone that a former version began. An operator
/// may name one secret that takes over the pair. This check runs before anything is changed.
///
/// # Errors
/// [`StatementFault::OtherSecret`] and [`StatementFault::CloneNotRecognized`].
pub fn recognize(
    mark: Mark<'_>,
    owner: &PairOwner,
    rights: Equality,
    next_is_original: bool,
) -> Result<(), StatementFault> {
    if owner.adopt {
        return Ok(());
    }
    match (mark, rights) {
        (Mark::Of(secret), _) if secret == owner.secret.as_str() => Ok(()),
        (Mark::Of(secret), _) => Err(StatementFault::OtherSecret { secret: secret.to_owned() }),
        (Mark::None | Mark::Unnamed, Equality::Equal) => Ok(()),
        (Mark::Unnamed, Equality::Less) if !next_is_original => Ok(()),
        (Mark::None | Mark::Unnamed, _) => Err(StatementFault::CloneNotRecognized),
    }
}
