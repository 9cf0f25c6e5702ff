//! The situations from which a rotation may start.

mod starts;

use std::{collections::BTreeSet, rc::Rc};

use rotation_core::{SecretId, StagingLabel, Step};
use rotation_database::{MasterSecret, Strategy};

use super::{
    Atlas, Clean, Kind, MASTER, PairMark, SecretModel, ServerModel, Service, StoreModel, User, Value,
    Variant, World, store::ARN, version,
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
        let lookup = Atlas(Rc::clone(world));
        match self {
            Self::SingleUser | Self::SingleUserByService => Strategy::SingleUser,
            Self::Alternating => {
                let deployed = Some(SecretId::new(MASTER).unwrap());
                Strategy::MasterUser { master: MasterSecret { deployed }, lookup }
            }
            Self::AlternatingByField => Strategy::MasterUser { master: MasterSecret::default(), lookup },
        }
    }

    pub(crate) fn is_single(self) -> bool {
        matches!(self, Self::SingleUser | Self::SingleUserByService)
    }
}

/// What happened before the rotation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Situation {
    /// A secret that was never rotated, and no clone.
    Fresh,
    /// The previous rotation succeeded.
    SecondRotation,
    /// AWSPENDING holds a value and the database its password, but the clone has no grants: a former version
    /// leaves this after a crash between the two.
    LeftOver,
    /// Two rotations succeeded; since then one privilege was granted and another revoked.
    Drifted,
    /// A rotation was cancelled manually while AWSCURRENT logged in, and its version has lost its label.
    /// Where that was possible after setSecret, the database has that version's password.
    Abandoned,
    /// The master secret names the port of another server on the same host, which has users of the same
    /// names.
    OtherPort,
    /// The secret names a pooler's port, the master secret the server's.
    Pooler,
    /// The same, and the server itself only accepts the master.
    PoolerAlone,
    /// The secret names the port of a proxy whose own list keeps the first password.
    StaleProxy,
    /// The server's setting names a password form that the user's login cannot use.
    OtherForm,
    /// While the clone was live, it was granted a privilege.
    Gained,
    /// While the clone was live, the original was granted a privilege.
    OriginalGained,
    /// While the clone was live, a manual change revoked a privilege from the original that the clone still
    /// has.
    OriginalLost,
    /// The live clone carries the mark of a former version.
    FormerMark,
    /// AWS's template created the live clone: no mark, equal privileges, and its sessions act as itself.
    Unmarked,
    /// A user with the clone's name has no mark and different privileges.
    Stranger,
    /// The pair belongs to another secret, which logs in with it.
    OtherSecret,
    /// The same, where the operator has abandoned that secret and named this one as the owner of the pair.
    TakenOver,
    /// AWS's template has created the live clone, which owns what the original cannot use. The operator has
    /// named the secret as the owner of the pair.
    OutOfReach,
    /// The idle clone owns something.
    IdleOwner,
    /// The users have second passwords from a time when passwords were kept.
    SecondaryLeft,
    /// AWSCURRENT is the second password of its user. The first is that of a version whose rotation was
    /// cancelled when passwords were kept.
    SecondaryInUse,
    /// An administrator has revoked the membership from the clone between setSecret and testSecret.
    Parted,
}

impl Situation {
    /// The situations from which every run tries every pair of faults. For the others, `scripts/prove` tries
    /// them.
    pub(crate) const FIRST: [Self; 5] =
        [Self::Fresh, Self::SecondRotation, Self::LeftOver, Self::Drifted, Self::Abandoned];

    pub(crate) const ALL: [Self; 23] = [
        Self::Fresh,
        Self::SecondRotation,
        Self::LeftOver,
        Self::Drifted,
        Self::Abandoned,
        Self::OtherPort,
        Self::Pooler,
        Self::PoolerAlone,
        Self::StaleProxy,
        Self::OtherForm,
        Self::Gained,
        Self::OriginalGained,
        Self::OriginalLost,
        Self::FormerMark,
        Self::Unmarked,
        Self::Stranger,
        Self::OtherSecret,
        Self::TakenOver,
        Self::OutOfReach,
        Self::IdleOwner,
        Self::SecondaryLeft,
        Self::SecondaryInUse,
        Self::Parted,
    ];

    /// The situations that a plan may meet on a kind of server.
    pub(crate) fn of(plan: Plan, kind: Kind) -> Vec<Self> {
        Self::ALL.into_iter().filter(|situation| situation.is_possible(plan, kind)).collect()
    }

