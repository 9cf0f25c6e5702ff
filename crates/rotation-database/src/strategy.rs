//! The database as a target, and its two strategies.

mod alternating_users;
mod copied_fields;
mod finality;
mod master;
mod replica;
mod single_user;

use std::{cell::Cell, time::Duration};

pub(crate) use master::Proven;

use rotation_core::{
    Answer, Applied, Authority, CredentialSource, Deadline, DocumentError, IntendedChange, Intent,
    Invocation, Journal, PasswordPolicy, PasswordSource, Phase, Proof, RelatedSecretError, RelatedSecrets,
    RotationError, SecretDocument, SecretId, SecretStore, StagingLabel, Target, Versions,
};

use crate::{
    Cause, Change, ConnectError, Credentials, CustomProof, DatabaseError, DatabaseLookup, Engine, Login,
    NoDatabaseLookup, PairOwner, Plan, Remedies, RewriteFields, SecretIdentity, Session, StatementError,
    StatementFault, TestQuery, TlsMode, Transport, UserPair, codes, test_query::ChosenProof,
};

/// The longest time that one login attempt may take. A reachable server answers in milliseconds.
const LOGIN_TIME: Duration = Duration::from_secs(5);

/// How a database user's password is rotated. The set is closed, so one match has both arms.
#[derive(Clone, Debug)]
pub enum Strategy<D = NoDatabaseLookup> {
    /// The user changes its own password.
    SingleUser,
    /// Two users alternate; a master changes the one that is not in use.
    MasterUser {
        /// The secret with the master's credentials.
        master: MasterSecret,
        /// The lookup that finds the master's server, where the secret does not name it.
        lookup: D,
    },
}

/// The secret that holds the master's credentials.
#[derive(Clone, Debug, Default)]
pub struct MasterSecret {
    /// The secret for which the function was deployed. Where it is set, a secret's `masterarn` must name the
    /// same secret, or be absent.
    pub deployed: Option<SecretId>,
}

/// A user of a database, as the target of a rotation.
#[derive(Debug)]
pub struct Database<E, D = NoDatabaseLookup> {
    engine: E,
    strategy: Strategy<D>,
    settings: DatabaseSettings,
    deadline: Deadline,
    journal: Journal,
}

/// How secrets of databases are rotated, for all engines.
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// How passwords are made.
    pub passwords: PasswordPolicy,
    /// Whether a server that offers no TLS is refused even where the secret does not ask for TLS. `"ssl":
    /// false` in the secret still means plaintext.
    pub require_tls: bool,
    /// What testSecret runs in addition to the engine's own test query.
    pub proof: CustomProof,
    /// The one secret, by name or ARN, that takes over the existing pair of users.
    pub adopting: Option<SecretId>,
    /// The fields of a secret that are rewritten with its credentials.
    pub rewriting: RewriteFields,
}

impl DatabaseSettings {
    /// The defaults, with passwords according to this policy.
    pub fn new(passwords: PasswordPolicy) -> Self {
        Self {
            passwords,
            require_tls: false,
            proof: CustomProof::default(),
            adopting: None,
            rewriting: RewriteFields::default(),
        }
    }
}

impl<E: Engine, D: DatabaseLookup> Database<E, D> {
    /// A target for one invocation.
    pub fn new(
        engine: E,
        strategy: Strategy<D>,
        settings: DatabaseSettings,
        invocation: &Invocation,
    ) -> Self {
        let Invocation { deadline, journal, .. } = invocation;
        Self { engine, strategy, settings, deadline: *deadline, journal: journal.clone() }
    }

    /// The secret for which a pair of users is changed.
    pub(crate) fn owner(&self, secret: &SecretId) -> PairOwner {
        let identity = SecretIdentity::from_secret(secret);
        let named = |named: &SecretId| named == secret || named.as_str() == identity.name();
        PairOwner { adopt: self.settings.adopting.as_ref().is_some_and(named), secret: identity }
    }

    /// One login with one credential. TLS first; plaintext only as [`TlsMode`] allows, and never after a
    /// certificate failure: [`ConnectError::TlsUnavailable`] comes from the server itself.
    async fn login(&self, credential: CredentialSource, login: &Login) -> Result<E::Session, ConnectError> {
        self.login_over(credential, login, None).await.map(|(session, _)| session)
    }

