//! A rotation without a database: an engine that accepts every login and records where the master logged in.

use std::cell::RefCell;

use rotation_core::{
    Authority, ChangeReport, Deadline, Invocation, Invoker, PasswordPolicy, PasswordRule, PasswordSettings,
    RelatedSecretError, RelatedSecrets, RotationError, SecretDocument, SecretId, StoreError, Target,
    Versions,
};
use rotation_database::{
    Change, ConnectError, Database, DatabaseLookup, DatabaseSettings, Engine, EngineProfile, Login,
    MasterSecret, NameLimit, Plan, Remedies, Session, StatementError, StatementRule, Strategy, TestQuery,
    Transport, Turn, UserPair,
};
use serde_json::json;

/// How a master secret names its server.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Master<'a> {
    /// It names a host.
    At(&'a str),
    /// It holds only a user name and a password, and has this tag.
    Tagged(&'a str, &'a str),
}

const RULE: PasswordRule =
    PasswordRule { shortest: 8, longest: 64, forbidden: "", required: &[], default_exclusions: "" };

/// Every engine that a lookup may name, but `mariadb`.
const PROFILE: EngineProfile = EngineProfile {
    name: "Recorder",
    id: "recorder",
    engines: &["postgres", "aurora-postgresql", "docdb", "redshift", "redshift-serverless"],
    engines_text: "any",
    default_port: 1,
    default_database: None,
    home_field: None,
    set_field: None,
    clone_suffix: "_clone",
    name_limit: NameLimit::Bytes(63),
    reserved_users: &[],
    password_rule: RULE,
    remedies: &Remedies::NONE,
    probe: "",
    test_query: StatementRule::SQL,
};

/// The server at which the master changes the user of a secret, as `host:port`, or the code of the refusal.
pub(crate) async fn changed_at(
    lookup: impl DatabaseLookup,
    host: &str,
    master: Master<'_>,
) -> Result<String, &'static str> {
    let recorder = Recorder::default();
    let deadline = Deadline::after(std::time::Duration::from_secs(30));
    let invocation = Invocation::new(Invoker::Person, deadline);
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:master-AbCdEf";
    let deployed = Some(SecretId::new(arn).expect("an ARN"));
    let strategy = Strategy::MasterUser { master: MasterSecret { deployed }, lookup };
    let passwords = PasswordPolicy::new(PasswordSettings::default(), &RULE).expect("good settings");
    let database = Database::new(&recorder, strategy, DatabaseSettings::new(passwords), &invocation);
    let document = |user: &str| {
        let engine = PROFILE.engines[0];
        let document =
            json!({"engine": engine, "host": host, "port": 7, "username": user, "password": "secret"});
        SecretDocument::parse(&document.to_string()).expect("a document")
    };
    let mut credentials = json!({"username": "master", "password": "secret"});
    let mut tags = Vec::new();
    match master {
        Master::At(host) => {
            credentials["engine"] = PROFILE.engines[0].into();
            credentials["host"] = host.into();
        }
        Master::Tagged(key, value) => tags.push((key.to_owned(), value.to_owned())),
    }
    let versions = Versions {
        secret: SecretId::new("app").expect("a name"),
        current: document("app"),
        pending: document("app_clone"),
        related: Some(SecretDocument::parse(&credentials.to_string()).expect("a document")),
    };
    // Boxed, because the SDK's futures nest more deeply than the compiler can lay out in one piece.
    let authority = Granted(tags);
    let applied = Box::pin(database.apply(&versions, &authority, &authority)).await;
    applied.map_err(|error| error.code().name())?;
    let mut logins = recorder.0.take();
    logins.retain(|(user, _)| user == "master");
    let [(_, place)] = &logins[..] else { panic!("the master logs in once: {logins:?}") };
    Ok(place.clone())
}

/// User and place of each login.
#[derive(Default)]
struct Recorder(RefCell<Vec<(String, String)>>);

impl Engine for Recorder {
    const PROFILE: EngineProfile = PROFILE;
    type Session = Silent;

    async fn connect(&self, login: &Login, _: Transport, _: Deadline) -> Result<Silent, ConnectError> {
        let user = login.credentials.username.to_string();
        self.0.borrow_mut().push((user, format!("{}:{}", login.host, login.port)));
        Ok(Silent)
    }
}

struct Silent;

impl Session for Silent {
    async fn probe(&mut self, _pair: Option<&UserPair>) -> Result<(), StatementError> {
        Ok(())
    }

    async fn prove(&mut self, _: &TestQuery, _: Deadline) -> Result<(), StatementError> {
        Ok(())
    }

    async fn plan(&mut self, _: &Change<'_>, _: Deadline) -> Result<Plan, StatementError> {
        Ok(Plan::default())
    }

    async fn stage(&mut self, _: &Change<'_>, _: &Turn, _: Deadline) -> Result<(), StatementError> {
        Ok(())
    }

    async fn commit(self) -> Result<ChangeReport, StatementError> {
        Ok(ChangeReport::default())
    }
}

/// The labels are as they should be, and the master secret has these tags.
struct Granted(Vec<(String, String)>);

impl Authority for Granted {
    async fn confirm(&self) -> Result<(), RotationError> {
        Ok(())
    }
}

impl RelatedSecrets for Granted {
    async fn previous(&self) -> Result<Option<SecretDocument>, RotationError> {
        Ok(None)
    }

    async fn current_of(&self, _: &SecretId) -> Result<SecretDocument, RelatedSecretError> {
        unreachable!("no login of the master is refused")
    }

    async fn tags_of(&self, _: &SecretId) -> Result<Vec<(String, String)>, StoreError> {
        Ok(self.0.clone())
    }
}
