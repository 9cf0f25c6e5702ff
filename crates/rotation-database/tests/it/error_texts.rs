//! Code, message with causes, and hint of every error, as text for a reader.

use std::{error::Error, fmt::Write};

use expect_test::expect_file;
use rotation_core::{
    CredentialSource, Deadline, DocumentError, EventError, NoRandomness, Reader, Refusal, RelatedSecretError,
    RotationError, SecretDocument, SecretId, ServiceFault, StagingLabel, StoreError, StoreFault, Target,
    with_causes,
};
use rotation_database::{
    Cause, ConnectError, DatabaseError, DatabaseLookupError, DatabaseSettings, MASTER_SECRET, Remedies,
    SINGLE_USER, StatementError, StatementFault, TlsFault, UserBar,
};

use std::rc::Rc;

use rotation_database::{Database, EngineProfile, Login, RewriteFields};

use crate::world::{
    Kind, MASTER, PROFILE, Plan, SERVICE, Server, Situation, Store, Variant, World, document, invocation,
    policy,
};

const CREDENTIALS: [CredentialSource; 4] =
    [CredentialSource::Current, CredentialSource::Pending, CredentialSource::Previous, MASTER_SECRET];

fn refusals() -> Vec<RotationError> {
    let all = [
        Refusal::Deleted,
        Refusal::Managed,
        Refusal::External,
        Refusal::Replica,
        Refusal::ForeignSecret,
        Refusal::RotationDisabled,
        Refusal::OtherFunction,
        Refusal::UnknownVersion,
        Refusal::NotPending,
        Refusal::NoCurrent,
    ];
    let events = [
        EventError::Malformed,
        EventError::Missing { field: "Step" },
        EventError::Invalid { field: "SecretId", rule: "1 to 2048 printable characters" },
    ];
    events.map(RotationError::from).into_iter().chain(all.map(RotationError::from)).collect()
}

/// The error of an engine with replica sets for this document.
fn unfit(document: &str) -> DocumentError {
    let profile = EngineProfile { engines: &["mongo"], set_field: Some("replicaSet"), ..PROFILE };
    Login::from_document(&SecretDocument::parse(document).unwrap(), &profile).unwrap_err()
}

