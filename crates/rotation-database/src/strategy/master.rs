//! The master's login: its credentials from the master secret, its server from there or from the lookup, and
//! the proof that current logs in at that same server.

use std::net::IpAddr;

use rotation_core::{CredentialSource, Phase, RelatedSecrets, RotationError, SecretDocument, SecretId};

use super::{Database, Logins};
use crate::{
    ConnectError, DatabaseError, DatabaseLookup, Endpoint, Engine, Login, LoginMethod, MASTER_SECRET, Server,
    Session, TlsMode,
    database_lookup::{common_writer, owner, server_at},
};

/// What is needed to find a master.
pub(super) struct Master<'a, D, A> {
    pub(super) logins: &'a Logins,
    pub(super) secret: &'a SecretId,
    pub(super) lookup: &'a D,
    pub(super) related: &'a A,
    /// The login of current at the secret's own endpoint.
    pub(super) here: Proven,
}

/// A login of current: its server, its address, and its method.
#[derive(Clone, Debug)]
pub(crate) struct Proven {
    endpoint: Endpoint,
    pub(crate) address: Option<IpAddr>,
    pub(crate) method: Option<LoginMethod>,
}

impl Proven {
    /// From this session, which has answered a request of this login.
    pub(crate) fn by(session: &impl Session, login: &Login) -> Self {
        let own = || Endpoint { host: login.host.clone(), port: login.port };
        let endpoint = session.member().unwrap_or_else(own);
        Self { endpoint, address: session.peer(), method: session.method() }
    }
}

/// A session of the master, and its server.
pub(crate) struct MasterLogin<S> {
    pub(crate) session: S,
    pub(super) endpoint: Endpoint,
    /// The login of current there.
    pub(crate) proven: Proven,
}

/// What a master secret tells about its server.
#[derive(Clone, PartialEq, Eq)]
enum Whereabouts {
    /// It names a host, or the members of a replica set.
    At(Vec<Endpoint>),
    /// It holds only a user name and a password: RDS, `DocumentDB` or Redshift manages it, and its tags name
    /// the server.
    Managed,
}

impl<E: Engine, D: DatabaseLookup> Database<E, D> {
    /// A session of the master on the server that accepts the writes, at the address at which current has
    /// logged in. Current logs in before the master's password is sent there, and a changed DNS answer has no
    /// effect.
    ///
    /// The master may have been rotated since its secret was read: after a refused login the secret is read
    /// once more. The lookup is not repeated for that.
    pub(super) async fn login_as_master<A: RelatedSecrets>(
        &self,
        master: &Master<'_, D, A>,
        known: Option<&SecretDocument>,
    ) -> Result<MasterLogin<E::Session>, RotationError> {
        let read;
        let document = match known {
            Some(document) => document,
            None => {
                read = master.related.current_of(master.secret).await.map_err(DatabaseError::from)?;
                &read
            }
        };
        let place = Whereabouts::of::<E>(document)?;
        let writer = self.locate(master, &place).await?;
        let first = master.login::<E>(document, writer.as_ref())?;
        let proven = self.prove_current(master, &first).await?;
        let refusal = match self.login(MASTER_SECRET, &proven.pin(&first)).await {
            Err(error) if error.is_refusal() => error,
            outcome => return self.at(outcome, first, proven),
        };
        let document = master.related.current_of(master.secret).await.map_err(DatabaseError::from)?;
        let moved = Whereabouts::of::<E>(&document)?;
        let writer = if moved == place { writer } else { self.locate(master, &moved).await? };
        let again = master.login::<E>(&document, writer.as_ref())?;
        if again == first {
            return Err(Self::refused(MASTER_SECRET)(refusal));
        }
        let moved = !again.is_at_servers_of(&first);
        let proven = if moved { self.prove_current(master, &again).await? } else { proven };
        let outcome = self.login(MASTER_SECRET, &proven.pin(&again)).await;
        self.at(outcome, again, proven)
    }