    /// As [`Database::login`], and returns the transport that was used. With `pair`, the session must act as
    /// the original.
    pub(crate) async fn login_over(
        &self,
        credential: CredentialSource,
        login: &Login,
        pair: Option<&UserPair>,
    ) -> Result<(E::Session, Transport), ConnectError> {
        let first = match login.tls {
            TlsMode::Off => Transport::Plaintext,
            TlsMode::Required | TlsMode::Preferred => Transport::Tls,
        };
        match self.attempt(credential, login, first, pair).await {
            Err(ConnectError::TlsUnavailable)
                if login.tls == TlsMode::Preferred && !self.settings.require_tls =>
            {
                let session = self.attempt(credential, login, Transport::Plaintext, pair).await?;
                Ok((session, Transport::Plaintext))
            }
            outcome => outcome.map(|session| (session, first)),
        }
    }

    /// The parts from which it was made.
    pub(crate) fn parts(&self) -> (&E, &Strategy<D>, &PasswordPolicy) {
        (&self.engine, &self.strategy, &self.settings.passwords)
    }

    /// The deadline.
    pub(crate) fn time(&self) -> Deadline {
        self.deadline
    }

    /// The plan of a change in this session.
    pub(crate) async fn plan(
        &self,
        credential: CredentialSource,
        session: &mut E::Session,
        change: &Change<'_>,
    ) -> Result<Plan, RotationError> {
        self.within(Phase::Change, credential, session.plan(change, self.deadline)).await
    }

    async fn attempt(
        &self,
        credential: CredentialSource,
        login: &Login,
        transport: Transport,
        pair: Option<&UserPair>,
    ) -> Result<E::Session, ConnectError> {
        let deadline = self.deadline.at_most(LOGIN_TIME);
        let entry = self.journal.login_begins(credential, transport.name(), login.hosts(), login.port);
        // A greeting may come from a proxy: only an answer to a request comes from the server.
        let let_in = Cell::new(false);
        let attempt = async {
            let session = self.engine.connect(login, transport, deadline).await;
            let mut session = session.map_err(|error| told_of_line_break(error, login))?;
            let_in.set(true);
            session.probe(pair).await.map_err(not_usable)?;
            Ok(session)
        };
        let late = || if let_in.get() { ConnectError::Unanswered } else { ConnectError::TimedOut };
        let outcome = deadline.bound(attempt).await.unwrap_or_else(|_| Err(late()));
        entry.ended(match &outcome {
            Ok(_) => Answer::LoggedIn,
            Err(error) if codes::REFUSED_LOGINS.contains(&error.code()) => Answer::Refused(error.code()),
            Err(error) => Answer::Failed(error.code()),
        });
        outcome
    }

    /// Parses both documents, which must name the same server: they are compared before any connection. A
    /// list of members may have grown since pending was made.
    fn logins(versions: &Versions) -> Result<Logins, RotationError> {
        let current = Self::parse(StagingLabel::Current, &versions.current)?;
        let pending = Self::parse(StagingLabel::Pending, &versions.pending)?;
        if !pending.is_among_servers_of(&current) {
            return Err(DatabaseError::HostDiffers.into());
        }
        // The same name in another database is a different user.
        if pending.home != current.home {
            return Err(DatabaseError::UserDiffers.into());
        }
        Ok(Logins { current, pending })
    }

    /// A change at a member that pending does not name would not make pending log in.
    fn check_member(session: &E::Session, pending: &Login) -> Result<(), RotationError> {
        let is_named = session.member().is_none_or(|member| pending.names(&member));
        if is_named { Ok(()) } else { Err(DatabaseError::HostDiffers.into()) }
    }

    fn parse(label: StagingLabel, document: &SecretDocument) -> Result<Login, RotationError> {
        Login::from_document(document, &E::PROFILE).map_err(|error| RotationError::Document { label, error })
    }

    fn custom_proof(
        &self,
        label: StagingLabel,
        document: &SecretDocument,
    ) -> Result<ChosenProof, RotationError> {
        let chosen = self.settings.proof.of(document, &E::PROFILE.test_query);
        chosen.map_err(|error| RotationError::Document { label, error })
    }
}

