//! The world of a measured function: a store over TLS, a server, and a fresh secret each time.

use std::{
    fs,
    ops::Sub,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use local_aws::{
    LocalSecretsManager,
    secrets_manager::{Operation, RotationOutcome, RotationSettings, Settings},
};
use serde_json::{Value, json};
use test_servers::{DatabaseServer, Logins, TestAuthority, TestLogin};

use crate::{
    engine::{Engine, Strategy},
    failure::Failure,
    observed::Observed,
    relay::{Passed, Relay},
    server::{self, RotatedServer},
    subject::{Kind, Ssl, Subject},
};

/// The most that one rotation may take.
const LIMIT: Duration = Duration::from_mins(10);

/// Servers that stay up for all measurements of one engine.
pub(crate) struct World {
    store: LocalSecretsManager,
    rotated: Box<dyn RotatedServer>,
    direct: Route,
    counted: Route,
    relays: Relays,
    folder: tempfile::TempDir,
}

/// The way by which a function reaches the store and the server.
pub(crate) struct Route {
    pub(crate) store: String,
    port: u16,
    masters: Vec<(Ssl, String)>,
}

/// Counts what passes on the counted route.
struct Relays {
    store: Relay,
    database: Relay,
}

/// What has passed between a function and the two others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// To the store, Secrets Manager.
    pub store: Passed,
    /// To the database server.
    pub database: Passed,
}

impl Sub for Traffic {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { store: self.store - earlier.store, database: self.database - earlier.database }
    }
}

/// A new secret, and the user that it is for.
pub(crate) struct Secret {
    pub(crate) arn: String,
    username: String,
}

impl World {
    /// Starts the servers. Each has a certificate that functions can verify by a file.
    pub(crate) async fn start(engine: Engine) -> Result<Self, Failure> {
        let authority = Arc::new(TestAuthority::new());
        let folder = tempfile::Builder::new().prefix("rotators-bench-").tempdir()?;
        let store = LocalSecretsManager::start(Settings {
            tls: Some(authority.server().server_config()),
            // A function that fails is a finding, so it is not retried.
            rotation: RotationSettings { attempts: 1, ..RotationSettings::default() },
            ..Settings::default()
        })
        .await?;
        fs::write(folder.path().join("store.pem"), authority.certificate_pem())?;
        let rotated = server::start(engine, authority).await?;
        fs::write(folder.path().join("database.pem"), rotated.server().authority_pem())?;
        let relays = Relays {
            store: Relay::start(store.address().port()).await?,
            database: Relay::start(rotated.server().port()).await?,
        };
        let counted = format!("https://localhost:{}", relays.store.port());
        let direct = Route::new(&store, &*rotated, store.endpoint(), rotated.server().port())?;
        let counted = Route::new(&store, &*rotated, counted, relays.database.port())?;
        Ok(Self { store, rotated, direct, counted, relays, folder })
    }

    pub(crate) fn server(&self) -> &dyn DatabaseServer {
        self.rotated.server()
    }

    pub(crate) fn store(&self) -> &LocalSecretsManager {
        &self.store
    }

    /// Where certificates, records of launchers and handlers are.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// PEM of the authority of the store.
    pub(crate) fn store_authority(&self) -> PathBuf {
        self.folder().join("store.pem")
    }

    /// PEM of the authority of the server.
    pub(crate) fn database_authority(&self) -> PathBuf {
        self.folder().join("database.pem")
    }

    /// Without anything in between.
    pub(crate) fn direct(&self) -> &Route {
        &self.direct
    }

    /// Through relays that count, which costs time.
    pub(crate) fn counted(&self) -> &Route {
        &self.counted
    }

    /// What has passed on the counted route so far.
    pub(crate) fn traffic(&self) -> Traffic {
        Traffic { store: self.relays.store.passed(), database: self.relays.database.passed() }
    }

