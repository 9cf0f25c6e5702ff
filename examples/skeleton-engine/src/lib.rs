//! An engine to begin with. `docs/adding-an-engine.md` goes through it step by step.
//!
//! Each method answers by a typed error that names what to write; the suites show it.

use rotation_config::{ConfigError, Environment};
use rotation_core::{ChangeReport, Deadline, PasswordRule};
use rotation_database::{
    Change, ConnectError, Engine, EngineProfile, Login, NameLimit, Plan, Remedies, Session, StatementError,
    StatementFault, StatementRule, TestQuery, Transport, Turn, UserPair,
};

/// The database. Give it what a connection needs: `database_net::LazyTls`, and the engine's own settings.
#[derive(Clone, Debug)]
pub struct Skeleton;

impl Skeleton {
    /// Reads the engine's own settings; the skeleton has none.
    ///
    /// # Errors
    /// [`ConfigError`] names the first setting that is wrong.
    pub fn from_environment(_: &Environment) -> Result<Self, ConfigError> {
        Ok(Self)
    }
}

impl Engine for Skeleton {
    /// Names, limits and the manual's pages that they follow.
    const PROFILE: EngineProfile = EngineProfile {
        name: "Skeleton",
        id: "skeleton",
        engines: &["skeleton"],
        engines_text: "skeleton",
        default_port: 7777,
        default_database: None,
        home_field: None,
        set_field: None,
        probe: "SELECT 1",
        test_query: StatementRule::SQL,
        clone_suffix: "_clone",
        name_limit: NameLimit::Bytes(63),
        reserved_users: &[],
        password_rule: PasswordRule {
            shortest: 8,
            longest: 64,
            forbidden: "",
            required: &[],
            default_exclusions: "",
        },
        remedies: &Remedies::NONE,
    };

    type Session = SkeletonSession;

    /// Opens nothing yet, so that each topic of the suites comes to the method that it is about.
    async fn connect(&self, _: &Login, _: Transport, _: Deadline) -> Result<SkeletonSession, ConnectError> {
        Ok(SkeletonSession)
    }
}

/// A connection that is logged in. Give it the connection, and what is staged.
#[derive(Debug)]
pub struct SkeletonSession;

impl Session for SkeletonSession {
    async fn probe(&mut self, _: Option<&UserPair>) -> Result<(), StatementError> {
        unwritten("probe: write the login: open the connection in `connect`, and run `PROFILE.probe` here")
    }

    async fn prove(&mut self, _: &TestQuery, _: Deadline) -> Result<(), StatementError> {
        unwritten("prove: write the test query: run it so that the server changes nothing by it")
    }

    async fn plan(&mut self, _: &Change<'_>, _: Deadline) -> Result<Plan, StatementError> {
        unwritten("plan: write the list of statements: a pure function of what the server shows of the users")
    }

    async fn stage(&mut self, _: &Change<'_>, _: &Turn, _: Deadline) -> Result<(), StatementError> {
        unwritten("stage: write the change: run the list of `plan`, up to what others would see")
    }

    async fn commit(self) -> Result<ChangeReport, StatementError> {
        unwritten("commit: write the end of the change: make it final, and count what drifted")
    }
}

fn unwritten<T>(words: &str) -> Result<T, StatementError> {
    Err(StatementError::new(StatementFault::Other { code: format!("{words} (not written yet)") }))
}
