//! Logins of one invocation, each in its journal, and the documents that name them.

use std::time::Duration;

use rotation_core::{
    Answer, CredentialSource, DocumentError, Invocation, Password, PasswordPolicy, PasswordSource,
    RotationError, SecretDocument, SecretStore, StagingLabel,
};
use rotation_database::{ConnectError, DatabaseError, Login, TlsMode, Transport};

use crate::{profile::REMEDIES, server::Servers};

/// The longest time that one login attempt may take. A reachable server answers in milliseconds.
const LOGIN_TIME: Duration = Duration::from_secs(5);

/// Logs in once, over the transport that the secret asks for: TLS, unless its `ssl` is false. These
/// servers have no word for offering no TLS, so plaintext never follows a failure.
pub(crate) async fn log_in<S: Servers>(
    servers: &S,
    invocation: &Invocation,
    credential: CredentialSource,
    login: &Login,
) -> Result<S::Session, ConnectError> {
    let transport = match login.tls {
        TlsMode::Off => Transport::Plaintext,
        TlsMode::Required | TlsMode::Preferred => Transport::Tls,
    };
    let host = login.host.to_string();
    let timer = invocation.journal.login_begins(credential, transport.name(), host, login.port);
    let outcome = servers.open(login, transport, invocation.deadline.at_most(LOGIN_TIME)).await;
    timer.ended(match &outcome {
        Ok(_) => Answer::LoggedIn,
        Err(error) if error.is_refusal() => Answer::Refused(error.code()),
        Err(error) => Answer::Failed(error.code()),
    });
    outcome
}

/// The error of a login that failed.
pub(crate) fn failed(credential: CredentialSource, error: ConnectError) -> RotationError {
    DatabaseError::Login { credential, error, remedies: &REMEDIES }.into()
}

/// The error of a document under a label.
pub(crate) fn unfit(label: StagingLabel) -> impl Fn(DocumentError) -> RotationError {
    move |error| RotationError::Document { label: label.clone(), error }
}

/// The pending login must be at the live one's server. It is never less protected.
pub(crate) fn at_the_same_server(current: &Login, pending: &mut Login) -> Result<(), DatabaseError> {
    if !current.host.is_same(&pending.host) || current.port != pending.port {
        return Err(DatabaseError::HostDiffers);
    }
    if current.tls != TlsMode::Off {
        pending.tls = TlsMode::Required;
    }
    Ok(())
}

/// A new password.
pub(crate) async fn new_password(
    policy: &PasswordPolicy,
    invocation: &Invocation,
    store: &impl SecretStore,
) -> Result<Password, RotationError> {
    let _timing = invocation.journal.phase(rotation_core::Phase::Password);
    Ok(match policy.settings().source {
        PasswordSource::OperatingSystem => policy.generate()?,
        PasswordSource::SecretsManager => store.random_password(policy).await?,
    })
}

/// The same document with another password.
pub(crate) fn with_password(document: &SecretDocument, password: &Password) -> SecretDocument {
    document.clone().with_text("password", password.expose())
}
