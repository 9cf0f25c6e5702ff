//! What an engine supplies to the suite, and what every engine's tests do with it.

use std::time::Duration;

use rotation_core::{ChangeReport, Deadline, Password, SecretDocument, SecretId};
use rotation_database::{
    Change, ConnectError, Credentials, Engine, Login, LoginMethod, PairOwner, Plan, SecretIdentity, Session,
    StatementError, StatementFault, Transport, Turn, UserPair, Username,
};
use serde_json::Value;
use test_servers::{TestLogin, proxy::Preface};

use crate::DatabaseError;

/// A pair of users and their master on a real server of an engine. The clone does not exist at first.
pub trait EngineScene: Sized {
    /// What is tested.
    type Engine: Engine;

    /// How many random users are compared with their clones.
    const RANDOM_USERS: u64;

    /// What clients of this server send before TLS.
    const PREFACE: Preface;

    /// The engine, which trusts the server.
    fn engine(&self) -> Self::Engine;

    /// The value of a secret for this login.
    fn document(&self, login: &TestLogin) -> Value;

    /// The user that a person made, with its password at the start of the scene.
    fn original(&self) -> &TestLogin;

    /// A user that may change the two, and no more than a managed service's master may.
    fn master(&self) -> &TestLogin;

    /// All that the server keeps of the pair and its master, passwords included: what must not change unseen.
    ///
    /// # Errors
    /// As the suite's own access to the server.
    async fn snapshot(&self) -> Result<String, DatabaseError>;

    /// What this user may do, in a text that is equal for two users with equal rights.
    ///
    /// # Errors
    /// As the suite's own access to the server.
    async fn rights(&self, user: &TestLogin) -> Result<String, DatabaseError>;

    /// Gives this user one right that it has not had, in a way that one statement takes back.
    ///
    /// # Errors
    /// As the suite's own access to the server.
    async fn give(&self, username: &str) -> Result<(), DatabaseError>;

    /// Puts a new user with random rights in the place of the original, the same for the same seed.
    ///
    /// # Errors
    /// As the suite's own access to the server.
    async fn draw(&mut self, seed: u64) -> Result<(), DatabaseError>;

    /// Changes the rights of one of the pair at random, as a manual change does.
    ///
    /// # Errors
    /// As the suite's own access to the server.
    async fn alter(&self, username: &str, seed: u64) -> Result<(), DatabaseError>;

    /// Runs what `DB_CLONE_EXCEEDS_ORIGINAL` names, as an administrator: the side that gives to the original,
    /// or the one that takes from the clone. An engine that names one side alone runs that.
    ///
    /// # Errors
    /// As the suite's own access to the server.
    async fn decide(&self, needed: &str, give: bool) -> Result<(), DatabaseError>;

    /// Every statement that changes something and that the server has received so far from the users of this
    /// scene, in their order, with secrets left out as a plan leaves them out.
    fn writes(&self) -> Vec<String>;

    /// A statement without what differs between a plan and its execution by design, such as a limit of time.
    fn comparable(statement: &str) -> String {
        statement.to_owned()
    }

    /// How the live user logs in, where the engine knows it.
    fn method(&self) -> Option<LoginMethod> {
        None
    }

    /// The secret on whose behalf the pair is changed.
    fn owner(&self) -> PairOwner {
        owner()
    }

    /// The clone, with a password of its own.
    fn clone(&self) -> TestLogin {
        let password = format!("Clone-1-{}", self.original().password);
        TestLogin { username: self.pair().clone.as_str().to_owned(), password }
    }

    /// Both users.
    ///
    /// # Panics
    /// Where the original cannot be one of a pair.
    fn pair(&self) -> UserPair {
        let original = Self::username(&self.original().username);
        UserPair::of(&original, &Self::Engine::PROFILE).expect("the original can have a clone")
    }

    /// A name as the engine takes it.
    ///
    /// # Panics
    /// Where it does not.
    fn username(name: &str) -> Username {
        Username::parse(name, &Self::Engine::PROFILE).expect("a name that the engine takes")
    }

    /// The same as a secret's document has it.
    ///
    /// # Panics
    /// Where the document is none of this engine.
    fn login(&self, login: &TestLogin) -> Login {
        let document = SecretDocument::parse(&self.document(login).to_string()).expect("an object");
        Login::from_document(&document, &Self::Engine::PROFILE).expect("a login of this engine")
    }

    /// The same for the master, who works where the pair is.
    fn master_login(&self) -> Login {
        self.login(self.master())
    }

