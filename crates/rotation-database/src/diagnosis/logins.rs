//! The connection to the server and the logins: each labeled version is tried once.

use std::time::{Duration, SystemTime};

use rotation_core::{
    CredentialSource, Deadline, Phase, Reader, StagingLabel,
    diagnosis::{Access, Check, DiagnosedVersion, Finding, FindingCode, Severity, Tried},
};

use crate::{
    ConnectError, Database, DatabaseLookup, Engine, Login, LoginMethod, Session, StatementFault, TlsMode,
    Transport, Username, codes, finding_codes, remediation::findings as remediation,
};

/// A certificate chain that expires sooner is a warning, so that there is time to renew it.
const SOON: Duration = Duration::from_hours(30 * 24);
/// The longest wait until a majority of the replica set has the password with which a version logs in.
const MAJORITY_TIME: Duration = Duration::from_secs(2);
const DAY: u64 = 24 * 60 * 60;

/// The part of the connection that failed; `None` where the server was reached and judged the login.
fn obstacle(error: &ConnectError) -> Option<Check> {
    match error {
        ConnectError::Dns(_) | ConnectError::ForbiddenAddress => Some(Check::Address),
        ConnectError::Unreachable(_)
        | ConnectError::TimedOut
        | ConnectError::NotReady(_)
        | ConnectError::Unanswered
        | ConnectError::Unsupported(_)
        | ConnectError::Protocol(_) => Some(Check::Connection),
        ConnectError::TlsUnavailable | ConnectError::TlsRequired(_) | ConnectError::TlsInvalid { .. } => {
            Some(Check::Certificate)
        }
        ConnectError::Refused(_)
        | ConnectError::LineBreak(_)
        | ConnectError::NoSuchUser(_)
        | ConnectError::Locked(_)
        | ConnectError::Expired(_)
        | ConnectError::AccessRule(_)
        | ConnectError::TooManyConnections(_)
        | ConnectError::AuthenticationMethod(_)
        | ConnectError::NoDatabase(_)
        | ConnectError::DatabaseClosed(_)
        | ConnectError::SessionRefused(_)
        | ConnectError::Proxy(_)
        | ConnectError::Unusable(_)
        | ConnectError::SetDiffers(_)
        | ConnectError::PrimaryNotListed(_)
        | ConnectError::ReadOnly(_) => None,
    }
}

impl<E: Engine, D: DatabaseLookup> Database<E, D> {
    /// Resolves the host, then logs in once with each version that may be tried, the live one first. Where
    /// the server cannot be reached, nothing else is tried.
    pub(super) async fn try_each(
        &self,
        versions: &mut [DiagnosedVersion<Login>],
        now: SystemTime,
        reader: Reader,
    ) -> Tried<E::Session> {
        let mut tried = Tried { findings: Vec::new(), session: None };
        let mut order: Vec<usize> = (0..versions.len()).filter(|at| versions[*at].may_be_tried()).collect();
        order.sort_by_key(|at| rank(&versions[*at]));
        let Some(first) = order.first().and_then(|first| versions[*first].login.clone()) else {
            return tried;
        };
        if let Some(error) = self.resolve(&first, &mut tried.findings).await {
            tried.findings.push(Self::blocked(Check::Address, &versions[order[0]], error, reader));
            return tried;
        }
        let (mut transport, mut spare) = (None, Spare::default());
        for at in order {
            if copy_of_equal(versions, at) {
                continue;
            }
            let Some(login) = versions[at].login.clone() else { continue };
            if !spare.admits(&login) {
                tried.findings.push(spared(&versions[at], &login));
                continue;
            }
            let pair = self.pair_in_use(&login);
            match self.login_over(versions[at].credential(), &login, pair.as_ref()).await {
                Ok((session, over)) => {
                    transport = Some(over);
                    if session.method() == Some(LoginMethod::NONE) {
                        versions[at].access = Access::Unknown;
                        tried.findings.extend(no_password_asked(&versions[at]));
                        continue;
                    }
                    let mut session = session;
                    let is_current = versions[at].has(&StagingLabel::Current);
                    // A failover may roll back this password, so it is no reason to move a label to this
                    // version. No label moves to a version where a better one logs in.
                    let may_be_promoted = versions[at].has(&StagingLabel::Pending)
                        || versions.iter().all(|version| version.access != Access::LogsIn);
                    let settled = if may_be_promoted && !is_current {
                        let by = versions[at].credential();
                        Box::pin(self.settle_until(by, &mut session, self.share())).await
                    } else {
                        Ok(())
                    };
                    if let Err(error) = settled {
                        versions[at].access = Access::Unknown;
                        versions[at].error = Some(error);
                        continue;
                    }
                    versions[at].access = Access::LogsIn;
                    if is_current {
                        spare = self.spare(&mut session, &login).await;
                        tried.session = Some(session);
                    }
                }
                Err(error) => {
                    if let Some(check) = obstacle(&error) {
                        if check == Check::Certificate {
                            tried.findings.push(answers(&first));
                        }
                        tried.findings.push(Self::blocked(check, &versions[at], error, reader));
                        return tried;
                    }
                    // A server that judges a login has been reached with the connection protection that the
                    // secret demands.
                    let version = &mut versions[at];
                    spare.refused(&login);
                    let is_locked = matches!(error, ConnectError::Locked(_)) && spare.concerns(&login);
                    version.access = judge(&error, &login);
                    version.error = Some(Self::refused(version.credential())(error));
                    if is_locked {
                        tried.findings.extend(locked(version, &login, reader));
                    }
                }
            }
        }
        tried.findings.push(answers(&first));
        tried.findings.push(self.certificate(&first, transport, now));
        tried
    }

