//! What differs in each situation.

use super::{Plan, Situation, grants};
use crate::world::{
    Acting, Form, OTHER, OTHER_IDENTITY, PairMark, Place, SecretModel, User, Value, World, document, version,
};

/// A pooler's port.
const POOLER: u16 = 6432;
/// The port of another server.
const ELSEWHERE: u16 = 5433;

/// Sets up the world for the situation, after the rotations that succeeded.
pub(super) fn set_up(situation: Situation, world: &World, plan: Plan) {
    match situation {
        Situation::Fresh | Situation::SecondRotation | Situation::LeftOver | Situation::Abandoned => {}
        Situation::Drifted => with(world, "app", |app| {
            app.grants.remove("SELECT ON old");
            app.grants.insert("SELECT ON new".into());
        }),
        Situation::OtherPort | Situation::Pooler | Situation::PoolerAlone | Situation::StaleProxy => {
            ports(situation, world);
        }
        Situation::OtherForm => world.server.borrow_mut().setting = Form::Md5,
        Situation::Gained => with(world, "app_clone", |clone| {
            clone.grants.insert("EXECUTE made".into());
        }),
        Situation::OriginalGained => with(world, "app", |app| {
            app.grants.insert("SELECT ON new".into());
        }),
        Situation::OriginalLost => with(world, "app", |app| {
            app.grants.remove("SELECT ON old");
        }),
        Situation::FormerMark => with(world, "app_clone", |clone| clone.mark = Some(PairMark::default())),
        Situation::Unmarked => with(world, "app_clone", by_the_template),
        Situation::Stranger => {
            let stranger = User::new("strange-password", grants(&["SELECT ON wages"]));
            world.server.borrow_mut().users.insert("app_clone".into(), stranger);
        }
        Situation::OtherSecret | Situation::TakenOver => anothers(situation, world, plan),
        Situation::OutOfReach => {
            world.adopting.set(true);
            with(world, "app_clone", |clone| {
                by_the_template(clone);
                clone.owns.insert("TABLE made".into());
            });
        }
        Situation::IdleOwner => with(world, "app_clone", |clone| {
            clone.owns.insert("TABLE made".into());
        }),
        Situation::SecondaryLeft => {
            let users: &[_] = if plan.is_single() { &["app"] } else { &["app", "app_clone"] };
            for user in users {
                with(world, user, |user| user.secondary = Some("kept-password".into()));
            }
        }
        Situation::SecondaryInUse => {
            let unlabeled = Value::Text(document("app", "unlabeled-password"));
            world.store.borrow_mut().secret_mut().versions.entry(version(5)).or_default().value =
                Some(unlabeled);
            with(world, "app", |app| app.secondary = app.password.replace("unlabeled-password".into()));
        }
        Situation::Parted => with(world, "app_clone", |clone| clone.acting = Acting::Parted),
    }
}

fn with(world: &World, user: &str, change: impl FnOnce(&mut User)) {
    change(world.server.borrow_mut().users.get_mut(user).unwrap());
}

/// AWS's template leaves no mark, and its clone acts as itself.
fn by_the_template(clone: &mut User) {
    (clone.mark, clone.acting) = (None, Acting::Own);
}

fn ports(situation: Situation, world: &World) {
    let (mut store, mut server) = (world.store.borrow_mut(), world.server.borrow_mut());
    if situation == Situation::OtherPort {
        // The same names, but another password for the user that is rotated.
        let mut users = server.users.clone();
        users.get_mut("app").unwrap().password = Some("elsewhere-password".into());
        server.places.insert(ELSEWHERE, Place::Server(users));
        store.secrets.get_mut(crate::world::MASTER).unwrap().move_to(ELSEWHERE);
        return;
    }
    let place = if situation == Situation::StaleProxy {
        Place::Proxy([("app".to_owned(), "first-password".to_owned())].into())
    } else {
        Place::Pooler
    };
    server.places.insert(POOLER, place);
    server.master_alone = situation == Situation::PoolerAlone;
    store.secret_mut().move_to(POOLER);
}

/// The user whose turn it is carries the mark of another secret, and is that secret's AWSCURRENT.
fn anothers(situation: Situation, world: &World, plan: Plan) {
    let (mut store, mut server) = (world.store.borrow_mut(), world.server.borrow_mut());
    let app = &server.users["app"];
    let (name, password) =
        if plan.is_single() { ("app", "first-password") } else { ("app_clone", "others-password") };
    let mark = PairMark { secret: Some(OTHER_IDENTITY.into()), had: app.grants.clone() };
    let user = User { mark: Some(mark), ..User::new(password, app.grants.clone()) };
    server.users.insert(name.into(), user);
    if situation == Situation::TakenOver {
        world.adopting.set(true);
    } else {
        let other = SecretModel::new(&version(1), Value::Text(document(name, password)));
        store.secrets.insert(OTHER.into(), other);
    }
}
