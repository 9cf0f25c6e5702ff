//! The port to a database: what an engine must be able to do.

use std::{fmt, net::IpAddr, rc::Rc, time::SystemTime};

use rotation_core::{ChangeReport, Deadline, Password, PasswordDemand};

use crate::{
    ConnectError, Credentials, Endpoint, EngineProfile, Login, PairOwner, Plan, StatementError,
    StatementFault, TestQuery, Turn, UserPair,
};

/// A kind of database. The set is open: a new engine implements this and [`Session`], and does not deal with
/// labels at all.
pub trait Engine {
    /// Names, defaults and limits.
    const PROFILE: EngineProfile;

    /// A logged-in connection. Dropping it closes the connection and rolls back whatever is not
    /// committed.
    type Session: Session;

    /// One login attempt over one transport, without retries or fallbacks. The core decides about order,
    /// fallbacks and time. The deadline is passed so that the engine can bound what a dropped future leaves
    /// behind.
    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<Self::Session, ConnectError>;

    /// The addresses that the login's host has now and that a database may have. Makes no connection. An
    /// engine that cannot resolve them returns none.
    async fn addresses(&self, _login: &Login) -> Result<Vec<IpAddr>, ConnectError> {
        Ok(Vec::new())
    }

    /// The time until which the certificate chain that was verified last remains valid: the earliest
    /// `notAfter` of its certificates. `None` where no chain was verified yet.
    fn chain_valid_until(&self) -> Option<SystemTime> {
        None
    }
}

impl<E: Engine> Engine for &E {
    const PROFILE: EngineProfile = E::PROFILE;
    type Session = E::Session;

    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<Self::Session, ConnectError> {
        (**self).connect(login, transport, deadline).await
    }

    async fn addresses(&self, login: &Login) -> Result<Vec<IpAddr>, ConnectError> {
        (**self).addresses(login).await
    }

    fn chain_valid_until(&self) -> Option<SystemTime> {
        (**self).chain_valid_until()
    }
}

impl<E: Engine> Engine for Rc<E> {
    const PROFILE: EngineProfile = E::PROFILE;
    type Session = E::Session;

    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<Self::Session, ConnectError> {
        (**self).connect(login, transport, deadline).await
    }

    async fn addresses(&self, login: &Login) -> Result<Vec<IpAddr>, ConnectError> {
        (**self).addresses(login).await
    }

    fn chain_valid_until(&self) -> Option<SystemTime> {
        (**self).chain_valid_until()
    }
}

/// A connection to a database as one user.
pub trait Session {
    /// The first request of every session: one trivial query. *Logged in* means that the server itself
    /// answers it; a proxy's greeting proves nothing.
    ///
    /// With `pair`, the session is that of a user whom applications get and who must be able to do what the
    /// original can do. Where a clone acts as the original by a role or a membership, this checks that the
    /// session does so.
    ///
    /// # Errors
    /// [`StatementFault::SessionDiffers`] where the session is not the original's.
    async fn probe(&mut self, pair: Option<&UserPair>) -> Result<(), StatementError>;

    /// The address of the server at the other end, where the engine knows it.
    fn peer(&self) -> Option<IpAddr> {
        None
    }

    /// Which of the members that the secret names is at the other end, for engines whose secrets may name
    /// several.
    fn member(&self) -> Option<Endpoint> {
        None
    }

    /// The method by which the user logged in, where the engine knows it.
    fn method(&self) -> Option<LoginMethod> {
        None
    }

    /// Tells the session for which secret its own user changes its password. An engine whose pairs of users
    /// carry a mark refuses [`Change::OwnPassword`] for a user of another secret's pair, because that secret
    /// would be locked out. Without this call it refuses every user of a pair.
    fn act_for(&mut self, _owner: &PairOwner) {}

    /// Tells the session that the live user of a later [`Change::OtherUser`] has just logged in at this
    /// server with this password. An engine whose users may have two passwords ends the other one.
    fn live_logs_in_by(&mut self, _password: &Password) {}

    /// Whether a failover can no longer roll back what this session has seen. Makes no request.
    fn is_settled(&self) -> bool {
        true
    }

    /// Returns when a failover can no longer roll back what this session has seen: that its user logs in with
    /// this password. Engines whose writes are safe once they are visible return at once.
    ///
    /// # Errors
    /// [`StatementFault::MajorityMissing`] if that takes until shortly before the deadline.
    async fn settle(&mut self, _deadline: Deadline) -> Result<(), StatementError> {
        Ok(())
    }

    /// Whether the session's user may have a second password that a finished rotation must have ended, and
    /// may end it itself. The session has logged in with the password that was to be set; `current_logs_in`
    /// is whether the password of `AWSCURRENT` has just logged in as well.
    async fn must_end_second(&mut self, _current_logs_in: bool) -> Result<bool, StatementError> {
        Ok(false)
    }

    /// Makes a later [`Change::OwnPassword`] end every other password, even where the settings ask to keep
    /// one.
    fn end_second(&mut self, _current_logs_in: bool) {}

