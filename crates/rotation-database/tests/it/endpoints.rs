//! What may answer at an endpoint instead of the server: a pooler that refuses on its own, and another
//! server.

use std::{rc::Rc, time::SystemTime};

use rotation_core::{
    Applied, Deadline, Invoker, Journal, Outcome, RotationError, RotationEvent, Rotator, SecretId,
    StagingLabel, Step, diagnosis::Access,
};
use rotation_database::{Cause, ConnectError, Engine, EngineProfile, Login, Transport};
use rotation_doctor::{Diagnosis, Doctor, Logins, Remedy};

use crate::world::{
    ARN, Kind, MASTER, Plan, Server, Service, Situation, Store, Value, Variant, World, invocation,
};

/// The model's engine, by what is at the endpoint.
enum By {
    /// A pooler that gets the passwords from the server, and refuses on its own what the server would refuse.
    Pooler(Server),
    /// A peer that has not proved to be the server when it refuses a password.
    Unproven(Server),
    /// The server at its own port; at other ports of the host is a server that knows only the master.
    TwoServers(Server),
}

impl Engine for By {
    const PROFILE: EngineProfile = Server::PROFILE;
    type Session = <Server as Engine>::Session;

    async fn connect(
        &self,
        login: &Login,
        transport: Transport,
        deadline: Deadline,
    ) -> Result<Self::Session, ConnectError> {
        match self {
            Self::Pooler(server) => match server.connect(login, transport, deadline).await {
                Err(ConnectError::Refused(_)) => Err(ConnectError::Proxy(Cause::new("08P01"))),
                outcome => outcome,
            },
            Self::Unproven(server) => match server.connect(login, transport, deadline).await {
                Err(ConnectError::Refused(cause)) => Err(ConnectError::Refused(cause.unproven())),
                outcome => outcome,
            },
            Self::TwoServers(server) => {
                let own = login.port == Self::PROFILE.default_port;
                if own || login.credentials.username.as_str() == "master" {
                    return server.connect(login, transport, deadline).await;
                }
                Err(ConnectError::Refused(Cause::new("28P01")))
            }
        }
    }
}

async fn created(plan: Plan, kind: Kind) -> Service {
    let service = Situation::Fresh.prepare(plan, kind, Variant::Sound).await;
    service.invoke(Step::Create).await.unwrap().unwrap();
    service
}

/// Runs setSecret there, and returns what its journal then contains.
async fn set(service: &Service, by: fn(Server) -> By) -> (Result<Outcome, RotationError>, Journal) {
    let invocation = invocation(Service::TIME);
    let target = service.database(by(Server(Rc::clone(&service.world))), &invocation);
    let rotator = Rotator::new(Store(Rc::clone(&service.world)), target, &invocation);
    let (secret, version) = (SecretId::new(ARN).unwrap(), service.token.clone());
    let event = RotationEvent { step: Step::Set, secret, version, rotation_token: None };
    // Boxed, because it would make every future that waits for this one large.
    let outcome = Box::pin(rotator.rotate(&event)).await;
    (outcome, invocation.journal)
}

/// An interrupted change is found through a pooler.
/// Otherwise a single user that was interrupted after the change would never be rotated to the end through a
/// pooler.
#[test]
fn interrupted_change_through_a_pooler() {
    World::run(async {
        let service = created(Plan::SingleUser, Kind::Transactional).await;
        service.invoke(Step::Set).await.unwrap().unwrap();
        let (outcome, journal) = set(&service, By::Pooler).await;
        assert!(matches!(outcome, Ok(Outcome::Set(Applied::AlreadySet))), "{outcome:?}");
        let known = "AWSCURRENT could not be tried (DB_PROXY_ANSWER); AWSPENDING logs in";
        assert_eq!(journal.state().unwrap().to_string(), known);
    });
}

