//! Dry runs: they report what a rotation then does, and change nothing.

use rotation_core::{Act as Planned, DryRun, Reader, Step};

use crate::world::{Act, FAULTS, Fault, Kind, Plan, Service, Situation, Variant, World};

const SITUATIONS: [Situation; 3] = [Situation::Fresh, Situation::SecondRotation, Situation::Drifted];
const PLANS: [Plan; 3] = [Plan::SingleUser, Plan::Alternating, Plan::AlternatingByField];

/// Everything that a dry run must not change.
fn state(world: &World) -> String {
    let (store, server) = (world.store.borrow(), world.server.borrow());
    format!("{} {} {}", store.writes, server.changes, world.digest())
}

fn acts(dry_run: &DryRun, step: Step) -> Vec<String> {
    let steps = dry_run.steps.iter().filter(|(of, _)| *of == step);
    steps.flat_map(|(_, acts)| acts.iter().map(ToString::to_string)).collect()
}

/// The kinds of the statements that would be run, by the first words of their texts.
fn kinds(dry_run: &DryRun) -> Vec<String> {
    let acts = dry_run.steps.iter().flat_map(|(_, acts)| acts);
    let kind = |act: &Planned| match act {
        Planned::Run { statement, .. } => Some(kind_of(statement)),
        _ => None,
    };
    acts.filter_map(kind).collect()
}

fn kind_of(statement: &str) -> String {
    let kinds = [
        ("create ", "create user"),
        ("grant ", "grant"),
        ("revoke ", "revoke"),
        ("reassign ", "reassign"),
        ("let ", "act as the original"),
        ("mark ", "mark"),
        ("discard ", "discard"),
        ("set password ", "set password"),
    ];
    let (_, kind) = kinds.iter().find(|(start, _)| statement.starts_with(start)).unwrap();
    format!("server: {kind}")
}

/// The writes that the server received, in order.
fn writes(service: &Service) -> Vec<String> {
    let gate = service.world.gate.borrow();
    let of_reading =
        ["server: connect", "server: take turn", "server: stage", "server: plan", "server: probe"];
    let calls = gate.log.iter().map(|(_, name)| *name).filter(|name| name.starts_with("server: "));
    calls.filter(|name| !of_reading.contains(name)).map(str::to_owned).collect()
}

/// A dry run of any step reports what the step then does, and changes nothing.
#[test]
fn reports_what_each_step_then_does() {
    for plan in PLANS {
        for situation in SITUATIONS {
            World::run(async {
                let service = situation.prepare(plan, Kind::Autocommit, Variant::Sound).await.started();
                let mut of_create = Vec::new();
                for step in Step::ALL {
                    let before = state(&service.world);
                    let dry_run = service.dry_run(step).await.unwrap().unwrap();
                    assert_eq!(state(&service.world), before, "{plan:?}, {situation:?}, {step}");
                    assert_eq!(writes(&service), [""; 0]);
                    let steps: Vec<_> = dry_run.steps.iter().map(|(step, _)| *step).collect();
                    if step == Step::Create {
                        assert_eq!(steps, Step::ALL);
                        of_create = kinds(&dry_run);
                    } else {
                        assert_eq!(steps, [step]);
                    }
                    service.world.gate.borrow_mut().log.clear();
                    service.invoke(step).await.unwrap().unwrap();
                    let written = writes(&service);
                    service.world.gate.borrow_mut().log.clear();
                    if step == Step::Set {
                        assert!(!written.is_empty());
                        assert_eq!(kinds(&dry_run), written, "{plan:?}, {situation:?}");
                        assert_eq!(dry_run.statements(), written.len());
                        assert_eq!(of_create, written, "{plan:?}, {situation:?}");
                    }
                }
                let text = acts(&service.dry_run_all().await.unwrap(), Step::Finish).concat();
                assert!(text.ends_with("to the new one"), "{text}");
                assert!(service.dry_run(Step::Create).await.unwrap().is_none());
            });
        }
    }
}

