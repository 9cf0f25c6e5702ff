//! The port to a database: what an engine must be able to do.

use std::{fmt, net::IpAddr, rc::Rc, time::SystemTime};

use rotation_core::{ChangeReport, Deadline, Password, PasswordDemand};

use crate::{
    ConnectError, Credentials, Endpoint, EngineProfile, Login, PairOwner, Plan, StatementError,
    StatementFault, TestStatement, Turn, UserPair,
};

/// A kind of database. The set is open: a new engine implements this and [`Session`], and writes no word of
/// labels.
pub trait Engine {
    /// Names, defaults and limits.
    const PROFILE: EngineProfile;

    /// A connection that is logged in. Dropping it closes the connection and takes back what is not
    /// committed.
    type Session: Session;

    /// One login attempt over one transport, without a retry or a fallback of its own. The core decides about
    /// order, fallbacks and time; the deadline is given so that the engine can bound what a dropped future
    /// leaves behind.
    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<Self::Session, ConnectError>;

    /// The addresses that the login's host has now and that a database may have. Connects nowhere. An engine
    /// that cannot tell gives none.
    async fn addresses(&self, _login: &Login) -> Result<Vec<IpAddr>, ConnectError> {
        Ok(Vec::new())
    }

    /// Until when the certificate chain that was verified last goes on verifying: the first of its
    /// certificates, by the end of its validity. `None` where no chain was verified yet.
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
    /// The first request of every session: one trivial query. That the server itself answers it is what
    /// *logged in* means; a proxy's greeting proves nothing.
    ///
    /// With `pair`, the session is that of a user whom applications get and who must be able to do what the
    /// original may. Where a clone acts as the original by a role or a membership, this proves that the
    /// session does.
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

    /// How the server let the user in, where the engine knows it.
    fn method(&self) -> Option<LoginMethod> {
        None
    }

    /// Says on whose behalf the session's own user changes its password. An engine whose pairs of users carry
    /// a mark refuses [`Change::OwnPassword`] for a user of another secret's pair, since that secret would be
    /// locked out. Without a word it refuses every user of a pair.
    fn act_for(&mut self, _owner: &PairOwner) {}

    /// Says that the live user of a coming [`Change::OtherUser`] has just logged in at this server by this
    /// password. An engine whose users may have two passwords ends the other one.
    fn live_logs_in_by(&mut self, _password: &Password) {}

    /// Whether a failover can no longer take back what this session has seen. Asks nobody.
    fn is_settled(&self) -> bool {
        true
    }

    /// Returns when a failover can no longer take back what this session has seen: that its user logs in by
    /// this password. Engines whose writes are safe once they are visible return at once.
    ///
    /// # Errors
    /// [`StatementFault::MajorityMissing`] some time before the deadline.
    async fn settle(&mut self, _deadline: Deadline) -> Result<(), StatementError> {
        Ok(())
    }

    /// Whether the session's user may have a second password that a finished rotation must have ended, and
    /// may end it. The session has logged in by the password that was to be set; `current_logs_in` says
    /// whether that of `AWSCURRENT` has just logged in as well.
    async fn must_end_second(&mut self, _current_logs_in: bool) -> Result<bool, StatementError> {
        Ok(false)
    }

    /// Makes a coming [`Change::OwnPassword`] end every other password, whatever the settings say of keeping
    /// one.
    fn end_second(&mut self, _current_logs_in: bool) {}

    /// Runs a statement of the operator's to its end, so that the server changes nothing by it: in a
    /// read-only transaction that is never committed, or, where the engine has none, by the
    /// [`StatementRule`](crate::StatementRule) of the profile. The server stops it before the deadline, and
    /// at most [`LONGEST_PROOF`](super::LONGEST_PROOF) of its result is read, which is not looked at. The
    /// session is good for nothing but to be dropped afterwards.
    ///
    /// # Errors
    /// [`StatementError`] whose source is the server's code, or what was too large.
    async fn prove(&mut self, statement: &TestStatement, deadline: Deadline) -> Result<(), StatementError>;