    /// The time for one version, so that time is left for the other checks.
    fn share(&self) -> Deadline {
        let deadline = self.time();
        deadline.at_most(MAJORITY_TIME.min(deadline.remaining() / 4))
    }

    /// How many refusals the user of AWSCURRENT can still have before a lock. That user has just logged in,
    /// which alone resets the server's count.
    async fn spare(&self, session: &mut E::Session, login: &Login) -> Spare {
        let asked =
            self.within(Phase::Probe, CredentialSource::Current, session.refusals_until_locked()).await;
        Spare { user: Some(login.credentials.username.clone()), left: asked.ok().flatten() }
    }

    fn blocked(
        check: Check,
        version: &DiagnosedVersion<Login>,
        error: ConnectError,
        reader: Reader,
    ) -> Finding {
        Finding::from_error(check, Severity::Fault, &Self::refused(version.credential())(error), reader)
    }

    async fn resolve(&self, login: &Login, findings: &mut Vec<Finding>) -> Option<ConnectError> {
        match self.parts().0.addresses(login).await {
            Ok(addresses) if addresses.is_empty() => None,
            Ok(addresses) => {
                let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
                let sentence = format!("{} is at {}", login.hosts(), addresses.join(", "));
                findings.push(Finding::ok(Check::Address, sentence));
                None
            }
            Err(error) => Some(error),
        }
    }

    /// How the connections were protected.
    fn certificate(&self, login: &Login, transport: Option<Transport>, now: SystemTime) -> Finding {
        let check = Check::Certificate;
        let warning = |code, sentence: String, remediation: &str| Finding {
            check,
            severity: Severity::Warning,
            code,
            sentence,
            remediation: remediation.into(),
        };
        if login.tls == TlsMode::Off {
            return Finding {
                severity: Severity::Note,
                ..warning(
                    finding_codes::TLS_OFF,
                    "plaintext, as `\"ssl\": false` in the secret asks".into(),
                    "",
                )
            };
        }
        if transport == Some(Transport::Plaintext) {
            return warning(
                FindingCode::Failure(codes::TLS_UNAVAILABLE),
                "the server offers no TLS, and the secret does not ask for it: passwords of other statements \
                travel in plaintext"
                    .into(),
                remediation::TLS_UNAVAILABLE,
            );
        }
        // The engine knows the chain that was verified last. It belongs to this server only where a login has
        // just succeeded.
        if transport.is_none() {
            return Finding::unseen(check, "no login succeeded");
        }
        let Some(until) = self.parts().0.chain_valid_until() else {
            return Finding::ok(check, "TLS, verified");
        };
        let left = until.duration_since(now).unwrap_or_default();
        let days = left.as_secs() / DAY;
        if left < SOON {
            return warning(
                finding_codes::TLS_EXPIRES_SOON,
                format!("the server's certificate chain is valid for {days} more days"),
                remediation::TLS_EXPIRES_SOON,
            );
        }
        Finding::ok(check, format!("TLS, verified, {days} days left"))
    }
}