    /// The login of current at the server at which the master is about to log in: the one at the secret's own
    /// endpoint, where that is the same server.
    async fn prove_current<A: RelatedSecrets>(
        &self,
        master: &Master<'_, D, A>,
        at: &Login,
    ) -> Result<Proven, RotationError> {
        if at.names(&master.here.endpoint) {
            return Ok(master.here.clone());
        }
        let there = Endpoint { host: at.host.clone(), port: at.port };
        let login = master.logins.current.only_at(there);
        match self.login(CredentialSource::Current, &login).await {
            Ok(session) => Ok(Proven::by(&session, &login)),
            Err(error) if unproven(&error) => {
                Err(DatabaseError::WriterUnproven { host: at.host.to_string(), port: at.port, error }.into())
            }
            Err(error) => Err(Self::refused(CredentialSource::Current)(error)),
        }
    }

    #[expect(clippy::unused_self, reason = "reads as a step of the login")]
    fn at(
        &self,
        outcome: Result<E::Session, ConnectError>,
        login: Login,
        proven: Proven,
    ) -> Result<MasterLogin<E::Session>, RotationError> {
        let session = outcome.map_err(Self::refused(MASTER_SECRET))?;
        Ok(MasterLogin { session, endpoint: Endpoint { host: login.host, port: login.port }, proven })
    }

    /// The server on which the change is to be made; `None` where the master secret names the secret's own
    /// host, so that no lookup is needed. Only hosts are compared, as in AWS's templates: the user may go
    /// through a pooler while the master does not.
    async fn locate<A: RelatedSecrets>(
        &self,
        master: &Master<'_, D, A>,
        place: &Whereabouts,
    ) -> Result<Option<Endpoint>, RotationError> {
        let here = &master.here.endpoint;
        let own = match place {
            Whereabouts::At(own) => own.as_slice(),
            Whereabouts::Managed => &[],
        };
        let names = |is: &dyn Fn(&Endpoint) -> bool| own.iter().any(is);
        let several = own.len() > 1 || !master.logins.current.others.is_empty();
        if names(&|own| own.is_same(here)) || !several && names(&|own| own.host.is_same(&here.host)) {
            return Ok(None);
        }
        match self.journal.timed(Phase::Locate, master.writer::<E>(place)).await {
            // Of the same replica set, but not the member that accepts writes now.
            Err(error)
                if matches!(error.target(), Some(DatabaseError::MasterHostDiffers))
                    && names(&|own| master.logins.current.names(own)) =>
            {
                Err(DatabaseError::MasterLacksMember { member: here.address() }.into())
            }
            writer => writer.map(Some),
        }
    }
}

impl Proven {
    /// The same login at that address alone.
    fn pin(&self, login: &Login) -> Login {
        Login { address: self.address, ..login.clone() }
    }
}

/// Whether a server was reached that refuses current. Other failures may be transient.
fn unproven(error: &ConnectError) -> bool {
    matches!(
        error,
        ConnectError::Refused(_)
            | ConnectError::NoSuchUser(_)
            | ConnectError::AccessRule(_)
            | ConnectError::TlsRequired(_)
            | ConnectError::Locked(_)
            | ConnectError::NoDatabase(_)
    )
}

impl Whereabouts {
    fn of<E: Engine>(document: &SecretDocument) -> Result<Self, RotationError> {
        let lacks = |field| document.get(field).is_none();
        if lacks("engine") && lacks("host") && !lacks("username") && !lacks("password") {
            return Ok(Self::Managed);
        }
        let login = Login::from_document(document, &E::PROFILE).map_err(DatabaseError::MasterDocument)?;
        Ok(Self::At(login.endpoints().collect()))
    }
}

