//! The `RotationToken` of `PutSecretValue`.

use super::{ErrorCode, Secret, ServiceError, VersionId};

impl Secret {
    /// The `RotationToken` of a `PutSecretValue`: well formed, and the one of the version's rotation where it
    /// is required or the version has one.
    pub(super) fn check_rotation_token(
        &self,
        id: &VersionId,
        given: Option<&str>,
        required: bool,
    ) -> Result<(), ServiceError> {
        if let Some(token) = given
            && !((36..=256).contains(&token.len())
                && token.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
        {
            return Err(ServiceError::invalid_parameter(
                "RotationToken must be 36-256 letters, digits and hyphens.",
            ));
        }
        let own = self.version(id.as_str()).and_then(|version| version.rotation_token.as_deref());
        match (own, given) {
            (Some(own), Some(given)) if own != given => Err(denied()),
            (Some(_), None) if required => Err(denied()),
            (Some(_) | None, _) => Ok(()),
        }
    }
}

fn denied() -> ServiceError {
    ServiceError::new(
        ErrorCode::AccessDeniedException,
        "The RotationToken is not the one of the rotation that this version belongs to.",
    )
}
