//! What a rotation is going to do, determined without changing anything.

use anyhow::{Context, Result, bail};
use rotation_aws::SecretsManager;
use rotation_core::{
    CredentialSource, RotationError, SecretDocument, SecretId, SecretStore, SecretValue, StagingLabel,
    StoreFault, Target, Version, VersionId, VersionStages,
};
use rotation_database::{DatabaseError, DatabaseLookup, EngineProfile, Login, Strategy, UserPair};

use rotation_cli::{Look, Screen};

/// The secret as it is, before any contact with the database.
#[derive(Debug)]
pub(super) struct Found {
    stages: VersionStages,
    current: SecretDocument,
    /// AWSPENDING on another version than AWSCURRENT: a rotation that has not ended.
    pending: Option<VersionId>,
}

/// Everything that an operator wants to know before agreeing.
#[derive(Debug)]
pub(super) struct Plan {
    found: Found,
    engine: &'static str,
    login: Login,
    /// The document that logs in now.
    live: CredentialSource,
    /// What happens to which user.
    change: String,
}

impl Found {
    /// Whether the secret itself names a master for its user.
    pub(super) fn names_master(&self) -> bool {
        matches!(self.current.filled_text("masterarn"), Ok(Some(_)))
    }
}

impl Plan {
    /// Describes the secret and reads AWSCURRENT. `None` where the token is already AWSCURRENT.
    ///
    /// # Errors
    /// The secret cannot be read, or the token is not that of the rotation in progress.
    pub(super) async fn describe(
        store: &SecretsManager,
        secret: &SecretId,
        token: Option<&VersionId>,
    ) -> Result<Option<Found>> {
        let (stages, current) =
            tokio::try_join!(store.describe(secret), store.read(secret, Version::Current))
                .map_err(RotationError::from)?;
        stages.admit_writes().map_err(RotationError::from)?;
        let holder = stages.holder(&StagingLabel::Current);
        let pending =
            stages.holder(&StagingLabel::Pending).filter(|pending| Some(*pending) != holder).cloned();
        match token {
            Some(token) if Some(token) == holder => return Ok(None),
            Some(token) if Some(token) != pending.as_ref() => {
                bail!("version {token} is not AWSPENDING, so there is nothing to resume");
            }
            _ => {}
        }
        let current = SecretValue::document_under(StagingLabel::Current, current)?;
        Ok(Some(Found { stages, current, pending }))
    }

    /// Determines which version logs in. AWSCURRENT is tried first; the others only where the server refuses
    /// it, so that a healthy rotation makes no failed login.
    ///
    /// # Errors
    /// No version logs in, or the server cannot be reached as the secret requires.
    pub(super) async fn survey(
        found: Found,
        store: &SecretsManager,
        target: &impl Target,
        strategy: &Strategy<impl DatabaseLookup>,
        profile: &EngineProfile,
    ) -> Result<Self> {
        let invalid = |error| RotationError::Document { label: StagingLabel::Current, error };
        let login = Login::from_document(&found.current, profile).map_err(invalid)?;
        let user = &login.credentials.username;
        let change = match strategy {
            Strategy::SingleUser => format!("single user: {user} gets a new password"),
            Strategy::MasterUser { .. } => {
                let pair = UserPair::of(user, profile).map_err(invalid)?;
                let next = pair.other(user);
                format!(
                    "alternating users: {next} gets a new password and the rights of {}; \
                     {user} keeps its own",
                    pair.original
                )
            }
        };
        let live = live(&found, store, target, strategy).await?;
        Ok(Self { found, engine: profile.name, login, live, change })
    }

    /// The secret's ARN.
    pub(super) fn secret(&self) -> &SecretId {
        &self.found.stages.secret
    }

    /// The version of a rotation that has not ended.
    pub(super) fn pending(&self) -> Option<&VersionId> {
        self.found.pending.as_ref()
    }

