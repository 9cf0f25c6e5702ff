//! The settings of a function.

use std::collections::BTreeMap;

use rotation_config::{Config, ConfigError, Environment, StrategyKind};
use rotation_core::{CharacterClass, PasswordSource};
use rotation_database::EngineProfile;
use rotator_docdb::DocumentDb;
use rotator_mysql::{MariaDb, MySql};
use rotator_postgres::Postgres;
use rotator_redshift::Redshift;

use crate::{
    canary::{CANARY, assert_not_in, assert_quiet},
    document::PROFILES,
};

/// The most variables of one input, and of one value: Lambda takes 4 KiB in all.
const MOST: usize = 4096;

/// The settings whose value is a path: the result must not depend on a file of the machine.
const PATHS: [&str; 4] = ["AWS_CA_BUNDLE", "TLS_CA_BUNDLE", "TLS_CLIENT_CERT", "TLS_CLIENT_KEY"];

/// Parses `NAME=VALUE` between zero bytes as the environment of every function.
///
/// # Panics
/// Where a property does not hold.
pub fn environment(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    if text.len() > MOST {
        return;
    }
    let variables: BTreeMap<&str, &str> = text.split('\0').filter_map(|pair| pair.split_once('=')).collect();
    let is_of_the_machine = |(name, value): (&&str, &&str)| PATHS.contains(name) && value.contains('/');
    if variables.iter().any(is_of_the_machine) {
        return;
    }
    for strategy in [StrategyKind::SingleUser, StrategyKind::MasterUser] {
        for profile in &PROFILES {
            match read(&variables, strategy, profile) {
                Ok(config) => {
                    makes_passwords_as_told(&config, profile);
                    tells_no_key(&variables, strategy, profile);
                }
                Err(error) => names_the_setting(&error, &variables, strategy, profile),
            }
        }
    }
}

/// Everything that a function reads before its first invocation.
fn read(
    variables: &BTreeMap<&str, &str>,
    strategy: StrategyKind,
    profile: &EngineProfile,
) -> Result<Config, ConfigError> {
    let environment: Environment = variables.iter().map(|(name, value)| (*name, *value)).collect();
    match profile.name {
        "PostgreSQL" => Postgres::from_environment(&environment).map(drop)?,
        "MySQL" => MySql::from_environment(&environment).map(drop)?,
        "MariaDB" => MariaDb::from_environment(&environment).map(drop)?,
        "DocumentDB" => DocumentDb::from_environment(&environment).map(drop)?,
        _ => Redshift::from_environment(&environment).map(drop)?,
    }
    Config::parse(&environment, strategy, profile)
}

fn makes_passwords_as_told(config: &Config, profile: &EngineProfile) {
    let settings = config.database.passwords.settings();
    assert!((profile.password_rule.shortest..=profile.password_rule.longest).contains(&settings.length));
    if settings.source != PasswordSource::OperatingSystem {
        return;
    }
    let password = config.database.passwords.generate().expect("a policy that was accepted makes passwords");
    let password = password.expose();
    assert_eq!(password.chars().count(), settings.length);
    let excluded = settings.exclude_characters.as_deref().unwrap_or(profile.password_rule.default_exclusions);
    assert!(!password.contains(|c| excluded.contains(c) || profile.password_rule.forbidden.contains(c)));
    let of = |class| match class {
        CharacterClass::Lowercase => password.contains(|c: char| c.is_ascii_lowercase()),
        CharacterClass::Uppercase => password.contains(|c: char| c.is_ascii_uppercase()),
        CharacterClass::Digit => password.contains(|c: char| c.is_ascii_digit()),
        CharacterClass::Punctuation => password.contains(|c: char| c.is_ascii_punctuation()),
    };
    assert!(!settings.exclude_classes.iter().any(|class| of(*class)), "a class that was excluded");
    assert!(profile.password_rule.required.iter().all(|class| of(*class)), "a class that the engine wants");
    assert!(password.chars().all(|c| c.is_ascii_graphic()));
}

/// Checks that the key of Lambda's role is never printed.
fn tells_no_key(variables: &BTreeMap<&str, &str>, strategy: StrategyKind, profile: &EngineProfile) {
    let mut variables = variables.clone();
    variables.insert("AWS_ACCESS_KEY_ID", "key");
    variables.insert("AWS_SECRET_ACCESS_KEY", CANARY);
    variables.insert("AWS_SESSION_TOKEN", CANARY);
    let config = read(&variables, strategy, profile).expect("a key changes nothing");
    if variables.values().filter(|value| value.contains(CANARY)).count() == 2 {
        assert_not_in(&config, CANARY);
    }
}

/// Checks that the error contains the variable's name but not its value.
fn names_the_setting(
    error: &ConfigError,
    variables: &BTreeMap<&str, &str>,
    strategy: StrategyKind,
    profile: &EngineProfile,
) {
    let setting = error.setting;
    assert!(setting.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "{setting}");
    assert_quiet(error, CANARY);
    let held = variables.get(setting).copied().unwrap_or_default();
    let changed = format!("{held}{CANARY}");
    let mut variables = variables.clone();
    variables.insert(setting, &changed);
    if let Err(error) = read(&variables, strategy, profile) {
        assert_quiet(&error, CANARY);
    }
}