    fn is_possible(self, plan: Plan, kind: Kind) -> bool {
        let single = plan.is_single();
        match self {
            Self::Fresh
            | Self::SecondRotation
            | Self::LeftOver
            | Self::Drifted
            | Self::Abandoned
            | Self::Pooler
            | Self::OtherForm
            | Self::OtherSecret
            | Self::TakenOver => true,
            Self::StaleProxy => single,
            Self::SecondaryLeft | Self::SecondaryInUse => kind.may_keep_two_passwords(),
            Self::OutOfReach | Self::IdleOwner | Self::Parted => !single && kind.acts_as_original(),
            Self::OtherPort
            | Self::PoolerAlone
            | Self::Gained
            | Self::OriginalGained
            | Self::OriginalLost
            | Self::FormerMark
            | Self::Unmarked
            | Self::Stranger => !single,
        }
    }

    /// The code with which every attempt ends until its remediation is done.
    pub(crate) fn refusal(self) -> Option<&'static str> {
        match self {
            Self::OtherPort | Self::PoolerAlone => Some("MASTER_ENDPOINT_UNPROVEN"),
            Self::StaleProxy => Some("DB_PROXY_ANSWER"),
            Self::OriginalLost | Self::OutOfReach => Some("DB_CLONE_EXCEEDS_ORIGINAL"),
            Self::Stranger => Some("DB_CLONE_NOT_RECOGNIZED"),
            Self::OtherSecret => Some("DB_USERS_OF_ANOTHER_SECRET"),
            _ => None,
        }
    }

    /// The code with which some invocation must end.
    pub(crate) fn meets(self) -> Option<&'static str> {
        if self == Self::Parted { Some("DB_SESSION_NOT_ORIGINAL") } else { self.refusal() }
    }

    /// Whether every refused attempt leaves all users unchanged: only testSecret can detect a proxy's
    /// list.
    pub(crate) fn refuses_before_a_change(self) -> bool {
        self.refusal().is_some() && self != Self::StaleProxy
    }

    /// The step that the service calls next.
    pub(crate) fn next_step(self) -> Step {
        if self == Self::Parted { Step::Test } else { Step::Create }
    }

    /// The number of earlier rotations that succeeded.
    fn rotations(self, plan: Plan) -> usize {
        match self {
            Self::SecondRotation
            | Self::Gained
            | Self::OriginalGained
            | Self::OriginalLost
            | Self::FormerMark
            | Self::Unmarked
            | Self::OutOfReach => 1,
            Self::Drifted | Self::IdleOwner | Self::Parted => 2,
            Self::SecondaryLeft if !plan.is_single() => 2,
            _ => 0,
        }
    }

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
        let sound = |number, clean| Service { variant: Variant::Sound, ..service(number, clean) };
        let rotations = self.rotations(plan);
        for number in 0..rotations {
            // The last one leaves AWSPENDING, as the service may.
            let clean = if number + 1 == rotations { Clean::Leaves } else { Clean::Removes };
            let service = sound(number + 2, clean);
            service.begin();
            assert_eq!(service.rotate().await, Some(1), "a healthy rotation");
        }
        let clean = if self == Self::Fresh { Clean::Leaves } else { Clean::Removes };
        let next = service(rotations + 2, clean);
        match self {
            Self::LeftOver => {
                next.begin();
                leave_over(&world, plan);
            }
            Self::Abandoned => {
                service(5, Clean::Leaves).begin();
                if !plan.is_single() || kind.keeps_two_passwords() {
                    leave_over(&world, plan);
                }
                world.store.borrow_mut().secret_mut().unlabel(&StagingLabel::Pending);
                return service(6, Clean::Leaves).started();
            }
            Self::Parted => {
                let sound = sound(rotations + 2, clean);
                sound.begin();
                for step in [Step::Create, Step::Set] {
                    sound.invoke(step).await.unwrap().unwrap();
                }
            }
            _ => {}
        }
        starts::set_up(self, &world, plan);
        next.started()
    }
}

fn leave_over(world: &World, plan: Plan) {
    let user = if plan.is_single() { "app" } else { "app_clone" };
    let mut store = world.store.borrow_mut();
    let secret = store.secret_mut();
    let pending = secret.holder(&StagingLabel::Pending).unwrap().clone();
    secret.versions.get_mut(&pending).unwrap().value = Some(Value::Text(document(user, "left-over-1")));
    let mut server = world.server.borrow_mut();
    let clone = User { mark: Some(PairMark::default()), ..User::default() };
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

/// A secret's value, with an unknown field.
pub(crate) fn document(username: &str, password: &str) -> String {
    format!(
        r#"{{"engine":"model","host":"db.example.com","port":5432,"username":"{username}","password":"{password}","masterarn":"{MASTER}","team":{{"name":"payments","level": 1.50}}}}"#
    )
}
