//! The world of a measured function: a store over TLS, a PostgreSQL server, and a fresh secret each time.

use std::{fs, path::Path, sync::Arc, time::Duration};

use local_aws::{
    InvocationReport, LambdaBuilder, LambdaFunction, LocalSecretsManager,
    secrets_manager::{Call, Operation, RotationOutcome, RotationSettings, Settings, serial_calls},
};
use serde_json::{Value, json};
use test_servers::{PostgresServer, PostgresVersion, TestAuthority, TestLogin};

use crate::{
    failure::Failure,
    figures::{STEPS, Sample},
    subject::{Role, Subject},
};

/// The most that one rotation may take.
const LIMIT: Duration = Duration::from_mins(2);
const DATABASE: &str = "postgres";

/// Servers that stay up for the whole bench.
pub(crate) struct Servers {
    store: LocalSecretsManager,
    postgres: PostgresServer,
    master: TestLogin,
    master_arn: String,
    folder: tempfile::TempDir,
}

impl Servers {
    /// Starts the servers. One authority signs both certificates; functions find it in a file.
    pub(crate) async fn start() -> Result<Self, Failure> {
        let version =
            *PostgresVersion::available().last().ok_or("no PostgreSQL here: run scripts/setup-postgres")?;
        let authority = Arc::new(TestAuthority::new());
        let folder = tempfile::Builder::new().prefix("rotators-bench-").tempdir()?;
        fs::write(folder.path().join("ca.pem"), authority.certificate_pem())?;
        let store = LocalSecretsManager::start(Settings {
            tls: Some(authority.server().server_config()),
            // A function that fails is a finding, so it is not retried.
            rotation: RotationSettings { attempts: 1, ..RotationSettings::default() },
            ..Settings::default()
        })
        .await?;
        let postgres = PostgresServer::builder(version).authority(authority).start()?;
        let master = postgres.create_role_named("master", "CREATEROLE").await?;
        let document = secret(&postgres, &master, None);
        let master_arn = store.create_secret("master", &document.to_string())?;
        Ok(Self { store, postgres, master, master_arn, folder })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn postgres_version(&self) -> PostgresVersion {
        self.postgres.version()
    }

    /// How long the store waits before each call takes effect, from now on.
    pub(crate) fn set_delay(&self, delay: Duration) {
        self.store.set_delay(delay);
    }

    /// Rotates a fresh secret twice with a fresh process, which then ends.
    ///
    /// Fails where a rotation does not succeed or its AWSCURRENT does not log in, unless the subject is one
    /// that does nothing: a function that fails has no figures.
    pub(crate) async fn rotate_twice(&self, subject: &Subject) -> Result<Sample, Failure> {
        let secret = self.new_secret(subject.role).await?;
        let function = self.function(subject)?;
        self.store.register(function.arn(), Arc::new(function.clone()));

        let logins = self.logins();
        let refused = self.postgres.failed_logins().len();
        self.store.take_calls();
        let cold = self.rotate(subject, &secret, &function).await?;
        let calls = self.store.take_calls();
        let logins = self.logins() - logins;
        let warm = self.rotate(subject, &secret, &function).await?;
        let refused_logins = self.postgres.failed_logins().len() - refused;
        function.kill().await;

        let durations = |reports: &[InvocationReport; 4]| reports.each_ref().map(|report| report.duration);
        Ok(Sample {
            next: cold[0].init.ok_or("the process was not fresh")?,
            cold: durations(&cold),
            warm: durations(&warm),
            peak_kib: cold[3].peak_rss_kib.ok_or("the peak memory could not be read")?,
            calls: calls.len(),
            serial_calls: serial_calls(&calls),
            call: mean_duration(&calls),
            logins,
            refused_logins,
        })
    }

    /// One rotation, and the reports of its steps.
    async fn rotate(
        &self,
        subject: &Subject,
        secret: &str,
        function: &LambdaFunction,
    ) -> Result<[InvocationReport; 4], Failure> {
        let before = function.reports().len();
        let version = self.store.rotate(secret, function.arn())?;
        let record = self.store.wait_for_rotation(secret, &version, LIMIT).await?;
        let expected = match subject.role {
            Role::Nothing => RotationOutcome::NotPromoted,
            Role::SingleUser | Role::MasterUser => RotationOutcome::Succeeded,
        };
        if record.outcome != Some(expected) {
            let error = record.last_error().map(ToString::to_string).unwrap_or_default();
            let outcome = record.outcome;
            return Err(format!("{}: {outcome:?} {error}\n{}", subject.name, function.output()).into());
        }
        if subject.role == Role::Nothing {
            // The next rotation is refused while the label of this one still exists.
            self.store.call_inside(
                Operation::UpdateSecretVersionStage,
                json!({"SecretId": secret, "VersionStage": "AWSPENDING", "RemoveFromVersionId": version}),
            )?;
        } else {
            self.log_in_with_current(secret).await?;
        }
        let reports = function.reports().split_off(before);
        let count = reports.len();
        reports.try_into().map_err(|_| format!("{count} invocations instead of {}", STEPS.len()).into())
    }

    async fn log_in_with_current(&self, secret: &str) -> Result<(), Failure> {
        let document: Value = serde_json::from_str(&self.store.value(secret, "AWSCURRENT")?)?;
        let text = |name: &str| document[name].as_str().unwrap_or_default().to_owned();
        let login = TestLogin { username: text("username"), password: text("password") };
        self.postgres.try_login(&login, DATABASE).await?;
        Ok(())
    }

    async fn new_secret(&self, role: Role) -> Result<String, Failure> {
        let login = self.postgres.create_role("").await?;
        let master = match role {
            Role::MasterUser => {
                if self.postgres.version() >= PostgresVersion::V16 {
                    let grant =
                        format!("GRANT {} TO {} WITH ADMIN OPTION", login.username, self.master.username);
                    self.postgres.execute(DATABASE, &grant).await?;
                }
                Some(self.master_arn.as_str())
            }
            Role::SingleUser | Role::Nothing => None,
        };
        let document = secret(&self.postgres, &login, master);
        Ok(self.store.create_secret(&login.username, &document.to_string())?)
    }

    fn function(&self, subject: &Subject) -> Result<LambdaFunction, Failure> {
        let authority = self.folder.path().join("ca.pem").to_string_lossy().into_owned();
        let mut builder = LambdaFunction::builder(&subject.program)
            .name("measured")
            .env("SECRETS_MANAGER_ENDPOINT", self.store.endpoint())
            .env("AWS_CA_BUNDLE", &authority)
            .env("TLS_CA_BUNDLE", &authority)
            .env("EXCLUDE_CHARACTERS", ":/@\"'\\");
        if subject.role == Role::MasterUser {
            builder = builder.env("MASTER_SECRET_ARN", &self.master_arn);
        }
        builder = subject.arguments.iter().fold(builder, LambdaBuilder::arg);
        for (name, value) in &subject.environment {
            builder = builder.env(name, value);
        }
        Ok(builder.build()?)
    }

    /// All logins that the server has accepted over TCP; this program's own use the socket.
    fn logins(&self) -> usize {
        let log = self.postgres.log();
        let accepted = log.lines().filter(|line| line.contains("connection authorized: user="));
        accepted.filter(|line| !line.contains("application_name=test-servers")).count()
    }
}

/// The mean duration; zero where there is no call.
fn mean_duration(calls: &[Call]) -> Duration {
    let total: Duration = calls.iter().map(Call::duration).sum();
    total / u32::try_from(calls.len().max(1)).unwrap_or(u32::MAX)
}

fn secret(postgres: &PostgresServer, login: &TestLogin, master_arn: Option<&str>) -> Value {
    let mut document = json!({
        "engine": "postgres",
        "host": postgres.host(),
        "port": postgres.port(),
        "username": login.username,
        "password": login.password,
        "dbname": DATABASE,
        "ssl": true,
    });
    if let Some(arn) = master_arn {
        document["masterarn"] = arn.into();
    }
    document
}
