//! The secrets of a user of one's own server and of its master: where they log in, and that they belong
//! together.

use rotation_core::{DocumentError, RotationError, SecretDocument, SecretId, StagingLabel, Versions};
use rotation_database::{DatabaseError, Login, TlsMode};

use crate::{
    login::{at_the_same_server, unfit},
    profile::PROFILE,
};

/// The two logins of a rotation. They differ in the password alone.
pub(crate) struct Logins {
    pub(crate) current: Login,
    pub(crate) pending: Login,
}

impl Logins {
    /// Of the two versions, which must name one user at one server.
    pub(crate) fn of(versions: &Versions) -> Result<Self, RotationError> {
        let current = login_of(StagingLabel::Current, &versions.current)?;
        let mut pending = login_of(StagingLabel::Pending, &versions.pending)?;
        at_the_same_server(&current, &mut pending)?;
        if current.credentials.username != pending.credentials.username {
            return Err(DatabaseError::UserDiffers.into());
        }
        Ok(Self { current, pending })
    }

    /// The master's login, at the secret's own server alone: only the master secret may name the server to
    /// which the master's password is sent. It is never less protected than the user's.
    pub(crate) fn master(&self, document: &SecretDocument) -> Result<Login, RotationError> {
        let mut master = Login::from_document(document, &PROFILE).map_err(DatabaseError::MasterDocument)?;
        let own = &self.current;
        if !master.host.is_same(&own.host) || master.port != own.port {
            return Err(DatabaseError::MasterHostDiffers.into());
        }
        if master.credentials.username == own.credentials.username {
            return Err(DatabaseError::MasterSameAsSecret.into());
        }
        if own.tls != TlsMode::Off {
            master.tls = TlsMode::Required;
        }
        Ok(master)
    }
}

/// The master secret of a secret: its `masterarn`, which must be the deployed one where one is set.
pub(crate) fn master_secret(
    versions: &Versions,
    deployed: Option<&SecretId>,
) -> Result<SecretId, RotationError> {
    let unfit = unfit(StagingLabel::Current);
    let named = versions.current.filled_text("masterarn").map_err(&unfit)?;
    let master = match (named, deployed) {
        (None, None) => return Err(unfit(DocumentError::Missing { field: "masterarn" })),
        (Some(named), Some(deployed)) if *named != deployed.as_str() => {
            return Err(DatabaseError::MasterNotDeployed.into());
        }
        (_, Some(deployed)) => deployed.clone(),
        (Some(named), None) => SecretId::new(named.as_str())
            .map_err(|_| unfit(DocumentError::Invalid { field: "masterarn", rule: "the ARN of a secret" }))?,
    };
    if master == versions.secret {
        return Err(DatabaseError::MasterSameAsSecret.into());
    }
    Ok(master)
}

/// The login of a document. A user's name cannot have spaces: rules are separated by them.
pub(crate) fn login_of(label: StagingLabel, document: &SecretDocument) -> Result<Login, RotationError> {
    let login = Login::from_document(document, &PROFILE).map_err(unfit(label.clone()))?;
    if login.credentials.username.as_str().contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(unfit(label)(DocumentError::Invalid {
            field: "username",
            rule: "a name without spaces",
        }));
    }
    Ok(login)
}