    /// Logs in over TLS.
    ///
    /// # Errors
    /// The engine's own.
    async fn connect(&self, login: &TestLogin) -> Result<<Self::Engine as Engine>::Session, ConnectError> {
        self.engine().connect(&self.login(login), Transport::Tls, deadline()).await
    }

    /// The master's session, as setSecret has it.
    ///
    /// # Errors
    /// Those of the login, as those of a statement.
    async fn connect_master(&self) -> Result<<Self::Engine as Engine>::Session, StatementError> {
        let session = self.engine().connect(&self.master_login(), Transport::Tls, deadline()).await;
        session.map_err(login_failed)
    }

    /// What the master is to do so that this is the next login of the pair.
    ///
    /// # Errors
    /// The engine's own.
    async fn plan(&self, next: &TestLogin) -> Result<Plan, StatementError> {
        let (pair, owner, next) = (self.pair(), self.owner(), credentials::<Self>(next));
        let live = pair.other(&next.username);
        let change =
            Change::OtherUser { pair: &pair, live, next: &next, owner: &owner, method: self.method() };
        self.connect_master().await?.plan(&change, deadline()).await
    }

    /// Stages the same, and gives the master's session.
    ///
    /// # Errors
    /// The engine's own.
    async fn stage(&self, next: &TestLogin) -> Result<<Self::Engine as Engine>::Session, StatementError> {
        let (pair, owner, next) = (self.pair(), self.owner(), credentials::<Self>(next));
        let live = pair.other(&next.username);
        let change =
            Change::OtherUser { pair: &pair, live, next: &next, owner: &owner, method: self.method() };
        let mut session = self.connect_master().await?;
        session.stage(&change, &Turn::default(), deadline()).await?;
        Ok(session)
    }

    /// Makes the same final.
    ///
    /// # Errors
    /// The engine's own.
    async fn change_to(&self, next: &TestLogin) -> Result<ChangeReport, StatementError> {
        self.stage(next).await?.commit().await
    }

    /// The notes of the same.
    ///
    /// # Errors
    /// The engine's own.
    async fn rotate_to(&self, next: &TestLogin) -> Result<Vec<String>, StatementError> {
        self.change_to(next).await.map(|report| report.notes)
    }

    /// What a user is to do that changes its own password to this one.
    ///
    /// # Errors
    /// The engine's own.
    async fn plan_own(&self, user: &TestLogin, new: &str) -> Result<Plan, StatementError> {
        let new = Password::parse(new).expect("a password");
        let mut session = self.connect(user).await.map_err(login_failed)?;
        session.plan(&Change::OwnPassword { new: &new }, deadline()).await
    }

    /// Stages the same, and gives the user's session.
    ///
    /// # Errors
    /// The engine's own.
    async fn stage_own(
        &self,
        user: &TestLogin,
        new: &str,
    ) -> Result<<Self::Engine as Engine>::Session, StatementError> {
        let new = Password::parse(new).expect("a password");
        let mut session = self.connect(user).await.map_err(login_failed)?;
        session.stage(&Change::OwnPassword { new: &new }, &Turn::default(), deadline()).await?;
        Ok(session)
    }

    /// Whether the server lets this user in and answers it.
    ///
    /// # Errors
    /// Whatever else the login ends in, as an error of a statement.
    async fn lets_in(&self, user: &TestLogin) -> Result<bool, StatementError> {
        match self.connect(user).await {
            Ok(mut session) => session.probe(None).await.map(|()| true),
            // A clone that is locked until it has its rights is not open.
            Err(error) if error.is_refusal() || matches!(error, ConnectError::Locked(_)) => Ok(false),
            Err(error) => Err(login_failed(error)),
        }
    }
}

fn login_failed(error: ConnectError) -> StatementError {
    StatementError::new(StatementFault::LoginRefused(Box::new(error)))
}

fn credentials<S: EngineScene>(login: &TestLogin) -> Credentials {
    let password = Password::parse(&login.password).expect("a password");
    Credentials { username: S::username(&login.username), password }
}

/// The time that one session of a scene has.
pub fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

/// The secret on whose behalf scenes change a pair.
pub fn owner() -> PairOwner {
    owner_named("shop/checkout")
}

/// Another secret of the same account.
pub fn owner_named(name: &str) -> PairOwner {
    PairOwner { secret: SecretIdentity::from_secret(&secret_named(name)), adopt: false }
}

/// The ARN of a secret.
pub(super) fn secret_named(name: &str) -> SecretId {
    let arn = format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{name}-KpXkZF");
    SecretId::new(arn).expect("the ARN of a secret")
}