    /// A secret of a new user. The master user's function finds its master by it, too.
    pub(crate) async fn new_secret(&self, subject: &Subject, route: &Route) -> Result<Secret, Failure> {
        let login = self.rotated.create_user().await?;
        let mut document = document(&*self.rotated, &login, route.port, subject.ssl);
        if subject.strategy == Some(Strategy::MasterUser) {
            document["masterarn"] = route.master_secret(subject.ssl).into();
        }
        let arn = self.store.create_secret(&login.username, &document.to_string())?;
        Ok(Secret { arn, username: login.username })
    }

    /// Gives the user of a new secret this many rights, each by itself.
    pub(crate) async fn grant(&self, secret: &Secret, count: u32) -> Result<(), Failure> {
        self.rotated.grant(&secret.username, count).await
    }

    /// Logins of functions with this secret so far: by its user, the clone and the master.
    pub(crate) fn logins(&self, secret: &Secret) -> Logins {
        let clone = format!("{}_clone", secret.username);
        let users = [secret.username.as_str(), &clone, &self.rotated.master().username];
        users.iter().fold(Logins::default(), |sum, user| sum + self.rotated.logins_of(user))
    }

    /// One rotation. Fails where it does not succeed or its AWSCURRENT does not log in, unless the subject is
    /// one that does nothing: a function that fails has no figures.
    pub(crate) async fn rotate(
        &self,
        subject: &Subject,
        secret: &Secret,
        function: &Observed,
    ) -> Result<(), Failure> {
        let version = self.store.rotate(&secret.arn, function.arn())?;
        let record = self.store.wait_for_rotation(&secret.arn, &version, LIMIT).await?;
        let expected = match subject.strategy {
            None => RotationOutcome::NotPromoted,
            Some(_) => RotationOutcome::Succeeded,
        };
        if record.outcome != Some(expected) {
            let name = &subject.name;
            let Some(error) = record.last_error() else {
                return Err(format!("{name}: the rotation ended as {:?}", record.outcome).into());
            };
            // What functions of others write may quote a password.
            return Err(match subject.kind {
                Kind::Ours | Kind::Base => format!("{name}: {error}\n{}", function.output()),
                _ => format!("{name}: {} in one of the steps", error.error_type),
            }
            .into());
        }
        if subject.strategy.is_none() {
            // The next rotation is refused while the label of this one still exists.
            self.store.call_inside(
                Operation::UpdateSecretVersionStage,
                json!({"SecretId": secret.arn, "VersionStage": "AWSPENDING", "RemoveFromVersionId": version}),
            )?;
        }
        Ok(())
    }

    /// Fails where AWSCURRENT does not log in.
    pub(crate) async fn check_current(&self, secret: &Secret) -> Result<(), Failure> {
        let document: Value = serde_json::from_str(&self.store.value(&secret.arn, "AWSCURRENT")?)?;
        let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        let login = TestLogin { username: text("username"), password: text("password") };
        self.rotated.log_in(&login).await
    }
}

impl Route {
    fn new(
        store: &LocalSecretsManager,
        rotated: &dyn RotatedServer,
        endpoint: String,
        port: u16,
    ) -> Result<Self, Failure> {
        let mut masters = Vec::new();
        for ssl in Ssl::ALL {
            let value = document(rotated, rotated.master(), port, ssl).to_string();
            masters.push((ssl, store.create_secret(&format!("master/{port}/{}", ssl.name()), &value)?));
        }
        Ok(Self { store: endpoint, port, masters })
    }

    /// The master's secret for subjects of this kind.
    pub(crate) fn master_secret(&self, ssl: Ssl) -> &str {
        let found = self.masters.iter().find(|(one, _)| *one == ssl);
        found.map_or("", |(_, arn)| arn)
    }
}

fn document(rotated: &dyn RotatedServer, login: &TestLogin, port: u16, ssl: Ssl) -> Value {
    let mut document = rotated.server().document(login);
    document["port"] = port.into();
    if let Some(database) = rotated.database() {
        document["dbname"] = database.into();
    }
    if ssl == Ssl::Absent
        && let Some(fields) = document.as_object_mut()
    {
        fields.shift_remove("ssl");
    }
    document
}
