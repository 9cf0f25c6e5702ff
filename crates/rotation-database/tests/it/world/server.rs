//! A database server: users, passwords, grants, and how it may be reached.

use std::{collections::BTreeMap, rc::Rc, time::Duration};

use rotation_core::{CharacterClass, Deadline, PasswordRule};
use rotation_database::{
    Cause, ConnectError, Engine, EngineProfile, Login, NameLimit, Remedies, StatementRule, TlsFault,
    Transport,
};

use super::{
    Defect, Place, World,
    places::Spot,
    session::Connection,
    user::{Form, Users},
};

/// Like PostgreSQL's, with a password rule that has requirements.
pub(crate) const PROFILE: EngineProfile = EngineProfile {
    name: "Model",
    id: "model",
    engines: &["model", "aurora-model"],
    engines_text: "model, aurora-model",
    default_port: 5432,
    default_database: Some("model"),
    home_field: None,
    set_field: None,
    probe: "select 1",
    clone_suffix: "_clone",
    name_limit: NameLimit::Bytes(63),
    reserved_users: &["rdsadmin"],
    password_rule: PasswordRule {
        shortest: 8,
        longest: 128,
        forbidden: "/@\" ",
        required: &[CharacterClass::Lowercase, CharacterClass::Uppercase, CharacterClass::Digit],
        default_exclusions: "/@\"'\\",
    },
    test_query: StatementRule::SQL,
    remedies: &Remedies::NONE,
};

/// How changes are committed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Like PostgreSQL: staged in a transaction that holds a lock on the user, committed at once. A master
    /// takes its turn at the pair before that.
    #[default]
    Transactional,
    /// Like Redshift: the same without turns.
    RowLock,
    /// Like MySQL: staging only reads; every statement is committed by itself, the password last.
    Autocommit,
    /// The same, with a lock from before staging until the session ends, like MySQL's `GET_LOCK`: a master's
    /// turn.
    AutocommitWithLock,
    /// The same, where a user that changes its own password keeps the old one in addition, as MySQL 8.0.14
    /// and later does with `RETAIN CURRENT PASSWORD`. The statement names the password that it replaces.
    TwoPasswords,
    /// The same, on a server that refuses a password which the user has had before.
    TwoPasswordsWithHistory,
    /// A defect: the statement does not name what it replaces, so that a repeated change evicts the old
    /// password.
    TwoPasswordsUnnamed,
    /// A defect: like PostgreSQL, but a session reports that it has taken its turn while it holds no lock
    /// yet.
    TurnSaidTooSoon,
}

impl Kind {
    pub(super) fn locks_what_it_stages(self) -> bool {
        matches!(self, Self::Transactional | Self::RowLock | Self::TurnSaidTooSoon)
    }

    /// Whether the sessions of a clone act as the original, as in PostgreSQL.
    pub(super) fn acts_as_original(self) -> bool {
        matches!(self, Self::Transactional | Self::TurnSaidTooSoon)
    }

    /// Whether its users may have a second password from a time when passwords were kept.
    pub(super) fn may_keep_two_passwords(self) -> bool {
        matches!(self, Self::Autocommit | Self::AutocommitWithLock)
    }

    pub(crate) fn takes_turns(self) -> bool {
        !matches!(self, Self::RowLock | Self::Autocommit)
    }

    pub(crate) fn keeps_two_passwords(self) -> bool {
        matches!(self, Self::TwoPasswords | Self::TwoPasswordsWithHistory | Self::TwoPasswordsUnnamed)
    }
}

/// What the server answers about TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum ServerTls {
    #[default]
    Good,
    /// It offers no TLS and reports that.
    Absent,
    /// A man-in-the-middle reports that to this user.
    StrippedFor(&'static str),
    /// It offers a bad certificate; plaintext would be accepted.
    Bad(Badness),
}

/// A certificate fault that can be hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Badness {
    Expired,
    SelfSigned,
    WrongHost,
    UnknownAuthority,
}

impl Badness {
    pub(crate) const ALL: [Self; 4] =
        [Self::Expired, Self::SelfSigned, Self::WrongHost, Self::UnknownAuthority];

    fn fault(self) -> TlsFault {
        match self {
            Self::Expired => TlsFault::Expired,
            Self::SelfSigned => TlsFault::SelfSigned,
            Self::WrongHost => TlsFault::WrongHost,
            Self::UnknownAuthority => TlsFault::UnknownAuthority,
        }
    }
}

/// One login attempt that reached the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Attempt {
    pub(crate) username: String,
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) database: Option<String>,
    pub(crate) transport: Transport,
    pub(crate) accepted: bool,
}

