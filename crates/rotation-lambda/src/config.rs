//! The settings of a function: environment variables that AWS's templates know, and our own.

use std::{
    fs,
    io::{self, Read},
};

use rotation_aws::{AccessKey, CaBundle, DirectoryUrls, Endpoint, EndpointUrl};
use rotation_core::{
    CharacterClass, ForeignSecrets, PasswordPolicy, PasswordSettings, PasswordSource, PolicyError, SecretId,
};
use rotation_database::{
    CustomProof, EngineProfile, MasterSecret, RewriteFields, StatementRule, TestField, TestStatement,
};

use crate::environment::{ConfigError, Environment};

/// The largest `AWS_CA_BUNDLE` that is read, in bytes: several times what an operating system trusts.
const MAX_BUNDLE: u64 = 1024 * 1024;

/// Which of the two strategies an artifact was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrategyKind {
    /// `*_single_user`.
    SingleUser,
    /// `*_master_user`; AWS also says multi user.
    AlternatingUsers,
}

impl StrategyKind {
    /// For people and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::SingleUser => "single user",
            Self::AlternatingUsers => "alternating users",
        }
    }
}

/// Everything that a function is told by its deployment, parsed and checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where Secrets Manager is.
    pub endpoint: Endpoint,
    /// With which credentials it is asked.
    pub access_key: Option<AccessKey>,
    /// Which master secret the function was deployed for; none in a single-user function.
    pub master: MasterSecret,
    /// How passwords are made.
    pub passwords: PasswordPolicy,
    /// Whether a server without TLS is refused even where a secret does not ask for TLS.
    pub require_tls: bool,
    /// What testSecret runs beside the engine's own probe.
    pub proof: CustomProof,
    /// Whether steps are only said, and nothing is done.
    pub dry_run: bool,
    /// Whether secrets of other accounts and regions may be rotated.
    pub foreign_secrets: ForeignSecrets,
    /// The one secret, by name or ARN, that takes over the pair of users that it finds.
    pub adopting: Option<SecretId>,
    /// The fields of a secret that follow its credentials.
    pub rewriting: RewriteFields,
}

impl Config {
    /// # Errors
    /// [`ConfigError`] names the first setting that is wrong.
    pub fn parse(
        environment: &Environment,
        strategy: StrategyKind,
        profile: &EngineProfile,
    ) -> Result<Self, ConfigError> {
        let foreign = environment.flag("ALLOW_FOREIGN_SECRETS", false)?;
        Ok(Self {
            endpoint: endpoint(environment)?,
            access_key: access_key(environment),
            master: match strategy {
                StrategyKind::SingleUser => MasterSecret::default(),
                StrategyKind::AlternatingUsers => MasterSecret { deployed: master_secret(environment)? },
            },
            passwords: passwords(environment, profile)?,
            require_tls: environment.flag("REQUIRE_TLS", false)?,
            proof: custom_proof(environment, &profile.test_statement)?,
            dry_run: environment.flag("DRY_RUN", false)?,
            foreign_secrets: if foreign { ForeignSecrets::Allow } else { ForeignSecrets::Refuse },
            adopting: adopting(environment)?,
            rewriting: rewriting(environment)?,
        })
    }
}

/// Where Secrets Manager is: `AWS_REGION`, `SECRETS_MANAGER_ENDPOINT`, `AWS_CA_BUNDLE`.
///
/// # Errors
/// [`ConfigError`] names the first setting that is wrong.
pub fn endpoint(environment: &Environment) -> Result<Endpoint, ConfigError> {
    Ok(Endpoint {
        region: environment.text("AWS_REGION").map(str::to_owned),
        url: url(environment, "SECRETS_MANAGER_ENDPOINT")?,
        ca_bundle: environment.text("AWS_CA_BUNDLE").map(ca_bundle).transpose()?,
        directories: DirectoryUrls {
            rds: sdk_url(environment, "AWS_ENDPOINT_URL_RDS")?,
            redshift: sdk_url(environment, "AWS_ENDPOINT_URL_REDSHIFT")?,
            redshift_serverless: sdk_url(environment, "AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS")?,
        },
    })
}

/// As AWS's SDKs have it: the service's own variable, else the one for all services.
fn sdk_url(environment: &Environment, name: &'static str) -> Result<Option<EndpointUrl>, ConfigError> {
    match url(environment, name)? {
        Some(own) => Ok(Some(own)),
        None => url(environment, "AWS_ENDPOINT_URL"),
    }
}

fn url(environment: &Environment, name: &'static str) -> Result<Option<EndpointUrl>, ConfigError> {
    let url = environment.text(name).map(EndpointUrl::parse).transpose();
    url.map_err(|error| ConfigError::new(name, error.to_string()))
}

