//! A function whose engine panics at every login. `tests/it/panic.rs` shows that its process survives.

use std::process::ExitCode;

use rotation_core::{ChangeReport, Deadline, PasswordRule};
use rotation_database::{
    Change, ConnectError, Engine, EngineProfile, Login, NameLimit, Plan, Remedies, Session, StatementError,
    StatementRule, TestQuery, Transport, Turn, UserPair,
};
use rotation_lambda::serve_single_user;

fn main() -> ExitCode {
    serve_single_user(|_| Ok(Panicking))
}

struct Panicking;

/// No value of this type exists.
enum Never {}

impl Engine for Panicking {
    const PROFILE: EngineProfile = EngineProfile {
        name: "Panicking",
        id: "panicking",
        engines: &["panicking"],
        engines_text: "panicking",
        default_port: 1,
        default_database: Some("none"),
        home_field: None,
        set_field: None,
        probe: "",
        clone_suffix: "_clone",
        name_limit: NameLimit::Bytes(63),
        reserved_users: &[],
        password_rule: PasswordRule {
            shortest: 8,
            longest: 128,
            forbidden: "",
            required: &[],
            default_exclusions: "",
        },
        test_query: StatementRule::SQL,
        remedies: &Remedies::NONE,
    };
    type Session = Never;

    async fn connect(&self, login: &Login, _: Transport, _: Deadline) -> Result<Never, ConnectError> {
        panic!("a defect in a driver, which quotes {}", login.credentials.password.expose());
    }
}

impl Session for Never {
    async fn probe(&mut self, _pair: Option<&UserPair>) -> Result<(), StatementError> {
        match *self {}
    }

    async fn prove(&mut self, _: &TestQuery, _: Deadline) -> Result<(), StatementError> {
        match *self {}
    }

    async fn plan(&mut self, _: &Change<'_>, _: Deadline) -> Result<Plan, StatementError> {
        match *self {}
    }

    async fn stage(&mut self, _: &Change<'_>, _: &Turn, _: Deadline) -> Result<(), StatementError> {
        match *self {}
    }

    async fn commit(self) -> Result<ChangeReport, StatementError> {
        match self {}
    }
}
