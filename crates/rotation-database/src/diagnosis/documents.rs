//! The live document: the user names, and fields that contain copies of the credentials.

use rotation_core::{
    Reader, RotationError, StagingLabel,
    diagnosis::{Check, Finding, Severity},
};

use crate::{
    EngineProfile, Login, Strategy, UserPair,
    copies::Copied,
    finding_codes,
    remediation::findings::{copied as copied_field, nested},
};

/// The findings about fields that contain copies of the credentials.
pub(super) fn copies(found: &[(String, Copied)]) -> Vec<Finding> {
    let finding = |(field, copied): &(String, Copied)| Finding {
        check: Check::Document,
        severity: Severity::Warning,
        code: finding_codes::SECRET_PASSWORD_COPIED,
        sentence: match copied {
            Copied::Password | Copied::Nested => {
                format!("the field `{field}` holds a copy of the password, which no rotation changes")
            }
            Copied::Outdated => format!(
                "the field `{field}` holds a password other than `password`: a login with it is refused"
            ),
        },
        remediation: match copied {
            Copied::Password | Copied::Outdated => copied_field(field),
            Copied::Nested => nested(field),
        },
    };
    found.iter().map(finding).collect()
}

/// The finding about the user names.
pub(super) fn names<D>(
    current: &Login,
    strategy: &Strategy<D>,
    profile: &EngineProfile,
    reader: Reader,
) -> Finding {
    let user = &current.credentials.username;
    match strategy {
        Strategy::SingleUser => Finding::ok(Check::Names, format!("{user} is within the server's limit")),
        Strategy::MasterUser { .. } => match UserPair::of(user, profile) {
            Ok(pair) => Finding::ok(Check::Names, format!("{} and {} alternate", pair.original, pair.clone)),
            Err(error) => {
                let error = RotationError::Document { label: StagingLabel::Current, error };
                Finding::from_error(Check::Names, Severity::Fault, &error, reader)
            }
        },
    }
}