impl<E: Engine, D: DatabaseLookup> Target for Database<E, D> {
    async fn propose(
        &self,
        current: &SecretDocument,
        store: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError> {
        let login = Self::parse(StagingLabel::Current, current)?;
        if matches!(self.strategy, Strategy::SingleUser) && login.host.is_rds_proxy() {
            return Err(DatabaseError::HostIsProxy.into());
        }
        // The next version gets a copy of this field, and testSecret would be too late to report that its
        // value cannot be intended.
        self.custom_proof(StagingLabel::Current, current)?;
        let next = match &self.strategy {
            Strategy::SingleUser => login.credentials.username.clone(),
            Strategy::MasterUser { master, .. } => {
                master.of(current)?;
                pair_of::<E>(&login)?.other(&login.credentials.username).clone()
            }
        };
        let _timing = self.journal.phase(Phase::Password);
        let password = match self.settings.passwords.settings().source {
            PasswordSource::OperatingSystem => self.settings.passwords.generate()?,
            PasswordSource::SecretsManager => store.random_password(&self.settings.passwords).await?,
        };
        self.next_document(current, &login, &Credentials { username: next, password })
    }

    async fn apply(
        &self,
        versions: &Versions,
        authority: &impl Authority,
        related: &impl RelatedSecrets,
    ) -> Result<Applied, RotationError> {
        let logins = Self::logins(versions)?;
        let mut applied = match &self.strategy {
            Strategy::SingleUser => {
                self.change_own_password(&logins, &versions.secret, authority, related).await
            }
            Strategy::MasterUser { master, lookup } => {
                let master = master.of(&versions.current)?;
                self.change_other_user(&logins, master, lookup, versions, authority, related).await
            }
        }?;
        if let Applied::Changed(report) = &mut applied {
            report.notes.extend(self.notes_of_copies(&logins, versions));
        }
        Ok(applied)
    }

    async fn plan(
        &self,
        versions: &Versions,
        related: &impl RelatedSecrets,
    ) -> Result<Intent, RotationError> {
        let logins = Self::logins(versions)?;
        let planned = match &self.strategy {
            Strategy::SingleUser => self.plan_own_password(&logins, &versions.secret, related).await,
            Strategy::MasterUser { master, lookup } => {
                let master = master.of(&versions.current)?;
                self.plan_other_user(&logins, master, lookup, versions, related).await
            }
        }?;
        let Some((by, mut plan)) = planned else { return Ok(Intent::AlreadySet) };
        plan.notes.extend(self.notes_of_copies(&logins, versions));
        Ok(Intent::Change(Box::new(intended(by, plan))))
    }

    fn proof(&self, pending: &SecretDocument) -> Result<Proof, RotationError> {
        let ChosenProof { statement, named, note } = self.custom_proof(StagingLabel::Pending, pending)?;
        let custom = statement.map(|_| named);
        Ok(Proof {
            statements: [E::PROFILE.probe].into_iter().chain(custom).map(str::to_owned).collect(),
            notes: note.into_iter().map(str::to_owned).collect(),
        })
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError> {
        let login = Self::parse(StagingLabel::Pending, pending)?;
        let ChosenProof { statement, note, .. } = self.custom_proof(StagingLabel::Pending, pending)?;
        let pair = self.pair_in_use(&login);
        let logged_in = self.login_over(CredentialSource::Pending, &login, pair.as_ref()).await;
        let mut session = match (logged_in, &self.strategy) {
            (Err(error), Strategy::MasterUser { lookup, .. }) if error.is_refusal() => {
                self.login_once_replicated(lookup, &login, error).await?
            }
            (outcome, _) => outcome.map_err(Self::refused(CredentialSource::Pending))?.0,
        };
        Box::pin(self.settle(CredentialSource::Pending, &mut session)).await?;
        if let Some(statement) = statement {
            self.prove(&mut session, &statement).await?;
        }
        Ok(note.into_iter().map(str::to_owned).collect())
    }

    /// A setting may add fields that are rewritten with the credentials. The doctor of databases compares
    /// logins instead.
    fn rotated_fields(&self) -> &'static [&'static str] {
        &["username", "password"]
    }

    fn related_secret(&self) -> Option<&SecretId> {
        match &self.strategy {
            Strategy::SingleUser => None,
            Strategy::MasterUser { master, .. } => master.deployed.as_ref(),
        }
    }

    fn related_error(&self, error: RelatedSecretError) -> RotationError {
        DatabaseError::from(error).into()
    }
}

impl<E: Engine, D: DatabaseLookup> Database<E, D> {
    /// Runs one call of a session within the deadline.
    pub(crate) async fn within<T>(
        &self,
        phase: Phase,
        credential: CredentialSource,
        call: impl Future<Output = Result<T, StatementError>>,
    ) -> Result<T, RotationError> {
        let outcome =
            self.journal.timed(phase, self.deadline.bound(call)).await.map_err(DatabaseError::TimedOut)?;
        outcome.map_err(|error| {
            DatabaseError::Statement { credential, error, remedies: E::PROFILE.remedies }.into()
        })
    }

