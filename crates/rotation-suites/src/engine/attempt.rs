//! One setSecret as the protocol makes it, without a Secrets Manager.

use rotation_core::{
    Applied, Authority, Invocation, Invoker, PasswordPolicy, PasswordSettings, RelatedSecretError,
    RelatedSecrets, RotationError, SecretDocument, SecretId, StoreError, Target, Versions,
};
use rotation_database::{
    Database, DatabaseLookup, DatabaseLookupError, DatabaseSettings, Engine, Host, MasterSecret, Server,
    ServerArn, Strategy,
};
use serde_json::{Value, json};
use test_servers::TestLogin;

use super::scene::{EngineScene, deadline, secret_named};

/// What setSecret is about.
#[derive(Clone, Debug)]
pub(super) struct Attempt {
    /// By `AWSCURRENT`.
    pub(super) live: TestLogin,
    /// By `AWSPENDING`.
    pub(super) next: TestLogin,
}

impl Attempt {
    /// Whether a user changes its own password, or a master that of the other user.
    pub(super) fn is_single_user(&self) -> bool {
        self.live.username == self.next.username
    }

    /// setSecret by way of this port.
    pub(super) async fn apply<S: EngineScene>(&self, scene: &S, port: u16) -> Result<Applied, RotationError> {
        let versions = Versions {
            secret: secret_named("shop/checkout"),
            current: document(scene, &self.live, port),
            pending: document(scene, &self.next, port),
            related: None,
        };
        let around = Around { master: document(scene, scene.master(), port) };
        self.target(scene).apply(&versions, &around, &around).await
    }

    /// testSecret by way of this port.
    pub(super) async fn verify<S: EngineScene>(&self, scene: &S, port: u16) -> Result<(), RotationError> {
        self.target(scene).verify(&document(scene, &self.next, port)).await.map(drop)
    }

    fn target<S: EngineScene>(&self, scene: &S) -> Database<S::Engine, NothingKnown> {
        let rule = &<S::Engine as Engine>::PROFILE.password_rule;
        let policy = PasswordPolicy::new(PasswordSettings::default(), rule).expect("the defaults fit");
        let settings = DatabaseSettings { require_tls: true, ..DatabaseSettings::new(policy) };
        let strategy = if self.is_single_user() {
            Strategy::SingleUser
        } else {
            let master = MasterSecret { deployed: Some(secret_named("master")) };
            Strategy::MasterUser { master, lookup: NothingKnown }
        };
        Database::new(scene.engine(), strategy, settings, &Invocation::new(Invoker::Person, deadline()))
    }
}

fn document<S: EngineScene>(scene: &S, login: &TestLogin, port: u16) -> SecretDocument {
    let mut document = scene.document(login);
    document["port"] = json!(port);
    SecretDocument::parse(&Value::to_string(&document)).expect("an object")
}

/// The labels are as they should be, and the master's secret is the only other one.
struct Around {
    master: SecretDocument,
}

impl Authority for Around {
    async fn confirm(&self) -> Result<(), RotationError> {
        Ok(())
    }
}

impl RelatedSecrets for Around {
    async fn previous(&self) -> Result<Option<SecretDocument>, RotationError> {
        Ok(None)
    }

    async fn current_of(&self, _: &SecretId) -> Result<SecretDocument, RelatedSecretError> {
        Ok(self.master.clone())
    }

    async fn tags_of(&self, _: &SecretId) -> Result<Vec<(String, String)>, StoreError> {
        Ok(Vec::new())
    }
}

/// AWS knows none of these servers.
struct NothingKnown;

impl DatabaseLookup for NothingKnown {
    async fn by_arn(&self, _: &ServerArn) -> Result<Option<Server>, DatabaseLookupError> {
        Ok(None)
    }

    async fn by_host(&self, _: &Host) -> Result<Option<Server>, DatabaseLookupError> {
        Ok(None)
    }
}
