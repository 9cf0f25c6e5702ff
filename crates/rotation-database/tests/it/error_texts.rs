//! Code, message with causes, and hint of every error, as text for a reader.

use std::{error::Error, fmt::Write};

use expect_test::expect_file;
use rotation_core::{
    CredentialSource, Deadline, DocumentError, EventError, NoRandomness, Reader, Refusal, RelatedSecretError,
    RotationError, SecretDocument, SecretId, ServiceFault, StagingLabel, StoreError, StoreFault, Target,
    with_causes,
};
use rotation_database::{
    Cause, ConnectError, DatabaseError, DatabaseLookupError, DatabaseLookupService, DatabaseSettings,
    MASTER_SECRET, Remedies, SINGLE_USER, StatementError, StatementFault, TlsFault, UserBar,
};

use std::rc::Rc;

use rotation_database::{Database, EngineProfile, Login, RewriteFields};

use crate::world::{
    Kind, MASTER, PROFILE, Plan, SERVICE, Server, Situation, Store, Variant, World, document, invocation,
    policy,
};

/// What errors are about.
pub(crate) struct Samples {
    operation: &'static str,
    read: &'static str,
    key: &'static str,
    service: &'static DatabaseLookupService,
    field: &'static str,
    url: &'static str,
    rule: &'static str,
    engines: &'static str,
    user: &'static str,
    clone: &'static str,
    host: &'static str,
    port: u16,
    member: &'static str,
    statement: &'static str,
    remedies: &'static Remedies,
}

impl Samples {
    /// As a log has them.
    pub(crate) const REAL: Self = Self {
        operation: "PutSecretValue",
        read: "GetSecretValue",
        key: "arn:aws:kms:us-east-1:123456789012:key/k",
        service: &SERVICE,
        field: "port",
        url: "url",
        rule: "a number from 1 to 65535",
        engines: PROFILE.engines_text,
        user: "app",
        clone: "app_clone",
        host: "db.example.com",
        port: 5433,
        member: "c.example.com:27017",
        statement: "GRANT \"app\" TO \"master\" WITH ADMIN OPTION",
        remedies: &Remedies::NONE,
    };

    /// As the catalogue has them, whose fixes are the hints with these slots.
    pub(crate) const SLOTS: Self = Self {
        operation: "OPERATION",
        read: "OPERATION",
        key: "KEY_ARN",
        service: &DatabaseLookupService { name: "SERVICE", actions: &["ACTION"] },
        field: "FIELD",
        url: "FIELD",
        rule: "RULE",
        engines: "ENGINES",
        user: "USER",
        clone: "USER_clone",
        host: "HOST",
        port: 5432,
        member: "MEMBER",
        statement: "STATEMENT",
        remedies: &Remedies {
            set_password: "STATEMENT",
            unlock: "STATEMENT",
            prolong: "STATEMENT",
            ..Remedies::NONE
        },
    };
}

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
fn unfit(document: &str, engines_text: &'static str) -> DocumentError {
    let profile =
        EngineProfile { engines: &["mongo"], engines_text, set_field: Some("replicaSet"), ..PROFILE };
    Login::from_document(&SecretDocument::parse(document).unwrap(), &profile).unwrap_err()
}

