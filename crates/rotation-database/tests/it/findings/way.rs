//! The secret's configuration, and the connection to the server.

use std::time::{Duration, SystemTime};

use expect_test::expect;
use rotation_core::{StagingLabel, diagnosis::Check};
use rotation_doctor::Logins;

use super::{Subject, check_single, line, with};
use crate::world::{Badness, Fault, ServerTls, World};

/// A day, in seconds.
const DAY: u64 = 24 * 60 * 60;

/// Checks the finding about the certificate where the chain is valid for this number of seconds.
#[track_caller]
fn check_chain(left: u64, expected: &str) {
    World::run(async {
        let mut subject = Subject::single().await;
        subject.now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000 * DAY);
        subject.shown.chain = Some(subject.now + Duration::from_secs(left));
        let diagnosis = subject.diagnose().await;
        let finding = diagnosis.findings.iter().find(|finding| finding.check == Check::Certificate);
        let said = line(finding.unwrap());
        assert_eq!(said.lines().next(), Some(expected));
    });
}

/// A certificate chain that ends within thirty days is a warning.
#[test]
fn chain_ends_within_thirty_days() {
    check_chain(90 * DAY, "ok certificate OK: TLS, verified, 90 days left");
    check_chain(30 * DAY, "ok certificate OK: TLS, verified, 30 days left");
    let soon = |days| {
        format!(
            "warning certificate TLS_EXPIRES_SOON: the server's certificate chain is valid for {days} more \
             days"
        )
    };
    check_chain(30 * DAY - 1, &soon(29));
    check_chain(2 * DAY - 1, &soon(1));
    check_chain(DAY - 1, &soon(0));
}

/// Plaintext is a note where the secret asks for it, and a warning where the server leaves no
/// choice.
#[test]
fn plaintext_note_or_warning() {
    let off = |subject: &mut Subject| subject.put(&StagingLabel::Current, 7, with(r#""ssl":false"#));
    check_single(
        off,
        &expect![[r#"
            note certificate TLS_OFF: plaintext, as `"ssl": false` in the secret asks
            ok secret document names connection login server privileges rotation function
            version 01 [AWSPREVIOUS] of app: logs in
            version 07 [AWSCURRENT] of app: logs in
            healthy: Nothing has to be done.
        "#]],
    );
    let absent = |subject: &mut Subject| subject.world().server.borrow_mut().tls = ServerTls::Absent;
    check_single(
        absent,
        &expect![[r#"
            warning certificate TLS_UNAVAILABLE: the server offers no TLS, and the secret does not ask for it: passwords of other statements travel in plaintext
                Turn TLS on at the server and set `"ssl": true` in the secret.
            ok secret document names connection login server privileges rotation function
            version 01 [AWSCURRENT] of app: logs in
            healthy: No label has to be moved. Turn TLS on at the server and set `"ssl": true` in the secret.
        "#]],
    );
}

/// A way that is closed is named where it is closed, and nothing else is tried.
#[test]
fn stops_at_the_first_obstacle() {
    check_single(
        |subject| subject.shown.addresses = None,
        &expect![[r"
            fault address NET_DB_DNS: login with AWSCURRENT failed: the host name does not resolve: NXDOMAIN
                Correct `host` in the secret, and check that the function's VPC resolves it.
            note login NOT_CHECKED: not checked, because a version could not be tried, or versions without labels could not be checked
            ok secret document names rotation function
            version 01 [AWSCURRENT] of app: was not tried
            unknown: Move no label before this is done. Correct `host` in the secret, and check that the function's VPC resolves it.
        "]],
    );
    let expired = |subject: &mut Subject| {
        subject.world().server.borrow_mut().tls = ServerTls::Bad(Badness::Expired);
    };
    check_single(
        expired,
        &expect![[r"
            fault certificate TLS_EXPIRED: login with AWSCURRENT failed: the server's TLS is not acceptable: its certificate has expired
                Renew the server's certificate. For RDS: `aws rds modify-db-instance --db-instance-identifier INSTANCE --ca-certificate-identifier rds-ca-rsa2048-g1 --apply-immediately`.
            note login NOT_CHECKED: not checked, because a version could not be tried, or versions without labels could not be checked
            ok secret document names connection rotation function
            version 01 [AWSCURRENT] of app: was not tried
            unknown: Move no label before this is done. Renew the server's certificate. For RDS: `aws rds modify-db-instance --db-instance-identifier INSTANCE --ca-certificate-identifier rds-ca-rsa2048-g1 --apply-immediately`.
        "]],
    );
    let unreachable = |subject: &mut Subject| {
        // Two labeled versions, and one without a label.
        subject.put(&StagingLabel::Previous, 7, with(r#""a":1"#).replace("first", "older"));
        subject.put_unlabeled(8, with(r#""a":1"#).replace("first", "oldest"));
        // DescribeSecret, ListSecretVersionIds and two values come first.
        let mut gate = subject.world().gate.borrow_mut();
        gate.faults = vec![(gate.calls + 4, Fault::Before)];
    };
    check_single(
        unreachable,
        &expect![[r"
            fault connection NET_DB_UNREACHABLE: login with AWSCURRENT failed: the server cannot be reached: connection reset
                Check `host` and `port` in the secret, then the security group of the database, which must admit the function at that port, and the routes between the two.
            note login NOT_CHECKED: not checked, because a version could not be tried, or versions without labels could not be checked
            ok secret document names rotation function
            version 07 [AWSPREVIOUS] of app: was not tried
            version 01 [AWSCURRENT] of app: was not tried
            unknown: Move no label before this is done. Check `host` and `port` in the secret, then the security group of the database, which must admit the function at that port, and the routes between the two.
        "]],
    );
    World::run(async {
        let mut subject = Subject::single().await;
        unreachable(&mut subject);
        let before = subject.world().gate.borrow().log.len();
        subject.diagnose().await;
        let gate = subject.world().gate.borrow();
        let names: Vec<_> = gate.log[before..].iter().map(|(_, name)| *name).collect();
        assert_eq!(names.len(), 5, "{names:?}");
        assert_eq!(names[4], "server: connect");
    });
}

/// No login is tried where none is requested.
#[test]
fn no_login_unless_requested() {
    World::run(async {
        let mut subject = Subject::single().await;
        subject.logins = Logins::None;
        subject.diagnose().await;
        assert_eq!(subject.attempts(), [""; 0]);
    });
    check_single(
        |subject| subject.logins = Logins::None,
        &expect![[r"
        note connection NOT_CHECKED: not checked, because no login was asked for
        note login NOT_CHECKED: not checked, because no login was asked for
        note server NOT_CHECKED: not checked, because no login was asked for
        note privileges NOT_CHECKED: not checked, because no login was asked for
        ok secret document names rotation function
        version 01 [AWSCURRENT] of app: was not tried
        unknown: Fix first what the findings name; move no label before that.
    "]],
    );
}

/// Where the server asks for no password, no login proves one.
#[test]
fn passwordless_login_proves_nothing() {
    check_single(
        |subject| subject.shown.asks_for_no_password = true,
        &expect![[r"
            warning server DB_PASSWORD_NOT_ASKED: the server asks this user for no password, so no login proves one
                Let the server ask this user for a password. PostgreSQL: replace `trust` and `peer` by `scram-sha-256` in `pg_hba.conf`, then SELECT pg_reload_conf().
            note login NOT_CHECKED: not checked, because a version could not be tried, or versions without labels could not be checked
            ok secret document names connection certificate rotation function
            version 01 [AWSCURRENT] of app: gave no clear answer
            unknown: Fix first what the findings name; move no label before that.
        "]],
    );
}
