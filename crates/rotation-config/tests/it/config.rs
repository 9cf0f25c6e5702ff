//! The settings of AWS's templates and of this project: what they mean, and what is refused at start.

use rotation_config::{Config, Environment, StrategyKind};
use rotation_core::{CharacterClass, PasswordPolicy, PasswordRule, PasswordSource};
use rotation_database::{EngineProfile, NameLimit, Remedies, StatementRule, TestField, TestQuery};

const PROFILE: EngineProfile = EngineProfile {
    name: "Test",
    id: "test",
    engines: &["test"],
    engines_text: "test",
    default_port: 1,
    default_database: None,
    home_field: None,
    set_field: None,
    probe: "",
    clone_suffix: "_clone",
    name_limit: NameLimit::Bytes(63),
    reserved_users: &[],
    password_rule: PasswordRule {
        shortest: 8,
        longest: 64,
        forbidden: "/@\" ",
        required: &[CharacterClass::Digit],
        default_exclusions: ":/@\"'\\",
    },
    test_query: StatementRule::SQL,
    remedies: &Remedies::NONE,
};

fn parse(variables: &[(&str, &str)], strategy: StrategyKind) -> Result<Config, String> {
    let environment: Environment = variables.iter().copied().collect();
    Config::parse(&environment, strategy, &PROFILE).map_err(|error| error.to_string())
}

#[track_caller]
fn refused(variables: &[(&str, &str)], expected: &str) {
    let refusal = parse(variables, StrategyKind::MasterUser).expect_err("the settings must be refused");
    assert_eq!(refusal, expected);
}

#[track_caller]
fn passwords(variables: &[(&str, &str)], holds: impl Fn(&PasswordPolicy, &str) -> bool) {
    let config = parse(variables, StrategyKind::SingleUser).expect("good settings");
    for _ in 0..200 {
        let password = config.database.passwords.generate().expect("randomness");
        assert!(holds(&config.database.passwords, password.expose()), "a password breaks {variables:?}");
    }
}