/// What a pooler refuses is not known to be refused by the server.
/// Nothing follows from answers that do not come from the server: AWSPREVIOUS is not tried, and no user is
/// changed.
#[test]
fn poolers_refusal_is_unknown() {
    World::run(async {
        let service = created(Plan::SingleUser, Kind::Transactional).await;
        service.world.server.borrow_mut().users.get_mut("app").unwrap().password = Some("another".into());
        let users = service.world.server.borrow().users.clone();
        let (outcome, journal) = set(&service, By::Pooler).await;
        assert_eq!(outcome.unwrap_err().code(), "DB_PROXY_ANSWER");
        assert_eq!(journal.logins().len(), 2);
        assert_eq!(service.world.server.borrow().users, users, "no user is changed");
    });
}

/// What an unproven server refuses moves no label.
/// A rotation tries the next password nevertheless. Doctor treats the login as unknown and moves no label.
#[test]
fn unproven_refusal_moves_no_label() {
    World::run(async {
        let service = created(Plan::SingleUser, Kind::Transactional).await;
        service.invoke(Step::Set).await.unwrap().unwrap();
        let invocation = invocation(Service::TIME);
        let look = async |by: fn(Server) -> By| {
            let database = service.database(by(Server(Rc::clone(&service.world))), &invocation);
            let store = Store(Rc::clone(&service.world));
            let (invoker, logins, now) = (Invoker::Person, Logins::Each, SystemTime::UNIX_EPOCH);
            let doctor = Doctor { store: &store, target: &database, invoker, logins, now };
            doctor.diagnose(&SecretId::new(ARN).unwrap()).await.unwrap()
        };
        let current = |diagnosis: &Diagnosis| {
            let versions = &diagnosis.situation.versions;
            versions.iter().find(|version| version.labels.contains(&StagingLabel::Current)).unwrap().access
        };
        let proven = look(By::TwoServers).await;
        assert_eq!(current(&proven), Access::Refused);
        assert!(matches!(proven.advice.remedy, Remedy::Move { .. }), "{:?}", proven.advice);
        let unproven = look(By::Unproven).await;
        assert_eq!(current(&unproven), Access::Unknown);
        assert!(!matches!(unproven.advice.remedy, Remedy::Move { .. }), "{:?}", unproven.advice);

        let (outcome, _) = set(&service, By::Unproven).await;
        assert!(matches!(outcome, Ok(Outcome::Set(Applied::AlreadySet))), "{outcome:?}");
    });
}

/// A repeated password behind a pooler is unknown.
/// AWSCURRENT logs in with the second password, the server has had the new one before, and the pooler refuses
/// it: the password policy is not the cause, and its hint would abandon AWSPENDING.
#[test]
fn repeated_password_behind_a_pooler() {
    World::run(async {
        let service = created(Plan::SingleUser, Kind::TwoPasswordsWithHistory).await;
        service.invoke(Step::Set).await.unwrap().unwrap();
        {
            let mut server = service.world.server.borrow_mut();
            let app = server.users.get_mut("app").unwrap();
            let new = app.password.take();
            app.history.extend(new);
        }
        let (outcome, _) = set(&service, By::Pooler).await;
        assert_eq!(outcome.unwrap_err().code(), "DB_PROXY_ANSWER");
    });
}

/// AWSCURRENT is judged at its own endpoint.
/// A refusal of AWSCURRENT by another server, where the master is, shows nothing about its own server.
#[test]
fn current_is_judged_at_its_endpoint() {
    World::run(async {
        let service = created(Plan::Alternating, Kind::Transactional).await;
        for version in service.world.store.borrow_mut().secrets.get_mut(MASTER).unwrap().versions.values_mut()
        {
            let Some(Value::Text(text)) = &mut version.value else { unreachable!() };
            *text = text.replace(r#""port":5432"#, r#""port":5433"#);
        }
        let (outcome, journal) = set(&service, By::TwoServers).await;
        assert_eq!(outcome.unwrap_err().code(), "MASTER_ENDPOINT_UNPROVEN");
        assert_eq!(journal.state().unwrap().to_string(), "AWSCURRENT logs in");
    });
}