impl Attempt {
    pub(crate) fn in_the_clear(&self) -> bool {
        self.transport == Transport::Plaintext
    }
}

/// A host that replicates the server's changes late.
#[derive(Clone, Debug)]
pub(crate) struct Replica {
    pub(crate) host: &'static str,
    /// The number of logins that it refuses after the change.
    pub(crate) refusals: usize,
}

/// The server.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServerModel {
    pub(crate) kind: Kind,
    pub(crate) tls: ServerTls,
    pub(crate) users: Users,
    /// What listens at other ports of its host. Every port that is not listed leads to the server.
    pub(crate) places: BTreeMap<u16, Place>,
    /// Whether the server itself only accepts the master: others go through a pooler.
    pub(crate) master_alone: bool,
    /// The login method.
    pub(crate) method: Form,
    /// The form in which it stores a password unless the session names one.
    pub(crate) setting: Form,
    pub(crate) defect: Option<Defect>,
    /// The session that holds the lock on a user.
    pub(crate) locks: BTreeMap<String, u64>,
    pub(crate) attempts: Vec<Attempt>,
    pub(crate) replica: Option<Replica>,
    /// Whether another session holds what a change needs, for longer than it may wait.
    pub(crate) busy: bool,
    /// The statement that it refuses with a code without a meaning, by its call.
    pub(crate) refuses: Option<&'static str>,
    /// What a plan reports as missing, and whether that is certain.
    pub(crate) lacking: Option<(&'static str, bool)>,
    /// How long staging waits for applications.
    pub(crate) waits: Duration,
    /// How often a user was changed.
    pub(crate) changes: usize,
    pub(crate) sessions: u64,
}

impl ServerModel {
    pub(crate) fn admits(&self, username: &str, password: &str) -> bool {
        self.users.get(username).is_some_and(|user| user.opens_by(password, self.method))
    }

    fn connect(&mut self, login: &Login, transport: Transport) -> Result<(u64, Spot), ConnectError> {
        let username = login.credentials.username.as_str();
        match (self.tls, transport) {
            (ServerTls::StrippedFor(user), Transport::Tls) if user == username => {
                return Err(ConnectError::TlsUnavailable);
            }
            (ServerTls::Absent, Transport::Tls) => return Err(ConnectError::TlsUnavailable),
            (ServerTls::Bad(badness), Transport::Tls) => {
                let source = Cause::new("certificate");
                return Err(ConnectError::TlsInvalid { fault: badness.fault(), source });
            }
            _ => {}
        }
        let credentials = &login.credentials;
        let late = self.changes > 0
            && self.replica.as_mut().is_some_and(|replica| {
                let lags = login.host.as_str() == replica.host && replica.refusals > 0;
                replica.refusals -= usize::from(lags);
                lags
            });
        let refused = || Err(ConnectError::Refused(Cause::new("28P01")));
        let arrived = self.arrive(login.port, username, credentials.password.expose());
        let arrived = if late { refused() } else { arrived };
        self.attempts.push(Attempt {
            username: username.to_owned(),
            host: login.host.to_string(),
            port: login.port,
            database: login.database.clone(),
            transport,
            accepted: arrived.is_ok(),
        });
        let spot = arrived?;
        self.sessions += 1;
        Ok((self.sessions, spot))
    }
}

/// The port to the model.
pub(crate) struct Server(pub(crate) Rc<World>);

impl Engine for Server {
    const PROFILE: EngineProfile = PROFILE;
    type Session = Connection;

    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        _: Deadline,
    ) -> Result<Connection, ConnectError> {
        let world = &self.0;
        let lost = || Err(ConnectError::Unreachable(Cause::new("connection reset")));
        let known;
        // Only hosts are compared: what is proved at the secret's own port counts as proved at the master's.
        let login = match world.server.borrow().defect {
            Some(Defect::HostAlone) if login.credentials.username.as_str() != "master" => {
                known = Login { port: PROFILE.default_port, ..login.clone() };
                &known
            }
            _ => login,
        };
        let effect = || {
            let offered = world.server.borrow().tls;
            world.watch.borrow_mut().transport(transport, login.tls, offered);
            let outcome = world.server.borrow_mut().connect(login, transport);
            if matches!(outcome, Err(ConnectError::TlsInvalid { .. })) {
                world.watch.borrow_mut().certificate_failed = true;
            }
            outcome
        };
        let (id, spot) = world.call("server: connect", effect, lost).await?;
        Ok(Connection::new(world, id, spot, &login.credentials))
    }
}