/// A dry run changes nothing, whichever call fails.
#[test]
fn changes_nothing_on_any_failure() {
    let mut invocations = 0;
    for plan in PLANS {
        for situation in SITUATIONS {
            for fault in FAULTS.into_iter().filter(|fault| !matches!(fault, Fault::Kill | Fault::KillAfter)) {
                for place in 0.. {
                    let over = World::run(async {
                        let service =
                            situation.prepare(plan, Kind::Autocommit, Variant::Sound).await.started();
                        service.world.gate.borrow_mut().faults = vec![(place, fault)];
                        let before = state(&service.world);
                        let _ = service.dry_run(Step::Create).await;
                        assert_eq!(
                            state(&service.world),
                            before,
                            "{plan:?}, {situation:?}, {fault:?} at {place}"
                        );
                        service.world.gate.borrow().calls <= place
                    });
                    invocations += 1;
                    if over {
                        break;
                    }
                }
            }
        }
    }
    println!("{invocations} dry runs");
    assert!(invocations > 300, "{invocations}");
}

/// The operator sees the version that would be resumed, and no password.
#[test]
fn resumed_version_without_its_password() {
    World::run(async {
        let service =
            Situation::Fresh.prepare(Plan::Alternating, Kind::Transactional, Variant::Sound).await.started();
        let dry_run = service.dry_run_all().await.unwrap();
        let store = acts(&dry_run, Step::Create).concat();
        assert!(store.contains(service.token.as_str()), "{store}");
        service.invoke(Step::Create).await.unwrap().unwrap();
        let before = state(&service.world);
        let dry_run = service.dry_run_all().await.unwrap();
        assert_eq!(state(&service.world), before);
        let kept = acts(&dry_run, Step::Create).concat();
        assert!(kept.ends_with("has its value, which would stay"), "{kept}");
        let said = acts(&dry_run, Step::Set);
        assert_eq!(said.first().unwrap(), "as the master secret, would run: create app_clone");
        assert_eq!(said.last().unwrap(), "as the master secret, would run: set password of app_clone to ...");
    });
}

/// A dry run of testSecret names what proves the pending version.
#[test]
fn test_step_names_its_proof() {
    World::run(async {
        let service =
            Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await.started();
        service.invoke(Step::Create).await.unwrap().unwrap();
        let said = acts(&service.dry_run(Step::Test).await.unwrap().unwrap(), Step::Test);
        assert_eq!(said, ["would log in with the new password and run: select 1"]);
    });
}

/// A dry run continues from AWSPREVIOUS, as the rotation would.
#[test]
fn continues_from_awsprevious() {
    World::run(async {
        let service =
            Situation::Fresh.prepare(Plan::SingleUser, Kind::Transactional, Variant::Sound).await.started();
        service.invoke(Step::Create).await.unwrap().unwrap();
        // The value was stored without changing the database, so AWSPREVIOUS is what logs in.
        Act::ValuePut.by_hand(&service.world);
        let said = acts(&service.dry_run(Step::Set).await.unwrap().unwrap(), Step::Set);
        assert_eq!(said, ["as AWSPREVIOUS, would run: set password of app to ..."]);
    });
}

/// A dry run shows its steps, and fails by what is certain.
/// A missing privilege ends a dry run only where the server reports it for certain, and not before the steps
/// are shown.
#[test]
fn shows_steps_before_it_fails() {
    for (is_certain, code) in [(true, Some("DB_PRIVILEGE_MISSING")), (false, None)] {
        for plan in PLANS {
            World::run(async {
                let service =
                    Situation::Fresh.prepare(plan, Kind::Transactional, Variant::Sound).await.started();
                service.world.server.borrow_mut().lacking = Some(("GRANT it", is_certain));
                let dry_run = service.dry_run_all().await.unwrap();
                assert!(dry_run.statements() > 0, "the plan is shown");
                let of_create = service.dry_run(Step::Create).await.unwrap().unwrap();
                for DryRun { obstacle, .. } in [&dry_run, &of_create] {
                    assert_eq!(obstacle.as_ref().map(|error| error.code().name()), code);
                    let remediation = obstacle.as_ref().map(|error| error.remediation(Reader::Operator));
                    assert!(remediation.is_none_or(|remediation| remediation.ends_with("GRANT it")));
                }
                assert_eq!(dry_run.end().code().name(), code.unwrap_or("DRY_RUN"));
            });
        }
    }
}
