//! The settings of a database's function: the environment variables of AWS's templates, and those of this
//! project.

use rotation_core::SecretId;
use rotation_database::{
    CustomProof, DatabaseSettings, EngineProfile, MasterSecret, RewriteFields, StatementRule, TestField,
    TestQuery,
};

use crate::{
    environment::{ConfigError, Environment},
    function::FunctionSettings,
    passwords::password_policy,
};

/// Which of the two strategies an artifact was built for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrategyKind {
    /// `*_single_user`.
    SingleUser,
    /// `*_master_user`; AWS also calls it multi user.
    MasterUser,
}

impl StrategyKind {
    /// The identifier in flags, artifacts, parameters, metrics and log lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::SingleUser => "single_user",
            Self::MasterUser => "master_user",
        }
    }
}

/// All settings of a database's function, parsed and checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The settings of every function.
    pub function: FunctionSettings,
    /// The master secret for which the function was deployed; none in a single-user function.
    pub master: MasterSecret,
    /// How secrets are rotated.
    pub database: DatabaseSettings,
}

impl Config {
    /// # Errors
    /// [`ConfigError`] names the first setting that is wrong.
    pub fn parse(
        environment: &Environment,
        strategy: StrategyKind,
        profile: &EngineProfile,
    ) -> Result<Self, ConfigError> {
        Self::with(FunctionSettings::from_environment(environment)?, environment, strategy, profile)
    }

    /// The same, where the settings of every function are already parsed.
    ///
    /// # Errors
    /// [`ConfigError`] names the first setting that is wrong.
    pub fn with(
        function: FunctionSettings,
        environment: &Environment,
        strategy: StrategyKind,
        profile: &EngineProfile,
    ) -> Result<Self, ConfigError> {
        Ok(Self {
            function,
            master: match strategy {
                StrategyKind::SingleUser => MasterSecret::default(),
                StrategyKind::MasterUser => MasterSecret { deployed: master_secret(environment)? },
            },
            database: DatabaseSettings {
                passwords: password_policy(environment, &profile.password_rule)?,
                require_tls: environment.flag("REQUIRE_TLS", false)?,
                proof: custom_proof(environment, &profile.test_query)?,
                adopting: adopting(environment)?,
                rewriting: rewriting(environment)?,
            },
        })
    }
}

fn master_secret(environment: &Environment) -> Result<Option<SecretId>, ConfigError> {
    const NAME: &str = "MASTER_SECRET_ARN";
    let deployed = environment.text(NAME).map(SecretId::new).transpose();
    deployed.map_err(|_| ConfigError::new(NAME, "must be the ARN of a secret"))
}

/// Exactly one secret: an adopted pair is changed without proof that it belongs to the secret.
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
    const NAME: &str = "TEST_QUERY";
    let refused = || ConfigError::new(NAME, format!("must be {}", rule.text));
    let deployed = environment.text(NAME).map(|text| TestQuery::parse(text, rule).ok_or_else(refused));
    let choices = [("secret", TestField::Taken), ("off", TestField::Ignored)];
    let field =
        environment.choice("ALLOW_TEST_QUERY", &choices, TestField::default(), "must be secret or off")?;
    Ok(CustomProof { deployed: deployed.transpose()?, field })
}