/// One variable holds the settings of which a template does not know the names. What is set itself counts.
#[test]
fn settings_in_one_variable() {
    let all = [("CUSTOM_SETTINGS", r#"{"SERVICE_URL": "https://x", "METRICS": "off"}"#), ("METRICS", "on")];
    let environment: Environment = all.into_iter().collect();
    assert_eq!(environment.text("SERVICE_URL"), Some("https://x"));
    assert_eq!(environment.text("METRICS"), Some("on"));
    for wrong in ["no json", "[]", r#"{"SERVICE_URL": 7}"#, r#"{"A": "1", "A": "2"}"#] {
        let expected = "the setting CUSTOM_SETTINGS must be a JSON object of names and texts";
        refused(&[("CUSTOM_SETTINGS", wrong)], expected);
    }
}

/// Invalid settings are refused by name and without their value.
#[test]
fn invalid_settings_are_named() {
    refused(&[("PASSWORD_LENGTH", "abc")], "the setting PASSWORD_LENGTH must be a whole number");
    refused(&[("PASSWORD_LENGTH", "-3")], "the setting PASSWORD_LENGTH must be a whole number");
    refused(&[("PASSWORD_LENGTH", "7")], "the setting PASSWORD_LENGTH must be 8 to 64 for this engine");
    refused(&[("PASSWORD_LENGTH", "65")], "the setting PASSWORD_LENGTH must be 8 to 64 for this engine");
    refused(&[("EXCLUDE_NUMBERS", "maybe")], "the setting EXCLUDE_NUMBERS must be true or false");
    refused(
        &[("REQUIRE_EACH_INCLUDED_TYPE", "2")],
        "the setting REQUIRE_EACH_INCLUDED_TYPE must be true or false",
    );
    refused(&[("REQUIRE_TLS", "on")], "the setting REQUIRE_TLS must be true or false");
    for several in ["SELECT 1; COMMIT", "  ", "INSERT INTO t VALUES (1)"] {
        let query = format!("the setting TEST_QUERY must be {}", StatementRule::SQL.text);
        refused(&[("TEST_QUERY", several)], &query);
    }
    refused(&[("ALLOW_TEST_QUERY", "true")], "the setting ALLOW_TEST_QUERY must be secret or off");
    refused(&[("PASSWORD_SOURCE", "dice")], "the setting PASSWORD_SOURCE must be os or secrets-manager");
    refused(
        &[("MASTER_SECRET_ARN", "two words")],
        "the setting MASTER_SECRET_ARN must be the ARN of a secret",
    );
    for every in ["true", "FALSE", "two words"] {
        let rule = "the setting ADOPT_CLONES must be the name or the ARN of one secret";
        refused(&[("ADOPT_CLONES", every)], rule);
    }
    for (fields, rule) in [
        ("url,,jdbc", "names of fields with commas between them"),
        ("url, host", "fields that a rotation does not read itself"),
    ] {
        refused(&[("REWRITE_FIELDS", fields)], &format!("the setting REWRITE_FIELDS must be {rule}"));
    }
    refused(
        &[("AWS_CA_BUNDLE", "/nowhere")],
        "the setting AWS_CA_BUNDLE names a file that cannot be read: entity not found",
    );
    let regular = "the setting AWS_CA_BUNDLE must name a regular file of at most 1 MiB";
    refused(&[("AWS_CA_BUNDLE", "/dev/zero")], regular);
    refused(&[("AWS_CA_BUNDLE", "/tmp")], regular);
    refused(
        &[("SECRETS_MANAGER_ENDPOINT", "https://secretsmanager us-east-1")],
        "the setting SECRETS_MANAGER_ENDPOINT must be a host name, or a URL that begins with http:// or https://",
    );
}

/// Exclusions that leave guessable passwords, or break the engine's rule, are refused.
#[test]
fn weak_or_impossible_exclusions() {
    let guessable = "the setting PASSWORD_LENGTH and the exclusions leave fewer than 128 bits of randomness; \
                     raise it or exclude less";
    refused(&[("PASSWORD_LENGTH", "16")], guessable);
    refused(
        &[("EXCLUDE_LOWERCASE", "true"), ("EXCLUDE_UPPERCASE", "1"), ("EXCLUDE_PUNCTUATION", "y")],
        guessable,
    );
    refused(
        &[("EXCLUDE_NUMBERS", "yes")],
        "the setting EXCLUDE_CHARACTERS and the excluded classes leave no Digit for this engine",
    );
    refused(
        &[("EXCLUDE_CHARACTERS", "0123456789")],
        "the setting EXCLUDE_CHARACTERS and the excluded classes leave no Digit for this engine",
    );
}

/// The settings of AWS's templates keep their meaning.
#[test]
fn template_settings_keep_their_meaning() {
    passwords(&[], |policy, text| {
        text.len() == 32 && policy.settings().source == PasswordSource::OperatingSystem
    });
    passwords(&[], |_, text| !text.contains([':', '/', '@', '"', '\'', '\\']));
    passwords(&[("PASSWORD_LENGTH", "20")], |_, text| text.len() == 20);
    passwords(&[("EXCLUDE_CHARACTERS", "xyz")], |_, text| !text.contains(['x', 'y', 'z', '/', '@', '"']));
    passwords(&[("EXCLUDE_PUNCTUATION", "TRUE")], |_, text| text.chars().all(|c| c.is_ascii_alphanumeric()));
    passwords(&[("EXCLUDE_LOWERCASE", "Yes")], |_, text| !text.contains(|c: char| c.is_ascii_lowercase()));
    passwords(&[], |_, text| {
        ["az", "AZ", "09"].iter().all(|range| {
            let (first, last) = (range.as_bytes()[0], range.as_bytes()[1]);
            text.bytes().any(|b| (first..=last).contains(&b))
        }) && text.contains(|c: char| c.is_ascii_punctuation())
    });
}

/// An empty list of exclusions excludes nothing but what the engine forbids.
#[test]
fn empty_exclusions() {
    let config = parse(&[("EXCLUDE_CHARACTERS", "")], StrategyKind::SingleUser).expect("good settings");
    assert_eq!(config.database.passwords.excluded_characters(), "\"/@");
}

/// The deployed master secret belongs to the master-user strategy alone.
#[test]
fn master_secret_for_master_user_only() {
    let arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:master-AbCdEf";
    let variables = [("MASTER_SECRET_ARN", arn)];
    let config = parse(&variables, StrategyKind::MasterUser).expect("good settings");
    assert_eq!(config.master.deployed.expect("a master").as_str(), arn);
    let config = parse(&variables, StrategyKind::SingleUser).expect("good settings");
    assert!(config.master.deployed.is_none());
}

/// A lookup uses the endpoint of its own variable, or else that of all services.
#[test]
fn lookup_endpoint_precedence() {
    let all = ("AWS_ENDPOINT_URL", "http://127.0.0.1:5000");
    let own = ("AWS_ENDPOINT_URL_REDSHIFT", "http://127.0.0.1:5001");
    let config = parse(&[all, own], StrategyKind::MasterUser).expect("good settings");
    let urls = &config.function.endpoint.lookups;
    let found = [&urls.rds, &urls.redshift, &urls.redshift_serverless];
    let found = found.map(|url| url.as_ref().expect("an endpoint").as_str());
    assert_eq!(found, [all.1, own.1, all.1]);
    let wrong =
        "the setting AWS_ENDPOINT_URL_RDS must be a host name, or a URL that begins with http:// or https://";
    let refusal = parse(&[("AWS_ENDPOINT_URL_RDS", "ftp://x")], StrategyKind::MasterUser);
    assert_eq!(refusal.expect_err("a refusal"), wrong);
}

/// A test query comes from the environment, and from the secret only where that is allowed.
#[test]
fn source_of_the_test_query() {
    let config = parse(&[], StrategyKind::SingleUser).expect("good settings");
    assert!(config.database.proof.deployed.is_none());
    assert_eq!(config.database.proof.field, TestField::Ignored);
    let settings = [("TEST_QUERY", "SELECT 'canary';"), ("ALLOW_TEST_QUERY", "Secret")];
    let config = parse(&settings, StrategyKind::SingleUser).expect("good settings");
    assert_eq!(config.database.proof.deployed.as_ref().map(TestQuery::expose), Some("SELECT 'canary'"));
    assert_eq!(config.database.proof.field, TestField::Taken);
    assert!(!format!("{config:?}").contains("canary"), "{config:?}");
}

/// Neither the environment nor the configuration prints a credential.
#[test]
fn credentials_are_not_printed() {
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKIDCANARY"),
        ("AWS_SECRET_ACCESS_KEY", "canary-secret"),
        ("AWS_SESSION_TOKEN", "canary-token"),
    ];
    let environment: Environment = variables.into_iter().collect();
    let config = Config::parse(&environment, StrategyKind::SingleUser, &PROFILE).expect("good settings");
    let printed = format!("{environment:?} {config:?}").to_ascii_lowercase();
    assert!(!printed.contains("canary"), "{printed}");
}
