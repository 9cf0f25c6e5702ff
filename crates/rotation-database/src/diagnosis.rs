//! The diagnosis port, implemented for databases.

mod documents;
mod logins;
mod server;

use std::time::SystemTime;

use rotation_core::{
    Code, CredentialSource, DocumentError, Reader, RelatedSecrets, RotationError, SecretDocument, SecretId,
    StagingLabel,
    diagnosis::{Access, Diagnosable, DiagnosedVersion, Finding, Tried},
};

use self::server::Opened;
use crate::{Database, DatabaseError, DatabaseLookup, Engine, Login, Strategy, UserPair, codes};

impl<E: Engine, D: DatabaseLookup> Diagnosable for Database<E, D> {
    type Login = Login;
    type Session = E::Session;

    const NO_VERSION_LOGS_IN: Code = codes::DB_NO_CREDENTIAL_ACCEPTED;

    fn parse(&self, document: &SecretDocument) -> Result<Login, DocumentError> {
        Login::from_document(document, &E::PROFILE)
    }

    fn username(&self, login: &Login) -> Option<String> {
        Some(login.credentials.username.to_string())
    }

    fn admit(&self, _: StagingLabel, login: &mut Login, reference: &Login) -> Result<(), RotationError> {
        let user = &login.credentials.username;
        let own = &reference.credentials.username;
        let pair = UserPair::of(own, &E::PROFILE).ok();
        let is_own_user = match (self.parts().1, &pair) {
            (Strategy::SingleUser, _) | (_, None) => user == own,
            (Strategy::MasterUser { .. }, Some(pair)) => [&pair.original, &pair.clone].contains(&user),
        };
        let admitted = if !login.is_among_servers_of(reference) {
            Err(DatabaseError::HostDiffers.into())
        } else if !is_own_user || login.home != reference.home {
            Err(DatabaseError::UserDiffers.into())
        } else {
            Ok(())
        };
        *login = login.clone().protected_like(reference);
        admitted
    }

    fn look_at(&self, document: &SecretDocument, login: &Login, reader: Reader) -> Vec<Finding> {
        let mut findings = vec![documents::names(login, self.parts().1, &E::PROFILE, reader)];
        findings.extend(documents::copies(&self.copies(document, login)));
        findings
    }

    async fn try_logins(
        &self,
        versions: &mut [DiagnosedVersion<Login>],
        now: SystemTime,
        reader: Reader,
    ) -> Tried<E::Session> {
        self.try_each(versions, now, reader).await
    }

    async fn look_inside(
        &self,
        session: E::Session,
        secret: &SecretId,
        live: &DiagnosedVersion<Login>,
        versions: &[DiagnosedVersion<Login>],
        related: &impl RelatedSecrets,
        reader: Reader,
    ) -> Vec<Finding> {
        let (Some(login), Some(document)) = (&live.login, &live.document) else { return Vec::new() };
        let another = |version: &DiagnosedVersion<Login>| {
            let other = version.login.as_ref().map(|login| &login.credentials);
            version.access == Access::LogsIn
                && other.is_some_and(|other| {
                    other.username == login.credentials.username && *other != login.credentials
                })
        };
        let another_logs_in = versions.iter().any(another);
        let opened = Opened { secret, login, document, another_logs_in };
        self.look_at_server(session, &opened, related, reader).await
    }

    async fn prove(
        &self,
        credential: CredentialSource,
        login: &Login,
        reference: Option<&Login>,
    ) -> Result<(), RotationError> {
        let login = match reference {
            Some(reference) => login.clone().protected_like(reference),
            None => login.clone(),
        };
        let pair = self.pair_in_use(&login);
        let session = self.login_over(credential, &login, pair.as_ref()).await;
        session.map(drop).map_err(Self::refused(credential))
    }

    fn is_fault_of_value(&self, error: &RotationError) -> bool {
        error.code() == codes::SECRET_PASSWORD_LINE_BREAK
    }

    fn other_reason(&self, error: &RotationError) -> Option<String> {
        error.target::<DatabaseError>()?.other_reason()
    }
}