fn ca_bundle(path: &str) -> Result<CaBundle, ConfigError> {
    let refused = |rule| ConfigError::new("AWS_CA_BUNDLE", rule);
    let unreadable =
        |error: io::Error| refused(format!("names a file that cannot be read: {}", error.kind()));
    let about = fs::metadata(path).map_err(unreadable)?;
    // Whatever else has a path, as a pipe or a device, may keep its reader waiting or never end.
    if !about.is_file() || about.len() > MAX_BUNDLE {
        return Err(refused("must name a regular file of at most 1 MiB".into()));
    }
    let mut pem = Vec::new();
    let file = fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_BUNDLE).read_to_end(&mut pem).map_err(unreadable)?;
    CaBundle::parse(pem).map_err(|error| refused(format!("names a file that {error}")))
}

/// The credentials that Lambda gives a function; `None` where it gave none.
pub fn access_key(environment: &Environment) -> Option<AccessKey> {
    let owned = |name| environment.text(name).map(str::to_owned);
    Some(AccessKey {
        id: owned("AWS_ACCESS_KEY_ID")?,
        secret: owned("AWS_SECRET_ACCESS_KEY")?.into(),
        session_token: owned("AWS_SESSION_TOKEN").map(Into::into),
    })
}

fn master_secret(environment: &Environment) -> Result<Option<SecretId>, ConfigError> {
    const NAME: &str = "MASTER_SECRET_ARN";
    let deployed = environment.text(NAME).map(SecretId::new).transpose();
    deployed.map_err(|_| ConfigError::new(NAME, "must be the ARN of a secret"))
}

/// One secret and never all: what is adopted is changed without a proof that it is the secret's.
fn adopting(environment: &Environment) -> Result<Option<SecretId>, ConfigError> {
    const NAME: &str = "ADOPT_CLONES";
    let refused = || ConfigError::new(NAME, "must be the name or the ARN of one secret");
    let Some(text) = environment.text(NAME) else { return Ok(None) };
    if ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Err(refused());
    }
    SecretId::new(text).map(Some).map_err(|_| refused())
}

fn rewriting(environment: &Environment) -> Result<RewriteFields, ConfigError> {
    const NAME: &str = "REWRITE_FIELDS";
    let fields = environment.text(NAME).map(RewriteFields::parse).transpose();
    fields.map(Option::unwrap_or_default).map_err(|rule| ConfigError::new(NAME, format!("must be {rule}")))
}

fn custom_proof(environment: &Environment, rule: &StatementRule) -> Result<CustomProof, ConfigError> {
    const NAME: &str = "TEST_STATEMENT";
    let refused = || ConfigError::new(NAME, format!("must be {}", rule.text));
    let deployed = environment.text(NAME).map(|text| TestStatement::parse(text, rule).ok_or_else(refused));
    let choices = [("secret", TestField::Taken), ("off", TestField::Ignored)];
    let field = environment.choice(
        "ALLOW_TEST_STATEMENT",
        &choices,
        TestField::default(),
        "must be secret or off",
    )?;
    Ok(CustomProof { deployed: deployed.transpose()?, field })
}

fn passwords(environment: &Environment, profile: &EngineProfile) -> Result<PasswordPolicy, ConfigError> {
    const LENGTH: &str = "PASSWORD_LENGTH";
    let defaults = PasswordSettings::default();
    let length = match environment.text(LENGTH).map(str::parse) {
        None => defaults.length,
        Some(Ok(length)) => length,
        Some(Err(_)) => return Err(ConfigError::new(LENGTH, "must be a whole number")),
    };
    let mut exclude_classes = Vec::new();
    for (name, class) in [
        ("EXCLUDE_LOWERCASE", CharacterClass::Lowercase),
        ("EXCLUDE_UPPERCASE", CharacterClass::Uppercase),
        ("EXCLUDE_NUMBERS", CharacterClass::Digit),
        ("EXCLUDE_PUNCTUATION", CharacterClass::Punctuation),
    ] {
        if environment.flag(name, false)? {
            exclude_classes.push(class);
        }
    }
    let sources =
        [("os", PasswordSource::OperatingSystem), ("secrets-manager", PasswordSource::SecretsManager)];
    let settings = PasswordSettings {
        length,
        exclude_characters: environment.raw("EXCLUDE_CHARACTERS").map(str::to_owned),
        exclude_classes,
        require_each_class: environment.flag("REQUIRE_EACH_INCLUDED_TYPE", defaults.require_each_class)?,
        source: environment.choice(
            "PASSWORD_SOURCE",
            &sources,
            defaults.source,
            "must be os or secrets-manager",
        )?,
    };
    PasswordPolicy::new(settings, &profile.password_rule).map_err(|error| policy_error(&error))
}

/// Names the variable that a person has to change first.
fn policy_error(error: &PolicyError) -> ConfigError {
    match error {
        PolicyError::Length { shortest, longest } => {
            ConfigError::new("PASSWORD_LENGTH", format!("must be {shortest} to {longest} for this engine"))
        }
        PolicyError::Exclusions => ConfigError::new("EXCLUDE_CHARACTERS", "must not exceed 4096 characters"),
        PolicyError::RequiredClass { class } => {
            ConfigError::new("EXCLUDE_CHARACTERS", format!("and its kin leave no {class:?} for this engine"))
        }
        PolicyError::Guessable => ConfigError::new(
            "PASSWORD_LENGTH",
            "and the exclusions leave fewer than 128 bits of randomness; raise it or exclude less",
        ),
    }
}