    /// Prints it.
    pub(super) fn show(&self, screen: &Screen) {
        let Self { found, engine, login, live, change } = self;
        let row = |name: &str, text: String| {
            screen.line(format_args!("{} {text}", screen.paint(Look::Strong, format!("{name:<9}"))));
        };
        row("Secret", found.stages.secret.to_string());
        let database = login.database.as_deref().map(|name| format!(", database {name}")).unwrap_or_default();
        row("Server", format!("{engine} at {}{database}", login.place()));
        row("User", login.credentials.username.to_string());
        row("Strategy", change.clone());
        let label = match live {
            CredentialSource::Pending => StagingLabel::Pending,
            CredentialSource::Previous => StagingLabel::Previous,
            CredentialSource::Current | CredentialSource::Related(_) => StagingLabel::Current,
        };
        let version = found.stages.holder(&label).map(ToString::to_string).unwrap_or_default();
        row("Logs in", format!("{live}, version {version}"));
        match &found.pending {
            Some(pending) => {
                row("Resumes", format!("the rotation of version {pending}, which is AWSPENDING"));
            }
            None => row("Makes", "a new version, first AWSPENDING and in the end AWSCURRENT".to_owned()),
        }
        let function = found.stages.rotation_function.as_deref().filter(|_| found.stages.rotation_enabled);
        if let Some(function) = function {
            let note = format!(
                "rotation is enabled with the function {function}; it goes on as scheduled, \
                 whatever is done here"
            );
            row("Note", screen.paint(Look::Notable, note));
        }
    }

    /// Creates the new version: afterwards it is AWSPENDING and has a value.
    ///
    /// # Errors
    /// The version could not be created; `LABELS_MOVED` where another rotation began meanwhile.
    pub(super) async fn begin(
        &self,
        store: &SecretsManager,
        target: &impl Target,
        screen: &Screen,
    ) -> Result<VersionId> {
        let version = VersionId::new(uuid::Uuid::new_v4().to_string()).expect("a UUID has 36 characters");
        let proposal = target.propose(&self.found.current, store).await?;
        match store.begin(&self.found.stages, &version, &proposal).await {
            Ok(()) => {}
            Err(error) if error.fault == StoreFault::Conflict => {
                return Err(anyhow::Error::from(RotationError::LabelsMoved)
                    .context("another rotation of this secret began meanwhile"));
            }
            Err(error) => return Err(RotationError::from(error)).context("no new version could be made"),
        }
        screen.line(format_args!("version {version} is AWSPENDING"));
        Ok(version)
    }
}

async fn live(
    found: &Found,
    store: &SecretsManager,
    target: &impl Target,
    strategy: &Strategy<impl DatabaseLookup>,
) -> Result<CredentialSource> {
    let remedies = match target.verify(&found.current).await {
        Ok(_) => return Ok(CredentialSource::Current),
        // With alternating users the live one must log in before the master acts.
        Err(error) if !is_refusal(&error) || !matches!(strategy, Strategy::SingleUser) => {
            return Err(named(CredentialSource::Current, error).into());
        }
        Err(error) => match error.into_target() {
            Ok(DatabaseError::Login { remedies, .. }) => remedies,
            Ok(error) => return Err(named(CredentialSource::Current, error.into()).into()),
            Err(error) => return Err(error.into()),
        },
    };
    let mut others = Vec::new();
    if let Some(pending) = &found.pending {
        others.push((CredentialSource::Pending, StagingLabel::Pending, Version::Pending(pending)));
    }
    if found.stages.holder(&StagingLabel::Previous).is_some() {
        others.push((CredentialSource::Previous, StagingLabel::Previous, Version::Previous));
    }
    for (credential, label, version) in others {
        let value = store.read(&found.stages.secret, version).await.map_err(RotationError::from)?;
        let Some(value) = value else { continue };
        let outcome = match SecretValue::document_under(label, Some(value)) {
            Ok(document) => target.verify(&document).await,
            Err(error) => Err(error),
        };
        match outcome {
            Ok(_) => return Ok(credential),
            Err(error) if is_refusal(&error) => {}
            // A value that cannot be parsed as a login does not help, and does not explain why the others
            // were refused.
            Err(RotationError::Document { .. }) if credential == CredentialSource::Previous => {}
            Err(error) => return Err(named(credential, error).into()),
        }
    }
    Err(RotationError::from(DatabaseError::NoCredentialAccepted { remedies }).into())
}

fn is_refusal(error: &RotationError) -> bool {
    matches!(error.target(), Some(DatabaseError::Login { error, .. }) if error.is_refusal())
}

/// `verify` treats its argument as the pending document; here it may have been another one.
fn named(credential: CredentialSource, error: RotationError) -> RotationError {
    match error.into_target() {
        Ok(DatabaseError::Login { error, remedies, .. }) => {
            DatabaseError::Login { credential, error, remedies }.into()
        }
        Ok(DatabaseError::Statement { error, remedies, .. }) => {
            DatabaseError::Statement { credential, error, remedies }.into()
        }
        Ok(other) => other.into(),
        Err(other) => other,
    }
}
