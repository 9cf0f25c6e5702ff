//! The secret of a user of ElastiCache or MemoryDB: `username`, `password` and `user_arn` as in AWS's
//! template, and where to log in.

use rotation_core::{DocumentError, Password, RotationError, SecretDocument, StagingLabel, Unfit};
use rotation_database::{Credentials, Host, Login, TlsMode, Username, codes, port};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::{login::unfit, profile::PROFILE, user_api::UserArn};

/// What a document tells.
#[derive(Clone, Debug)]
pub(crate) struct ManagedSecret {
    pub(crate) arn: UserArn,
    pub(crate) username: Zeroizing<String>,
    pub(crate) password: Password,
    /// `None` where it names no `host`.
    pub(crate) login: Option<Login>,
}

impl ManagedSecret {
    pub(crate) fn of(label: StagingLabel, document: &SecretDocument) -> Result<Self, RotationError> {
        Self::read(document).map_err(unfit(label))
    }

    fn read(document: &SecretDocument) -> Result<Self, DocumentError> {
        check_engine(document)?;
        let arn = UserArn::parse(&document.required_text("user_arn")?)?;
        let username = document.required_text("username")?;
        let name = Username::parse(&username, &PROFILE)?;
        let password = Password::parse(&document.required_text("password")?)?;
        let Some(host) = document.filled_text("host")? else {
            return Ok(Self { arn, username, password, login: None });
        };
        let login = Login {
            host: Host::parse(&host)?,
            port: port(document)?.unwrap_or(PROFILE.default_port),
            others: Vec::new(),
            replica_set: None,
            address: None,
            database: None,
            home: None,
            credentials: Credentials { username: name, password: password.clone() },
            tls: tls(document),
        };
        Ok(Self { arn, username, password, login: Some(login) })
    }

    /// Whether both name one user at one place.
    pub(crate) fn is_of_the_user_of(&self, other: &Self) -> bool {
        let place = |it: &Self| it.login.as_ref().map(|login| (login.host.to_string(), login.port));
        self.arn == other.arn && self.username == other.username && place(self) == place(other)
    }
}

/// Plaintext only where the secret asks for it.
fn tls(document: &SecretDocument) -> TlsMode {
    match document.get("ssl") {
        Some(Value::Bool(false)) => TlsMode::Off,
        Some(Value::String(text)) if text.eq_ignore_ascii_case("false") => TlsMode::Off,
        _ => TlsMode::Required,
    }
}

/// AWS's template has no `engine`; where there is one, it must be of these services.
fn check_engine(document: &SecretDocument) -> Result<(), DocumentError> {
    const ENGINES: [&str; 4] = ["valkey", "redis", "elasticache", "memorydb"];
    match document.text("engine")? {
        Some(engine) if !ENGINES.contains(&engine.as_str()) => Err(Unfit {
            code: codes::SECRET_ENGINE_MISMATCH,
            field: "engine".to_owned(),
            problem: "the field `engine` is not one of valkey, redis, elasticache or memorydb".to_owned(),
            remediation: "Rotate it with the function of its own engine, or correct `engine` of {which}."
                .to_owned(),
        }
        .into()),
        _ => Ok(()),
    }
}