/// The refusals that a user can still have until the server locks it. A diagnosis must not cause the lock.
#[derive(Default)]
struct Spare {
    user: Option<Username>,
    left: Option<u32>,
}

impl Spare {
    fn concerns(&self, login: &Login) -> bool {
        self.user.as_ref() == Some(&login.credentials.username)
    }

    /// Whether this login may be refused without a lock.
    fn admits(&self, login: &Login) -> bool {
        !self.concerns(login) || self.left.is_none_or(|left| left > 1)
    }

    fn refused(&mut self, login: &Login) {
        if self.concerns(login) {
            self.left = self.left.map(|left| left.saturating_sub(1));
        }
    }
}

fn spared(version: &DiagnosedVersion<Login>, login: &Login) -> Finding {
    let user = &login.credentials.username;
    Finding::unseen(
        Check::Login,
        &format!("the server would lock {user} if it refused {} as well", version.label()),
    )
}

/// The finding about a user that was locked after it had just logged in with AWSCURRENT.
fn locked(version: &DiagnosedVersion<Login>, login: &Login, reader: Reader) -> Option<Finding> {
    let finding = Finding::from_error(Check::Server, Severity::Fault, version.error.as_ref()?, reader);
    let user = &login.credentials.username;
    Some(Finding { sentence: format!("{} was tried, and {user} is locked now", version.label()), ..finding })
}

/// What a failed login shows about the credentials. A proxy keeps its own list of users, so the server may
/// accept what the proxy refuses, and a peer that has not proved to be the server may answer anything.
fn judge(error: &ConnectError, login: &Login) -> Access {
    match error {
        ConnectError::Expired(cause) | ConnectError::SessionRefused(cause) if !cause.is_unproven() => {
            Access::NoSession
        }
        // A closed connection shows nothing about the password.
        ConnectError::Unusable(error) if error.fault != StatementFault::ConnectionLost => Access::NoSession,
        error if error.is_certain_refusal() && !login.host.is_rds_proxy() => Access::Refused,
        _ => Access::Unknown,
    }
}

/// Where the server asks for no password, a login shows nothing about one. One finding is enough.
fn no_password_asked(version: &DiagnosedVersion<Login>) -> Option<Finding> {
    version.has(&StagingLabel::Current).then(|| Finding {
        check: Check::Server,
        severity: Severity::Warning,
        code: finding_codes::DB_PASSWORD_NOT_ASKED,
        sentence: "the server asks this user for no password, so no login proves one".into(),
        remediation: remediation::PASSWORD_NOT_ASKED.into(),
    })
}

/// The order of login attempts: the live version first.
fn rank(version: &DiagnosedVersion<Login>) -> usize {
    let labels = [StagingLabel::Current, StagingLabel::Pending, StagingLabel::Previous];
    labels.iter().position(|label| version.has(label)).unwrap_or(labels.len())
}

/// Credentials that are the same as those of another version are not tried again.
fn copy_of_equal(versions: &mut [DiagnosedVersion<Login>], at: usize) -> bool {
    let equal = |other: &&DiagnosedVersion<Login>| {
        other.login == versions[at].login && other.access != Access::NotTried
    };
    let Some(access) = versions.iter().find(equal).map(|other| other.access) else { return false };
    versions[at].access = access;
    true
}

fn answers(login: &Login) -> Finding {
    Finding::ok(Check::Connection, format!("{} answers", login.place()))
}
