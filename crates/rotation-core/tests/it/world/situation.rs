//! Where a rotation may start from.

use std::{collections::BTreeSet, rc::Rc};

use rotation_core::{
    SecretId, StagingLabel,
    database::{MasterSecret, Strategy},
};

use super::{
    Atlas, Clean, Kind, MASTER, SecretModel, ServerModel, Service, StoreModel, User, Value, Variant, World,
    store::ARN, version,
};

/// How the function was deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Plan {
    SingleUser,
    /// Single user, with passwords that Secrets Manager makes.
    SingleUserByService,
    /// Alternating users, with the master secret in the function's settings.
    Alternating,
    /// Alternating users, with the master secret in the secret's `masterarn` only.
    AlternatingByField,
}

impl Plan {
    pub(crate) fn strategy(self, world: &Rc<World>) -> Strategy<Atlas> {
        let directory = Atlas(Rc::clone(world));
        match self {
            Self::SingleUser | Self::SingleUserByService => Strategy::SingleUser,
            Self::Alternating => {
                let deployed = Some(SecretId::new(MASTER).unwrap());
                Strategy::AlternatingUsers { master: MasterSecret { deployed }, directory }
            }
            Self::AlternatingByField => {
                Strategy::AlternatingUsers { master: MasterSecret::default(), directory }
            }
        }
    }

    pub(crate) fn is_single(self) -> bool {
        matches!(self, Self::SingleUser | Self::SingleUserByService)
    }
}

/// What went before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Situation {
    /// A secret that was never rotated, and no clone.
    Fresh,
    /// The rotation before went well.
    SecondRotation,
    /// AWSPENDING holds a value and the database its password, but the clone has no grants: what AWS's template
    /// leaves after a crash between the two.
    LeftOver,
    /// Two rotations went well; since then a grant was given and another taken.
    Drifted,
    /// A rotation was cancelled by hand while AWSCURRENT logged in, and its version has lost its label. Where that was
    /// possible after setSecret, the database has that version's password.
    Abandoned,
}

impl Situation {
    pub(crate) const ALL: [Self; 5] =
        [Self::Fresh, Self::SecondRotation, Self::LeftOver, Self::Drifted, Self::Abandoned];

    /// The world in this situation, with a rotation that the service has just begun.
    pub(crate) async fn prepare(self, plan: Plan, kind: Kind, variant: Variant) -> Service {
        let world = fresh(kind);
        let service = |number, clean| Service {
            world: Rc::clone(&world),
            plan,
            variant,
            token: version(number),
            actor: 0,
            clean,
        };
        let rotate_healthily = async |number, clean| {
            let service = Service { variant: Variant::Sound, ..service(number, clean) };
            service.begin();
            assert_eq!(service.rotate().await, Some(1), "a healthy rotation");
        };
        match self {
            Self::Fresh => service(2, Clean::Leaves).started(),
            Self::SecondRotation => {
                rotate_healthily(2, Clean::Leaves).await;
                service(3, Clean::Removes).started()
            }
            Self::Drifted => {
                rotate_healthily(2, Clean::Removes).await;
                rotate_healthily(3, Clean::Leaves).await;
                let mut server = world.server.borrow_mut();
                let grants = &mut server.users.get_mut("app").unwrap().grants;
                grants.remove("SELECT ON old");
                grants.insert("SELECT ON new".into());
                drop(server);
                service(4, Clean::Removes).started()
            }
            Self::LeftOver => {
                let service = service(2, Clean::Removes);
                service.begin();
                leave_over(&world, plan);
                service.started()
            }
            Self::Abandoned => {
                service(5, Clean::Leaves).begin();
                if !plan.is_single() || kind.keeps_two_passwords() {
                    leave_over(&world, plan);
                }
                world.store.borrow_mut().secret_mut().unlabel(&StagingLabel::Pending);
                service(6, Clean::Leaves).started()
            }
        }
    }
}

fn leave_over(world: &World, plan: Plan) {
    let user = if plan.is_single() { "app" } else { "app_clone" };
    let mut store = world.store.borrow_mut();
    let secret = store.secret_mut();
    let pending = secret.holder(&StagingLabel::Pending).unwrap().clone();
    secret.versions.get_mut(&pending).unwrap().value = Some(Value::Text(document(user, "left-over-1")));
    let mut server = world.server.borrow_mut();
    let clone = User { clone_of: Some("app".into()), ..User::default() };
    let keeps_old = plan.is_single() && server.kind.keeps_two_passwords();
    let user = server.users.entry(user.into()).or_insert(clone);
    let old = user.password.replace("left-over-1".into());
    user.secondary = old.filter(|_| keeps_old);
}

/// A user with its secret, a master with its own, and a bystander.
fn fresh(kind: Kind) -> Rc<World> {
    let mut store = StoreModel::default();
    let secret = SecretModel::new(&version(1), Value::Text(document("app", "first-password")));
    store.secrets.insert(ARN.into(), secret);
    let master = SecretModel::new(&version(1), Value::Text(document("master", "master-password")));
    store.secrets.insert(MASTER.into(), master);
    let mut server = ServerModel { kind, ..ServerModel::default() };
    let app = User::new("first-password", grants(&["SELECT ON old", "INSERT ON orders"]));
    server.users.insert("app".into(), app);
    server.users.insert("master".into(), User::new("master-password", grants(&["CREATEROLE"])));
    server.users.insert("bystander".into(), User::new("bystander-password", grants(&["SELECT ON old"])));
    World::new(store, server)
}

pub(crate) fn grants(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// A secret's value, with a field that nobody knows.
pub(crate) fn document(username: &str, password: &str) -> String {
    format!(
        r#"{{"engine":"model","host":"db.example.com","port":5432,"username":"{username}","password":"{password}","masterarn":"{MASTER}","team":{{"name":"payments","level": 1.50}}}}"#
    )
}
