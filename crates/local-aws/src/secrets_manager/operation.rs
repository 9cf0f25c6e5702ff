//! The operations that the local service answers.

use std::{fmt, str::FromStr};

/// An operation of Secrets Manager, by AWS's name (`X-Amz-Target: secretsmanager.<name>`).
#[expect(
    missing_docs,
    reason = "each variant is the name of the AWS operation, whose reference documents it"
)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    CancelRotateSecret,
    CreateSecret,
    DeleteSecret,
    DescribeSecret,
    GetRandomPassword,
    GetSecretValue,
    ListSecretVersionIds,
    ListSecrets,
    PutSecretValue,
    RestoreSecret,
    RotateSecret,
    TagResource,
    UntagResource,
    UpdateSecret,
    UpdateSecretVersionStage,
}

impl Operation {
    /// Every operation that the local service answers.
    pub const ALL: [Self; 15] = [
        Self::CancelRotateSecret,
        Self::CreateSecret,
        Self::DeleteSecret,
        Self::DescribeSecret,
        Self::GetRandomPassword,
        Self::GetSecretValue,
        Self::ListSecretVersionIds,
        Self::ListSecrets,
        Self::PutSecretValue,
        Self::RestoreSecret,
        Self::RotateSecret,
        Self::TagResource,
        Self::UntagResource,
        Self::UpdateSecret,
        Self::UpdateSecretVersionStage,
    ];

    /// AWS's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CancelRotateSecret => "CancelRotateSecret",
            Self::CreateSecret => "CreateSecret",
            Self::DeleteSecret => "DeleteSecret",
            Self::DescribeSecret => "DescribeSecret",
            Self::GetRandomPassword => "GetRandomPassword",
            Self::GetSecretValue => "GetSecretValue",
            Self::ListSecretVersionIds => "ListSecretVersionIds",
            Self::ListSecrets => "ListSecrets",
            Self::PutSecretValue => "PutSecretValue",
            Self::RestoreSecret => "RestoreSecret",
            Self::RotateSecret => "RotateSecret",
            Self::TagResource => "TagResource",
            Self::UntagResource => "UntagResource",
            Self::UpdateSecret => "UpdateSecret",
            Self::UpdateSecretVersionStage => "UpdateSecretVersionStage",
        }
    }

    /// Whether the operation reads one secret, so that its answer may lag behind a write.
    pub(crate) fn reads_a_secret(self) -> bool {
        matches!(self, Self::DescribeSecret | Self::GetSecretValue | Self::ListSecretVersionIds)
    }

    /// Whether the operation changes the stored state.
    pub(crate) fn writes(self) -> bool {
        !self.reads_a_secret() && !matches!(self, Self::ListSecrets | Self::GetRandomPassword)
    }

    /// Whether the operation counts against the quota of value writes, which AWS counts together.
    pub(crate) fn is_value_write(self) -> bool {
        matches!(self, Self::PutSecretValue | Self::UpdateSecretVersionStage)
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// No operation of this name is answered here.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown operation")]
pub struct UnknownOperation;

impl FromStr for Operation {
    type Err = UnknownOperation;

    fn from_str(name: &str) -> Result<Self, UnknownOperation> {
        Self::ALL.into_iter().find(|operation| operation.as_str() == name).ok_or(UnknownOperation)
    }
}