/// The error for a field that holds the password in an unknown form.
fn not_rewritable(field: &str) -> DocumentError {
    let more = format!(r#"{{"{field}": ["first-password"], "#);
    let text = document("app", "first-password").replacen('{', &more, 1);
    let current = SecretDocument::parse(&text).unwrap();
    World::run(async {
        let service = Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await;
        let server = Server(Rc::clone(&service.world));
        let strategy = Plan::SingleUser.strategy(&service.world);
        let rewriting = RewriteFields::parse(field).unwrap();
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

fn documents(samples: &Samples) -> Vec<RotationError> {
    let Samples { field, url, rule, engines, .. } = *samples;
    let all = || {
        [
            DocumentError::Binary,
            DocumentError::Empty,
            DocumentError::TooLarge,
            DocumentError::NotJson,
            DocumentError::NotAnObject,
            DocumentError::DuplicateKey { field: field.into() },
            DocumentError::Missing { field },
            DocumentError::Invalid { field, rule },
            unfit(r#"{"engine": "mysql"}"#, engines),
            unfit(r#"{"engine": "mongo", "host": "mongodb+srv://db.example.com"}"#, engines),
            not_rewritable(url),
        ]
    };
    let label = StagingLabel::Current;
    // A master secret is an object in any case.
    let own = all().into_iter().chain([DocumentError::NotPlain]);
    let own = own.map(|error| RotationError::Document { label: label.clone(), error });
    own.chain(all().map(|error| master(RelatedSecretError::Document(error)))).collect()
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

fn stores(samples: &Samples) -> Vec<RotationError> {
    let Samples { operation, read, key, .. } = *samples;
    let own = STORE_FAULTS.map(|fault| {
        // Labels move only where labels are written.
        let moves = fault == StoreFault::Conflict;
        StoreError::new(if moves { "UpdateSecretVersionStage" } else { operation }, fault).into()
    });
    let master =
        STORE_FAULTS.map(|fault| master(RelatedSecretError::Unreadable(StoreError::new(read, fault))));
    let related = [StoreFault::AccessDenied, StoreFault::NoSuchSecret]
        .map(|fault| RelatedSecretError::Unreadable(StoreError::new(read, fault)));
    let related = related.into_iter().chain([
        RelatedSecretError::Empty(SecretId::new(MASTER).unwrap()),
        RelatedSecretError::Document(DocumentError::Missing { field: samples.field }),
    ]);
    let random = StoreError::new("GetRandomPassword", StoreFault::AccessDenied).into();
    let keys = [key, "alias/aws/secretsmanager"].map(|key| {
        let denied = StoreError::new(read, StoreFault::KeyDenied);
        StoreError { key: Some(key.to_owned()), ..denied }.into()
    });
    let related = related.map(RotationError::Related);
    own.into_iter().chain([random]).chain(master).chain(related).chain(keys).collect()
}

fn others(samples: &Samples) -> Vec<RotationError> {
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
            host: samples.host.into(),
            port: samples.port,
            error: ConnectError::Refused(refused()),
        }
        .into(),
        DatabaseError::MasterLacksMember { member: samples.member.into() }.into(),
        DatabaseError::HostIsProxy.into(),
        DatabaseError::SourceNotFound.into(),
        DatabaseError::ReplicaLags(ConnectError::Refused(refused())).into(),
        DatabaseError::MasterNotDeployed.into(),
        DatabaseError::MasterSameAsSecret.into(),
        DatabaseError::NoCredentialAccepted { remedies: samples.remedies }.into(),
        DatabaseError::TestQuery { answer: "SQLSTATE 25006".into() }.into(),
        DatabaseError::TimedOut(timed_out).into(),
    ];
    rest.into_iter().collect()
}

fn lookups(samples: &Samples) -> Vec<RotationError> {
    let service = samples.service;
    let all = [
        ServiceFault::Unreachable,
        ServiceFault::CertificateRefused,
        ServiceFault::Throttled,
        ServiceFault::Internal,
        ServiceFault::AccessDenied,
        ServiceFault::CredentialsRefused,
        ServiceFault::Rejected,
    ];
    let failed =
        |fault| DatabaseLookupError { operation: "DescribeDBInstances", service, fault, source: None };
    let tags = StoreError::new("DescribeSecret", StoreFault::AccessDenied);
    let all = all.into_iter().map(|fault| DatabaseError::DatabaseLookup(failed(fault)).into());
    all.chain([master(RelatedSecretError::Unreadable(tags))]).collect()
}

/// As PostgreSQL refuses a password.
fn refused() -> Cause {
    Cause::new("SQLSTATE 28P01")
}

fn logins(samples: &Samples) -> Vec<RotationError> {
    let ended = |text: &str| Cause::new(text).ended_by(samples.statement);
    let tls = [
        (TlsFault::Expired, "the server's certificate has expired"),
        (TlsFault::NotYetValid, "the server's certificate is not valid yet"),
        (TlsFault::SelfSigned, "the server's certificate is self-signed"),
        (TlsFault::WrongHost, "the server's certificate is for another host"),
        (TlsFault::UnknownAuthority, "the server's certificate was issued by an unknown authority"),
        (TlsFault::NoResponse, "unexpected end of file"),
        (TlsFault::Handshake, "invalid data"),
    ];
    let tls = tls.map(|(fault, text)| ConnectError::TlsInvalid { fault, source: Cause::new(text) });
    let plain = [
        ConnectError::Locked(Cause::new("SQLSTATE 28000")),
        ConnectError::Locked(ended("SQLSTATE 28000")),
        ConnectError::Expired(Cause::new("error 1862")),
        ConnectError::AccessRule(Cause::new("SQLSTATE 28000")),
        ConnectError::TlsRequired(Cause::new("error 3159")),
        ConnectError::TooManyConnections(Cause::new("SQLSTATE 53300")),
        ConnectError::TooManyConnections(ended("SQLSTATE 53300")),
        ConnectError::AuthenticationMethod(Cause::new("error 1251")),
        ConnectError::NoDatabase(Cause::new("SQLSTATE 3D000")),
        ConnectError::DatabaseClosed(Cause::new("SQLSTATE 42501")),
        ConnectError::DatabaseClosed(ended("SQLSTATE 42501")),
        ConnectError::SessionRefused(Cause::new("SQLSTATE P0001")),
        ConnectError::SessionRefused(ended("SQLSTATE P0001")),
        ConnectError::TlsUnavailable,
        ConnectError::Dns(Cause::new("no address")),
        ConnectError::ForbiddenAddress,
        ConnectError::Unreachable(Cause::new("connection refused (os error 111)")),
        ConnectError::NotReady(Cause::new("SQLSTATE 57P03")),
        ConnectError::ReadOnly(Cause::new("SQLSTATE 25006")),
        ConnectError::SetDiffers(Cause::new("it is of the set rs1")),
        ConnectError::PrimaryNotListed(Cause::new("the primary is c.example.com:27017")),
        ConnectError::Unsupported(Cause::new("wire version 5")),
        ConnectError::Proxy(Cause::new("SQLSTATE 08P01")),
        ConnectError::Unusable(Box::new(StatementError::new(StatementFault::Expired))),
        ConnectError::TimedOut,
        ConnectError::Unanswered,
        ConnectError::Protocol(Cause::new("a message of the server is malformed")),
    ];
    let login = |credential| {
        move |error| DatabaseError::Login { credential, error, remedies: samples.remedies }.into()
    };
    let broken = CREDENTIALS.map(|credential| login(credential)(ConnectError::LineBreak(refused())));
    let missing = || Cause::new("SQLSTATE 28000");
    let missing = CREDENTIALS.map(|credential| login(credential)(ConnectError::NoSuchUser(missing())));
    let refused = CREDENTIALS.map(|credential| login(credential)(ConnectError::Refused(refused())));
    let rest = plain.into_iter().chain(tls).map(login(CredentialSource::Current));
    refused.into_iter().chain(broken).chain(missing).chain(rest).collect()
}

/// With which credential, and by which statement, a fault like this is met: articles show what can occur.
fn raised_by(fault: &StatementFault) -> (CredentialSource, Option<&'static str>) {
    match fault {
        StatementFault::OtherAccounts { .. } | StatementFault::PasswordsRestricted => {
            (CredentialSource::Current, None)
        }
        StatementFault::SessionDiffers { .. } => (CredentialSource::Pending, None),
        StatementFault::OldPasswordActive { .. } => (MASTER_SECRET, None),
        StatementFault::LockUnavailable { .. } => (MASTER_SECRET, Some("get lock")),
        StatementFault::MajorityMissing => (MASTER_SECRET, Some("updateUser")),
        StatementFault::PasswordPolicy { .. } => (MASTER_SECRET, Some("set password")),
        _ => (MASTER_SECRET, Some("alter role")),
    }
}

fn statements(samples: &Samples) -> Vec<RotationError> {
    let Samples { user, clone, statement: needed, .. } = *samples;
    let all = [
        StatementFault::ReadOnly,
        StatementFault::PrivilegeMissing { needed: needed.into() },
        StatementFault::PasswordsRestricted,
        StatementFault::PasswordPolicy { rule: "error 1819".into() },
        StatementFault::NoSuchUser,
        StatementFault::Expired,
        StatementFault::UserBarred { user: user.into(), bar: UserBar::Locked, needed: needed.into() },
        StatementFault::UserBarred { user: user.into(), bar: UserBar::Expired, needed: needed.into() },
        StatementFault::OriginalMissing { clone: clone.into(), original: user.into() },
        StatementFault::LoginRefused(Box::new(ConnectError::Locked(Cause::new("SQLSTATE 28000")))),
        StatementFault::CloneNotRecognized,
        StatementFault::OtherSecret { secret: "123456789012:shop/checkout".into() },
        StatementFault::CloneExceeds { what: "the table shop.orders".into(), needed: needed.into() },
        StatementFault::SessionDiffers { needed: needed.into() },
        StatementFault::OldPasswordActive { needed: None },
        StatementFault::OldPasswordActive { needed: Some(needed.into()) },
        StatementFault::OtherAccounts { accounts: "'app'@'localhost'".into() },
        StatementFault::NotRotatable { why: "it is a superuser", remedy: SINGLE_USER },
        StatementFault::LockUnavailable { needed },
        StatementFault::Busy,
        StatementFault::ConnectionLost,
        StatementFault::TimedOut,
        StatementFault::MajorityMissing,
        StatementFault::Other { code: "XX000".into() },
        StatementFault::Other { code: "unexpected reply".into() },
    ];
    let statement = |fault: StatementFault| {
        let (credential, statement) = raised_by(&fault);
        let error = StatementError { fault, statement, source: None, is_before_password: false };
        DatabaseError::Statement { credential, error, remedies: samples.remedies }.into()
    };
    let own = StatementError::new(StatementFault::PasswordsRestricted);
    let own = DatabaseError::Statement {
        credential: CredentialSource::Current,
        error: own,
        remedies: samples.remedies,
    }
    .into();
    all.into_iter().map(statement).chain([own]).collect()
}

/// One or more of every kind of error.
pub(crate) fn all_errors(samples: &Samples) -> Vec<RotationError> {
    let groups = [
        refusals(),
        documents(samples),
        stores(samples),
        others(samples),
        lookups(samples),
        logins(samples),
        statements(samples),
    ];
    groups.into_iter().flatten().collect()
}

/// Every error has a code, a message and a hint.
#[test]
fn code_message_and_hint_for_every_error() {
    let mut text = String::new();
    for error in &all_errors(&Samples::REAL) {
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
                || message.contains(" of Secrets Manager failed")
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

/// A message comes with its causes, each of them once.
#[test]
fn each_cause_once() {
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