    /// The pair whose original a session of this user must act as.
    pub(crate) fn pair_in_use(&self, login: &Login) -> Option<UserPair> {
        match self.strategy {
            Strategy::SingleUser => None,
            Strategy::MasterUser { .. } => UserPair::of(&login.credentials.username, &E::PROFILE).ok(),
        }
    }

    /// Runs the operator's test query. A broken connection shows nothing about the statement.
    async fn prove(&self, session: &mut E::Session, statement: &TestQuery) -> Result<(), RotationError> {
        let credential = CredentialSource::Pending;
        let proving = self.deadline.bound(session.prove(statement, self.deadline));
        let failed = |answer| Err(DatabaseError::TestQuery { answer }.into());
        match self.journal.timed(Phase::Probe, proving).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) if error.fault == StatementFault::ConnectionLost => {
                Err(DatabaseError::Statement { credential, error, remedies: E::PROFILE.remedies }.into())
            }
            Ok(Err(error)) => failed(error.answer()),
            Err(_) => failed("no end in time".to_owned()),
        }
    }

    /// The error for a failed login.
    pub(crate) fn refused(credential: CredentialSource) -> impl Fn(ConnectError) -> RotationError {
        move |error| DatabaseError::Login { credential, error, remedies: E::PROFILE.remedies }.into()
    }
}

/// Converts a plan into the protocol's terms.
fn intended(by: CredentialSource, plan: Plan) -> IntendedChange {
    let is_certain = plan.is_lacking_certain && !plan.lacking.is_empty();
    let obstacle = is_certain.then(|| {
        let needed = plan.lacking.join("; ");
        let error = StatementError::new(StatementFault::PrivilegeMissing { needed });
        DatabaseError::Statement { credential: by, error, remedies: &Remedies::NONE }.into()
    });
    let acts = plan.statements.iter().map(ToString::to_string).collect();
    IntendedChange { by, acts, notes: plan.notes, obstacle }
}

/// A refused password that ends with a line break was stored by mistake.
fn told_of_line_break(error: ConnectError, login: &Login) -> ConnectError {
    match error {
        ConnectError::Refused(cause) if login.credentials.password.expose().ends_with(['\n', '\r']) => {
            ConnectError::LineBreak(cause)
        }
        error => error,
    }
}

/// The login error for a failed first request.
fn not_usable(error: StatementError) -> ConnectError {
    match error.fault {
        StatementFault::Proxy => {
            ConnectError::Proxy(error.source.unwrap_or_else(|| Cause::new("no code of the server")))
        }
        StatementFault::LoginRefused(refusal) => *refusal,
        _ => ConnectError::Unusable(Box::new(error)),
    }
}

/// The two documents of a rotation, parsed, for the same server.
struct Logins {
    current: Login,
    pending: Login,
}

impl MasterSecret {
    /// The master secret of a document: its `masterarn`, which must be the deployed one where one is set. An
    /// empty one counts as absent.
    pub(crate) fn of(&self, document: &SecretDocument) -> Result<SecretId, RotationError> {
        let label = StagingLabel::Current;
        let invalid = |error| RotationError::Document { label: label.clone(), error };
        let named = document.filled_text("masterarn").map_err(invalid)?;
        match (named, &self.deployed) {
            (None, None) => Err(invalid(DocumentError::Missing { field: "masterarn" })),
            (None, Some(deployed)) => Ok(deployed.clone()),
            (Some(named), Some(deployed)) if *named != deployed.as_str() => {
                Err(DatabaseError::MasterNotDeployed.into())
            }
            (Some(named), _) => SecretId::new(named.as_str()).map_err(|_| {
                invalid(DocumentError::Invalid { field: "masterarn", rule: "the ARN of a secret" })
            }),
        }
    }
}

fn pair_of<E: Engine>(login: &Login) -> Result<UserPair, RotationError> {
    UserPair::of(&login.credentials.username, &E::PROFILE)
        .map_err(|error| RotationError::Document { label: StagingLabel::Current, error })
}