impl<D: DatabaseLookup, A: RelatedSecrets> Master<'_, D, A> {
    /// The server that accepts the writes both for the master's server and for the secret's host, according
    /// to the lookup.
    async fn writer<E: Engine>(&self, place: &Whereabouts) -> Result<Endpoint, RotationError> {
        let host = &self.here.endpoint.host;
        let writer = match place {
            Whereabouts::At(own) => match server_at(self.lookup, host).await? {
                Some(server) => common_writer(self.lookup, server, &own[0].host).await?,
                // The secret's host may be an additional name of the master's own server.
                None => match server_at(self.lookup, &own[0].host).await? {
                    Some(server) => common_writer(self.lookup, server, host).await?,
                    None => return Err(DatabaseError::MasterHostDiffers.into()),
                },
            },
            Whereabouts::Managed => common_writer(self.lookup, self.owner().await?, host).await?,
        };
        if !E::PROFILE.engines.contains(&writer.engine.as_str()) {
            return Err(DatabaseError::MasterEngineDiffers.into());
        }
        Ok(writer.endpoint_for(host).cloned().ok_or(DatabaseError::SourceNotFound)?)
    }

    /// The server that manages the master secret, from the tags that only its service can set.
    async fn owner(&self) -> Result<Server, RotationError> {
        let tags = self.related.tags_of(self.secret).await;
        let tags = tags.map_err(DatabaseError::MasterUnreadable)?;
        let arn = owner(tags.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        let arn = arn.ok_or(DatabaseError::MasterOwnerUnknown)?;
        let server = self.lookup.by_arn(&arn).await.map_err(DatabaseError::DatabaseLookup)?;
        Ok(server.filter(|server| !server.endpoints.is_empty()).ok_or(DatabaseError::MasterOwnerNotFound)?)
    }

    /// The login on that server. It opens the secret's own database, which has the objects of the two users.
    fn login<E: Engine>(
        &self,
        document: &SecretDocument,
        writer: Option<&Endpoint>,
    ) -> Result<Login, RotationError> {
        let Logins { current, pending } = self.logins;
        let completed;
        let document = match writer {
            Some(writer) if document.get("host").is_none() => {
                completed = document
                    .clone()
                    .with_text("engine", E::PROFILE.engines[0])
                    .with_text("host", writer.host.as_str())
                    .with_text("port", &writer.port.to_string());
                &completed
            }
            _ => document,
        };
        let master = Login::from_document(document, &E::PROFILE).map_err(DatabaseError::MasterDocument)?;
        let users = [&current.credentials.username, &pending.credentials.username];
        if users.contains(&&master.credentials.username) {
            return Err(DatabaseError::MasterSameAsSecret.into());
        }
        // Where the secret demands TLS, the password of the same server's master is not sent in cleartext
        // just because its own secret does not mention TLS.
        let tls = match (master.tls, current.tls) {
            (TlsMode::Preferred, TlsMode::Required) => TlsMode::Required,
            (own, _) => own,
        };
        let at = self.endpoint(&master, writer);
        let replica_set = master.replica_set.clone().or_else(|| current.replica_set.clone());
        // Where the two users are defined, for engines whose users belong to databases. The master's own
        // document names the master's database.
        let database = current.home.as_ref().or(current.database.as_ref()).cloned();
        Ok(Login { replica_set, database, tls, ..master.only_at(at) })
    }

    /// Where the master writes: the member at which current has logged in, where the master secret names it.
    /// Where a master secret names the writer itself, its port is used.
    fn endpoint(&self, login: &Login, writer: Option<&Endpoint>) -> Endpoint {
        let here = &self.here.endpoint;
        let of_host = |host| login.endpoints().find(|own| own.host.is_same(host));
        let own = login.endpoints().find(|own| own.is_same(here));
        own.or_else(|| match writer {
            Some(writer) => of_host(&writer.host).or_else(|| Some(writer.clone())),
            None => of_host(&here.host),
        })
        .unwrap_or_else(|| Endpoint { host: login.host.clone(), port: login.port })
    }
}