/// The error for a field that contains the password in an unknown form.
fn not_rewritable() -> DocumentError {
    let text = document("app", "first-password").replacen('{', r#"{"url": ["first-password"], "#, 1);
    let current = SecretDocument::parse(&text).unwrap();
    World::run(async {
        let service = Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await;
        let server = Server(Rc::clone(&service.world));
        let strategy = Plan::SingleUser.strategy(&service.world);
        let rewriting = RewriteFields::parse("url").unwrap();
        let settings = DatabaseSettings { rewriting, ..DatabaseSettings::new(policy()) };
        let target =
            Database::new(server, strategy, settings, &invocation(std::time::Duration::from_secs(20)));
        match target.propose(&current, &Store(Rc::clone(&service.world))).await.unwrap_err() {
            RotationError::Document { error, .. } => error,
            error => panic!("{error}"),
        }
    })
}

/// The error of the master secret.
fn master(error: RelatedSecretError) -> RotationError {
    DatabaseError::from(error).into()
}

fn documents() -> Vec<RotationError> {
    let all = || {
        [
            DocumentError::Binary,
            DocumentError::Empty,
            DocumentError::TooLarge,
            DocumentError::NotJson,
            DocumentError::NotAnObject,
            DocumentError::DuplicateKey { field: "username".into() },
            DocumentError::Missing { field: "host" },
            DocumentError::Invalid { field: "port", rule: "a number from 1 to 65535" },
            unfit(r#"{"engine": "mysql"}"#),
            unfit(r#"{"engine": "mongo", "host": "mongodb+srv://db.example.com"}"#),
            not_rewritable(),
        ]
    };
    let label = StagingLabel::Current;
    let own = all().map(|error| RotationError::Document { label: label.clone(), error });
    own.into_iter().chain(all().map(|error| master(RelatedSecretError::Document(error)))).collect()
}

/// The faults of Secrets Manager calls.
pub(crate) const STORE_FAULTS: [StoreFault; 12] = [
    StoreFault::Unreachable,
    StoreFault::CertificateRefused,
    StoreFault::Throttled,
    StoreFault::Internal,
    StoreFault::AccessDenied,
    StoreFault::CredentialsRefused,
    StoreFault::KeyDenied,
    StoreFault::NoSuchSecret,
    StoreFault::Conflict,
    StoreFault::TokenRequired,
    StoreFault::Unusable,
    StoreFault::Rejected,
];

fn stores() -> Vec<RotationError> {
    let own = STORE_FAULTS.map(|fault| StoreError::new("PutSecretValue", fault).into());
    let master = STORE_FAULTS
        .map(|fault| master(RelatedSecretError::Unreadable(StoreError::new("GetSecretValue", fault))));
    let random = StoreError::new("GetRandomPassword", StoreFault::AccessDenied).into();
    let keys = ["arn:aws:kms:us-east-1:123456789012:key/k", "alias/aws/secretsmanager"].map(|key| {
        let denied = StoreError::new("GetSecretValue", StoreFault::KeyDenied);
        StoreError { key: Some(key.to_owned()), ..denied }.into()
    });
    own.into_iter().chain([random]).chain(master).chain(keys).collect()
}

fn others() -> Vec<RotationError> {
    let timed_out =
        World::run(Deadline::after(std::time::Duration::ZERO).bound(std::future::pending::<()>()));
    let timed_out = timed_out.unwrap_err();
    let rest = [
        NoRandomness.into(),
        master(RelatedSecretError::Empty(SecretId::new(MASTER).unwrap())),
        RotationError::NoValue { label: StagingLabel::Pending },
        RotationError::LabelsMoved,
        RotationError::DryRun { statements: 3 },
        RotationError::TimedOut(timed_out),
        DatabaseError::HostDiffers.into(),
        DatabaseError::UserDiffers.into(),
        DatabaseError::MasterOwnerUnknown.into(),
        DatabaseError::MasterOwnerNotFound.into(),
        DatabaseError::MasterHostDiffers.into(),
        DatabaseError::MasterEngineDiffers.into(),
        DatabaseError::WriterUnproven {
            host: "db.example.com".into(),
            port: 5433,
            error: ConnectError::Refused(Cause::new("28P01")),
        }
        .into(),
        DatabaseError::MasterLacksMember { member: "c.example.com:27017".into() }.into(),
        DatabaseError::HostIsProxy.into(),
        DatabaseError::SourceNotFound.into(),
        DatabaseError::ReplicaLags(ConnectError::Refused(Cause::new("28P01"))).into(),
        DatabaseError::MasterNotDeployed.into(),
        DatabaseError::MasterSameAsSecret.into(),
        DatabaseError::NoCredentialAccepted { remedies: &Remedies::NONE }.into(),
        DatabaseError::TestStatement { answer: "SQLSTATE 25006".into() }.into(),
        DatabaseError::TimedOut(timed_out).into(),
    ];
    rest.into_iter().collect()
}

fn lookups() -> Vec<RotationError> {
    let all = [
        ServiceFault::Unreachable,
        ServiceFault::CertificateRefused,
        ServiceFault::Throttled,
        ServiceFault::Internal,
        ServiceFault::AccessDenied,
        ServiceFault::CredentialsRefused,
        ServiceFault::Rejected,
    ];
    let failed = |fault| DatabaseLookupError {
        operation: "DescribeDBInstances",
        service: &SERVICE,
        fault,
        source: None,
    };
    let tags = StoreError::new("DescribeSecret", StoreFault::AccessDenied);
    let all = all.into_iter().map(|fault| DatabaseError::DatabaseLookup(failed(fault)).into());
    all.chain([master(RelatedSecretError::Unreadable(tags))]).collect()
}

fn logins() -> Vec<RotationError> {
    let cause = || Cause::new("28P01");
    let tls = [
        TlsFault::Expired,
        TlsFault::NotYetValid,
        TlsFault::SelfSigned,
        TlsFault::WrongHost,
        TlsFault::UnknownAuthority,
        TlsFault::NoResponse,
        TlsFault::Handshake,
    ];
    let tls = tls.map(|fault| ConnectError::TlsInvalid { fault, source: Cause::new("BadSignature") });
    let plain = [
        ConnectError::Locked(cause()),
        ConnectError::Locked(cause().ended_by("ALTER ROLE app LOGIN")),
        ConnectError::Expired(cause()),
        ConnectError::AccessRule(cause()),
        ConnectError::TlsRequired(cause()),
        ConnectError::TooManyConnections(cause()),
        ConnectError::TooManyConnections(cause().ended_by("ALTER ROLE app CONNECTION LIMIT -1")),
        ConnectError::AuthenticationMethod(cause()),
        ConnectError::NoDatabase(cause()),
        ConnectError::DatabaseClosed(cause()),
        ConnectError::DatabaseClosed(cause().ended_by("GRANT CONNECT ON DATABASE shop TO app")),
        ConnectError::SessionRefused(cause()),
        ConnectError::SessionRefused(cause().ended_by("SELECT evtname FROM pg_event_trigger")),
        ConnectError::TlsUnavailable,
        ConnectError::Dns(cause()),
        ConnectError::ForbiddenAddress,
        ConnectError::Unreachable(cause()),
        ConnectError::NotReady(cause()),
        ConnectError::ReadOnly(cause()),
        ConnectError::SetDiffers(Cause::new("it is of the set rs1")),
        ConnectError::PrimaryNotListed(Cause::new("the primary is c.example.com:27017")),
        ConnectError::Unsupported(cause()),
        ConnectError::Proxy(cause()),
        ConnectError::Unusable(Box::new(StatementError::new(StatementFault::Expired))),
        ConnectError::TimedOut,
        ConnectError::Unanswered,
        ConnectError::Protocol(cause()),
    ];
    let login = |credential| {
        move |error| DatabaseError::Login { credential, error, remedies: &Remedies::NONE }.into()
    };
    let refused = CREDENTIALS.map(|credential| login(credential)(ConnectError::Refused(cause())));
    let broken = CREDENTIALS.map(|credential| login(credential)(ConnectError::LineBreak(cause())));
    let missing = CREDENTIALS.map(|credential| login(credential)(ConnectError::NoSuchUser(cause())));
    let rest = plain.into_iter().chain(tls).map(login(CredentialSource::Current));
    refused.into_iter().chain(broken).chain(missing).chain(rest).collect()
}

fn statements() -> Vec<RotationError> {
    let all = [
        StatementFault::ReadOnly,
        StatementFault::PrivilegeMissing { needed: "GRANT app TO master WITH ADMIN OPTION".into() },
        StatementFault::PasswordsRestricted,
        StatementFault::PasswordPolicy { rule: "1819".into() },
        StatementFault::NoSuchUser,
        StatementFault::Expired,
        StatementFault::UserBarred {
            user: "app".into(),
            bar: UserBar::Locked,
            needed: "ALTER ROLE app LOGIN".into(),
        },
        StatementFault::UserBarred {
            user: "app".into(),
            bar: UserBar::Expired,
            needed: "ALTER ROLE app VALID UNTIL 'infinity'".into(),
        },
        StatementFault::OriginalMissing { clone: "app_clone".into(), original: "app".into() },
        StatementFault::LoginRefused(Box::new(ConnectError::Locked(Cause::new("28000")))),
        StatementFault::CloneNotRecognized,
        StatementFault::OtherSecret { secret: "123456789012:shop/checkout".into() },
        StatementFault::CloneExceeds {
            what: "the table shop.orders".into(),
            needed: "ALTER TABLE shop.orders OWNER TO app".into(),
        },
        StatementFault::SessionDiffers { needed: "GRANT app TO app_clone".into() },
        StatementFault::OldPasswordActive { needed: None },
        StatementFault::OldPasswordActive {
            needed: Some("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO app".into()),
        },
        StatementFault::OtherAccounts { accounts: "'app'@'localhost'".into() },
        StatementFault::NotRotatable { why: "it is a superuser", remedy: SINGLE_USER },
        StatementFault::LockUnavailable { needed: "SET GLOBAL pxc_strict_mode = MASTER" },
        StatementFault::Busy,
        StatementFault::ConnectionLost,
        StatementFault::TimedOut,
        StatementFault::MajorityMissing,
        StatementFault::Other { code: "XX000".into() },
        StatementFault::Other { code: "unexpected reply".into() },
    ];
    let statement = |fault| {
        let error = StatementError {
            fault,
            statement: Some("alter role"),
            source: Some(Cause::new("XX000")),
            is_before_password: false,
        };
        DatabaseError::Statement { credential: MASTER_SECRET, error, remedies: &Remedies::NONE }.into()
    };
    let own = StatementError::new(StatementFault::PasswordsRestricted);
    let own = DatabaseError::Statement {
        credential: CredentialSource::Current,
        error: own,
        remedies: &Remedies::NONE,
    }
    .into();
    all.into_iter().map(statement).chain([own]).collect()
}

#[test]
fn every_error_has_a_code_a_message_and_a_hint() {
    let groups = [refusals(), documents(), stores(), others(), lookups(), logins(), statements()];
    let mut text = String::new();
    for error in groups.iter().flatten() {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            write!(message, ": {cause}").unwrap();
            source = cause.source();
        }
        let (hint, personal) = (error.remediation(Reader::Operator), error.remediation(Reader::Person));
        writeln!(text, "{}\n  {message}\n  {hint}", error.code()).unwrap();
        if let Some(detail) = error.detail() {
            writeln!(text, "  {detail}").unwrap();
        }
        if personal != hint {
            writeln!(text, "  to a person: {personal}").unwrap();
        }
        text.push('\n');
        let code = error.code();
        assert!(code.name().bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "{code}");
        assert!(
            message.starts_with(|c: char| c.is_ascii_lowercase())
                || message.contains(" on secrets manager failed")
                || message.starts_with("DescribeDBInstances of Amazon RDS failed"),
            "{message}"
        );
        for hint in [&hint, &personal] {
            assert!(hint.starts_with(|c: char| c.is_ascii_uppercase()), "{hint}");
            assert!(!hint.contains("  "), "{hint}");
        }
        // Where there is no function, advice about one misleads.
        let of_functions = matches!(error, RotationError::Event(_) | RotationError::Refused(_));
        for word in ["the function's", "A function", "VPC", "Secrets Manager calls"] {
            assert!(of_functions || !personal.contains(word), "{personal}");
        }
    }
    expect_file!["error_texts.txt"].assert_eq(&text);
}

#[test]
fn a_message_comes_with_its_causes_each_of_them_once() {
    let label = StagingLabel::Current;
    let error = RotationError::Document { label, error: DocumentError::Missing { field: "host" } };
    let (outer, cause) = (error.to_string(), error.source().unwrap().to_string());
    assert_eq!(with_causes(&error), format!("{outer}: {cause}"));
    let said =
        StoreError { source: Some("the labels have moved".into()), ..store_error(StoreFault::Conflict) };
    assert_eq!(with_causes(&said), said.to_string(), "the cause is in the message already");
}

fn store_error(fault: StoreFault) -> StoreError {
    StoreError::new("UpdateSecretVersionStage", fault)
}
