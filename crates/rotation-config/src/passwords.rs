//! The settings for new passwords.

use rotation_core::{
    CharacterClass, PasswordPolicy, PasswordRule, PasswordSettings, PasswordSource, PolicyError,
};

use crate::environment::{ConfigError, Environment};

/// The policy for new passwords: `PASSWORD_LENGTH`, `PASSWORD_SOURCE`, `EXCLUDE_CHARACTERS` and the other
/// settings of AWS's templates, within what a service accepts.
///
/// # Errors
/// [`ConfigError`] names the first setting that is wrong.
pub fn password_policy(
    environment: &Environment,
    rule: &PasswordRule,
) -> Result<PasswordPolicy, ConfigError> {
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
    PasswordPolicy::new(settings, rule).map_err(|error| policy_error(&error))
}

/// Names the variable that an operator has to change first.
fn policy_error(error: &PolicyError) -> ConfigError {
    match error {
        PolicyError::Length { shortest, longest } => {
            ConfigError::new("PASSWORD_LENGTH", format!("must be {shortest} to {longest} for this engine"))
        }
        PolicyError::Exclusions => ConfigError::new("EXCLUDE_CHARACTERS", "must not exceed 4096 characters"),
        PolicyError::RequiredClass { class } => ConfigError::new(
            "EXCLUDE_CHARACTERS",
            format!("and the excluded classes leave no {class:?} for this engine"),
        ),
        PolicyError::Guessable => ConfigError::new(
            "PASSWORD_LENGTH",
            "and the exclusions leave fewer than 128 bits of randomness; raise it or exclude less",
        ),
    }
}
