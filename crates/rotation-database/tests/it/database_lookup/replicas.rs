//! Waiting for a replica, and how far a chain of them is followed.

use std::{rc::Rc, time::Duration};

use rotation_core::{SecretDocument, StagingLabel, Step, Target};
use rotation_database::{Database, DatabaseSettings};

use super::{CLUSTER, Found, Master, READERS, REPLICA, WRITER, prepare};
use crate::world::{Fault, Plan, Replica, Server, Value, World, invocation, policy};

/// Rotates a replica's secret where the replica refuses this number of logins after the change.
fn lagging(refusals: usize) -> Result<usize, (&'static str, usize)> {
    World::run(async {
        let service = prepare(REPLICA, Master::At(WRITER)).await;
        service.world.server.borrow_mut().replica = Some(Replica { host: REPLICA, refusals });
        for step in Step::ALL {
            let outcome = service.invoke(step).await.unwrap();
            let refused = service.world.server.borrow().attempts.iter().filter(|one| !one.accepted).count();
            outcome.map_err(|error| (error.code().name(), refused))?;
        }
        let server = service.world.server.borrow();
        Ok(server.attempts.iter().filter(|attempt| !attempt.accepted).count())
    })
}

/// setSecret waits until the replica lets the new user in.
#[test]
fn set_waits_for_the_replica() {
    assert_eq!(lagging(0), Ok(0));
    assert_eq!(lagging(4), Ok(4));
    // Logins after 100, 200, 400 ... ms, then every two seconds, until the last of the invocation's 25
    // seconds.
    assert_eq!(lagging(1000), Err(("REPLICA_LAGS", 16)));
}

/// testSecret waits for a replica, and for no other server.
#[test]
fn test_waits_for_a_replica_only() {
    World::run(async {
        for (host, refusals, expected) in
            [(REPLICA, 3, Ok(())), (READERS, 3, Ok(())), (WRITER, 1, Err("DB_AUTH_REFUSED"))]
        {
            let master = if host == READERS { CLUSTER } else { WRITER };
            let service = prepare(host, Master::At(master)).await;
            service.invoke(Step::Create).await.unwrap().unwrap();
            service.invoke(Step::Set).await.unwrap().unwrap();
            service.world.server.borrow_mut().replica = Some(Replica { host, refusals });
            let asked = || {
                let gate = service.world.gate.borrow();
                gate.log.iter().filter(|(_, name)| name.starts_with("lookup: ")).count()
            };
            let before = asked();
            let outcome = service.invoke(Step::Test).await.unwrap();
            assert_eq!(outcome.map(drop).map_err(|error| error.code().name()), expected, "{host}");
            assert_eq!(asked() - before, 1, "however many logins are refused");
        }
    });
}

/// A replica that cannot be reached is not waited for.
#[test]
fn unreachable_replica_is_not_awaited() {
    for step in [Step::Set, Step::Test] {
        World::run(async {
            let service = prepare(REPLICA, Master::At(WRITER)).await;
            let before = Step::ALL.into_iter().take_while(|one| *one != step);
            for earlier in before {
                service.invoke(earlier).await.unwrap().unwrap();
            }
            let healthy = service.fork();
            healthy.invoke(step).await.unwrap().unwrap();
            let log = healthy.world.gate.borrow().log.clone();
            let last = log.iter().rposition(|(_, name)| *name == "server: connect").unwrap();
            let broken = service.fork();
            broken.world.gate.borrow_mut().faults = vec![(last, Fault::Before)];
            let error = broken.invoke(step).await.unwrap().unwrap_err();
            assert_eq!(error.code(), "NET_DB_UNREACHABLE", "{step}");
            let tried =
                broken.world.gate.borrow().log.iter().rposition(|(_, name)| *name == "server: connect");
            assert_eq!(tried, Some(last), "{step}");
        });
    }
}

/// A lagging replica is reported next to what logs in.
#[test]
fn lagging_replica_is_reported() {
    World::run(async {
        let service = prepare(REPLICA, Master::At(WRITER)).await;
        service.world.server.borrow_mut().replica = Some(Replica { host: REPLICA, refusals: 1000 });
        service.invoke(Step::Create).await.unwrap().unwrap();
        let (outcome, journal) = service.journaled(Step::Set).await.unwrap();
        assert_eq!(outcome.unwrap_err().code(), "REPLICA_LAGS");
        assert_eq!(journal.state().unwrap().to_string(), "AWSCURRENT logs in; AWSPENDING does not");
    });
}

/// A replica is tried as long as a second is left afterwards.
/// The last attempt is made while a second is left to report the result.
#[test]
fn tried_while_a_second_is_left() {
    World::run(async {
        let service = prepare(REPLICA, Master::At(WRITER)).await;
        service.invoke(Step::Create).await.unwrap().unwrap();
        service.invoke(Step::Set).await.unwrap().unwrap();
        let text = {
            let store = service.world.store.borrow();
            let Some(Value::Text(text)) = store.secret().value(&StagingLabel::Pending) else {
                unreachable!()
            };
            SecretDocument::parse(text).unwrap()
        };
        for (milliseconds, tries) in [(1099, 2), (1100, 3), (1299, 3), (1300, 4)] {
            let world = Rc::clone(&service.fork().world);
            world.server.borrow_mut().replica = Some(Replica { host: REPLICA, refusals: 1000 });
            world.server.borrow_mut().attempts.clear();
            let (server, strategy) = (Server(Rc::clone(&world)), Plan::Alternating.strategy(&world));
            let invocation = invocation(Duration::from_millis(milliseconds));
            let database = Database::new(server, strategy, DatabaseSettings::new(policy()), &invocation);
            assert_eq!(database.verify(&text).await.unwrap_err().code(), "REPLICA_LAGS");
            assert_eq!(world.server.borrow().attempts.len(), tries, "{milliseconds} ms");
        }
    });
}

/// A chain of this number of servers, each of which follows the next.
#[track_caller]
fn check_chain(length: usize, expected: Result<(&str, u16, usize), &'static str>) {
    let found: Found = World::run(async {
        let service = prepare("host-0.example.com", Master::At("db.example.com")).await;
        let names: Vec<_> = (0..length).map(|at| format!("db:host-{at}")).collect();
        for at in 0..length {
            let host = format!("host-{at}.example.com");
            let follows = names.get(at + 1).map(String::as_str);
            let hosts = if at + 1 == length { vec!["db.example.com"] } else { vec![host.as_str()] };
            service.world.lookup.borrow_mut().add("model", &names[at], &hosts, follows);
        }
        service.invoke(Step::Create).await.unwrap().map_err(|error| error.code().name())?;
        service.invoke(Step::Set).await.unwrap().map_err(|error| error.code().name())?;
        let server = service.world.server.borrow();
        let master = server.attempts.iter().find(|one| one.username == "master").unwrap();
        Ok((master.host.clone(), master.port, length))
    });
    let found = found.as_ref().map(|(host, port, length)| (host.as_str(), *port, *length));
    assert_eq!(found, expected.as_ref().copied(), "{length}");
}

/// A chain of replicas is followed for eight servers.
#[test]
fn chain_of_eight_servers() {
    check_chain(8, Ok(("db.example.com", 5432, 8)));
    check_chain(9, Err("MASTER_HOST_DIFFERS"));
}