    /// Runs an operator's statement to its end in a way that lets it change nothing: in a read-only
    /// transaction that is never committed or, where the engine has none, under the
    /// [`StatementRule`](crate::StatementRule) of the profile. The server stops it before the deadline. At
    /// most [`LONGEST_PROOF`](super::LONGEST_PROOF) of its result is read, and the result is ignored.
    /// Afterwards the session can only be dropped.
    ///
    /// # Errors
    /// [`StatementError`] whose source is the server's code, or names what was too large.
    async fn prove(&mut self, statement: &TestQuery, deadline: Deadline) -> Result<(), StatementError>;

    /// Reads what a change depends on, and returns the statements that [`Session::stage`] and
    /// [`Session::commit`] would run. It changes nothing and blocks no other session: where the server has
    /// read-only transactions, it works in one. Afterwards the session can only be dropped.
    ///
    /// An engine builds the list with the same function for a plan and for a change, so that a dry run
    /// reports what a rotation does.
    ///
    /// # Errors
    /// Those that `stage` would return for what it reads. A missing privilege that only a write needs is not
    /// detected.
    async fn plan(&mut self, change: &Change<'_>, deadline: Deadline) -> Result<Plan, StatementError>;

    /// Prepares a change so that [`Session::commit`] has nothing left to find out. Where the engine has
    /// transactions, the change is made inside one; where it has none, this only reads. Either way no other
    /// session sees a difference yet, and dropping the session rolls everything back.
    ///
    /// Where the engine has a lock for it, a change of another user first waits until no other session
    /// changes the two users, and reports that with [`Turn::taken`].
    async fn stage(
        &mut self,
        change: &Change<'_>,
        turn: &Turn,
        deadline: Deadline,
    ) -> Result<(), StatementError>;

    /// Commits the staged change. Afterwards the new password logs in; a clone got its grants before
    /// that.
    ///
    /// # Errors
    /// An engine that changes statement by statement marks each error that occurs while more than the
    /// password is left to change ([`StatementError::before_password`]). After any other error, a login with
    /// the new password shows whether the change was made.
    async fn commit(self) -> Result<ChangeReport, StatementError>;

    /// How many consecutive refused logins of the session's user make the server lock the account. `None`
    /// where refused logins lock no account, or where the server does not report it.
    async fn refusals_until_locked(&mut self) -> Result<Option<u32>, StatementError> {
        Ok(None)
    }

    /// What a change would meet at this server, found by reading alone: nothing is written and no lock is
    /// taken. `pair` is given where a master rotates the session's user.
    async fn facts(&mut self, _pair: Option<&UserPair>) -> Result<ServerFacts, StatementError> {
        Ok(ServerFacts::default())
    }
}

/// What a session found out about its server and its own user. What an engine does not report is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFacts {
    /// The server's version, as it reports it.
    pub version: Option<String>,
    /// Whether it accepts writes: false on a replica.
    pub writable: Option<bool>,
    /// The reason why the session's user could not change its own password.
    pub hindrance: Option<StatementFault>,
    /// What the server's password policy requires of cleartext passwords.
    pub password_demands: Vec<PasswordDemand>,
    /// What works but is worth knowing: lower-case sentences without values.
    pub notes: Vec<String>,
    /// What is known about a second password of the session's user, for engines whose users may have one.
    /// Absent where there is none.
    pub second_password: Option<SecondPassword>,
}

/// A password with which a user still logs in, in addition to the one that was set last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecondPassword {
    /// It exists.
    Present {
        /// As [`StatementFault::OldPasswordActive`].
        needed: Option<String>,
    },
    /// Only other users can see it on the server, and the user's own rotations do not end it.
    Unseen {
        /// The statement after which the user's rotations end it.
        needed: String,
    },
}

/// The method by which a user logged in, by the engine's own name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginMethod(pub &'static str);

impl LoginMethod {
    /// The server asked for no password, so the login proves nothing about one.
    pub const NONE: Self = Self("none");
}

impl fmt::Display for LoginMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A change to prepare.
#[derive(Clone, Copy, Debug)]
pub enum Change<'a> {
    /// The session's own user gets another password.
    OwnPassword {
        /// The password to set.
        new: &'a Password,
    },
    /// The session's user, a master, reconciles the other user of a pair and sets its password.
    OtherUser {
        /// Both users.
        pair: &'a UserPair,
        /// The user that applications log in as now: one of the pair. Its password is not changed.
        live: &'a super::Username,
        /// The other user of the pair, with the password to set.
        next: &'a Credentials,
        /// The secret for which the change is made.
        owner: &'a PairOwner,
        /// The method by which the live user has logged in at this server in this invocation, where the
        /// engine knows it. What is stored for the other user must be usable with the same method.
        method: Option<LoginMethod>,
    },
}

/// How a connection is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TLS with chain and name verified.
    Tls,
    /// No protection.
    Plaintext,
}

impl Transport {
    /// The name, for log lines and machines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Plaintext => "plaintext",
        }
    }
}