    /// Reads what a change depends on and says which statements [`Session::stage`] and [`Session::commit`]
    /// would run. Nothing is changed, and nobody else is kept waiting: where the server has read-only
    /// transactions, this works in one. The session is good for nothing but to be dropped afterwards.
    ///
    /// An engine makes the list by the same function for a plan and for a change, so that a dry run says what
    /// a rotation does.
    ///
    /// # Errors
    /// Those that `stage` would give for what it reads. A missing privilege that only a write needs is not
    /// detected.
    async fn plan(&mut self, change: &Change<'_>, deadline: Deadline) -> Result<Plan, StatementError>;

    /// Prepares a change so that [`Session::commit`] has nothing left to find out. Where the engine has
    /// transactions, the change is made inside one; where it has none, this only reads. Either way nobody
    /// else sees a difference yet, and dropping the session takes all of it back.
    ///
    /// Where the engine has a lock for it, a change of another user first waits until nobody else changes the
    /// two, and says so by [`Turn::taken`].
    async fn stage(
        &mut self,
        change: &Change<'_>,
        turn: &Turn,
        deadline: Deadline,
    ) -> Result<(), StatementError>;

    /// Makes the staged change final. Afterwards the new password logs in; a clone had its grants before
    /// that.
    ///
    /// # Errors
    /// An engine that makes a change statement by statement marks what fails before the password is alone
    /// left ([`StatementError::before_password`]). Of other errors a login by the new password finds out.
    async fn commit(self) -> Result<ChangeReport, StatementError>;

    /// How many logins of the session's user may be refused one after another until the server locks the
    /// account. `None` where it locks none by that, or does not say.
    async fn refusals_until_locked(&mut self) -> Result<Option<u32>, StatementError> {
        Ok(None)
    }

    /// What a change would meet at this server, found out by reading alone: nothing is written and no lock
    /// taken. `pair` is given where a master rotates the session's user.
    async fn facts(&mut self, _pair: Option<&UserPair>) -> Result<ServerFacts, StatementError> {
        Ok(ServerFacts::default())
    }
}

/// What a session found out about its server and its own user. What an engine does not tell is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFacts {
    /// The server's version, as it says it.
    pub version: Option<String>,
    /// Whether it takes writes: false on a replica.
    pub writable: Option<bool>,
    /// Why the session's user could not change its own password.
    pub hindrance: Option<StatementFault>,
    /// What the server's policy demands of passwords that it can see.
    pub password_demands: Vec<PasswordDemand>,
    /// What works and is worth knowing: lower-case sentences without values.
    pub notes: Vec<String>,
    /// What is known of a second password of the session's user, for engines whose users may have one. Absent
    /// where there is none.
    pub second_password: Option<SecondPassword>,
}

/// A password by which a user logs in besides the one that was set last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecondPassword {
    /// There is one.
    Present {
        /// As [`StatementFault::OldPasswordActive`].
        needed: Option<String>,
    },
    /// The server shows it to others alone, and the user's own rotations do not end it.
    Unseen {
        /// The statement after which they do.
        needed: String,
    },
}

/// How a server let a user in, by the engine's own name of the method.
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
        /// The one to set.
        new: &'a Password,
    },
    /// The session's user, a master, brings the other user of a pair to equal and gives it this password.
    OtherUser {
        /// Both users.
        pair: &'a UserPair,
        /// The user that applications log in as now: one of the pair. Its password stays.
        live: &'a super::Username,
        /// The other one of the pair, with the password to set.
        next: &'a Credentials,
        /// The secret on whose behalf.
        owner: &'a PairOwner,
        /// How the live user has logged in at this server in this invocation, where the engine knows it. What
        /// is stored for the other user must be usable by the same method.
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
    /// For lines and machines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tls => "tls",
            Self::Plaintext => "plaintext",
        }
    }
}
