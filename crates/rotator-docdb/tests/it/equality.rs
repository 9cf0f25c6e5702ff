//! Random users: the clone is compared with its original as the server itself shows the two.

use proptest::{
    collection::vec, prelude::*, sample::select, sample::subsequence, strategy::ValueTree,
    test_runner::TestRunner,
};
use rotation_database::StatementFault;
use serde_json::{Value, json};
use test_servers::TestLogin;

use crate::fixture::{HOME, Lab, fresh, opens, server};

/// Each is rotated three times, with changes in between.
const USERS: usize = 200;

const BUILT_IN: [&str; 6] = ["read", "readWrite", "dbAdmin", "userAdmin", "dbOwner", "enableSharding"];
const DATABASES: [&str; 4] = ["shop", "stock-2", "straße", "Reports_1"];

/// A role that an operator defined in each database, which inherits a built-in one and adds to it.
const OWN_ROLE: &str = "own role.1";

fn role() -> BoxedStrategy<Value> {
    let built_in = (select(BUILT_IN.to_vec()), select(DATABASES.to_vec()));
    let own = (Just(OWN_ROLE), select(DATABASES.to_vec()));
    prop_oneof![4 => built_in, 1 => own]
        .prop_filter("a role of one database alone", |(role, _)| *role != "enableSharding")
        .prop_map(|(role, db)| json!({"role": role, "db": db}))
        .boxed()
}

/// Where the user may log in from; the tests' own address is always included.
fn restrictions() -> BoxedStrategy<Value> {
    let sources = subsequence(vec!["10.0.0.0/8", "192.168.7.1", "2001:db8::/32"], 0..=3);
    let addresses = subsequence(vec!["127.0.0.0/8", "::1"], 0..=2);
    (sources, addresses)
        .prop_map(|(sources, addresses)| {
            let here_and = |others: Vec<&'static str>| [vec!["127.0.0.1"], others].concat();
            let mut one = json!({"clientSource": here_and(sources)});
            if !addresses.is_empty() {
                one["serverAddress"] = json!(here_and(addresses));
            }
            json!([one])
        })
        .boxed()
}

fn custom_data() -> BoxedStrategy<Value> {
    let value = prop_oneof![
        "[a-z ß$.]{0,9}".prop_map(|text| json!(text)),
        any::<i32>().prop_map(|number| json!(number)),
        any::<bool>().prop_map(|bool| json!(bool)),
        Just(json!(null)),
        Just(json!(1.5)),
        Just(json!(["a", 1, {"b": []}])),
        Just(json!({"cost": {"center": 7}})),
    ];
    proptest::collection::btree_map("[a-z]{1,6}", value, 0..4).prop_map(|map| json!(map)).boxed()
}

/// Changes that an operator makes to a user.
fn act() -> BoxedStrategy<Value> {
    prop_oneof![
        3 => vec(role(), 1..4).prop_map(|roles| json!({"grantRolesToUser": "", "roles": roles})),
        2 => vec(role(), 1..3).prop_map(|roles| json!({"revokeRolesFromUser": "", "roles": roles})),
        1 => restrictions().prop_map(|all| json!({"updateUser": "", "authenticationRestrictions": all})),
        1 => Just(json!({"updateUser": "", "authenticationRestrictions": []})),
        1 => custom_data().prop_map(|data| json!({"updateUser": "", "customData": data})),
    ]
    .boxed()
}

async fn apply(user: &str, acts: &[Value]) {
    for act in acts {
        let mut act = act.clone();
        let kind = act.as_object().unwrap().keys().find(|key| act[*key] == json!("")).unwrap().clone();
        act[&kind] = json!(user);
        if let Some(data) = act.get_mut("customData") {
            // An operator that changes it leaves the mark in place, or the clone is no longer recognized.
            let mark = server().user(HOME, user).await.unwrap()["customData"]["secretRotation"].take();
            if mark.is_object() {
                data["secretRotation"] = mark;
            }
        }
        server().command(HOME, act).await.unwrap();
    }
}

/// All that the server shows of a user, except its name and the mark.
async fn shown(user: &str) -> Value {
    let question = json!({"usersInfo": {"user": user, "db": HOME}, "showPrivileges": true,
        "showAuthenticationRestrictions": true});
    let mut reply = server().command(HOME, question).await.unwrap();
    let mut user = reply["users"][0].take();
    let sorted = |list: &Value| {
        let mut all: Vec<_> = list.as_array().into_iter().flatten().map(Value::to_string).collect();
        all.sort();
        all
    };
    let mut data = user["customData"].take();
    if let Some(data) = data.as_object_mut() {
        data.remove("secretRotation");
    }
    json!({
        "roles": sorted(&user["roles"]),
        "inheritedRoles": sorted(&user["inheritedRoles"]),
        "inheritedPrivileges": actions(&user["inheritedPrivileges"]),
        "mechanisms": sorted(&user["mechanisms"]),
        "restrictions": user["authenticationRestrictions"].take(),
        "customData": if data.is_object() { data } else { json!({}) },
    })
}

/// Each action on each resource.
fn actions(privileges: &Value) -> Vec<String> {
    let on = |privilege: &Value| {
        let actions = privilege["actions"].as_array().cloned().unwrap_or_default();
        let resource = privilege["resource"].to_string();
        actions.into_iter().map(move |action| format!("{action} on {resource}"))
    };
    let mut all: Vec<_> = privileges.as_array().into_iter().flatten().flat_map(on).collect();
    all.sort();
    all
}

async fn prepare() {
    for database in DATABASES {
        let resource = json!({"db": database, "collection": "orders"});
        let role = json!({"createRole": OWN_ROLE, "roles": ["read"],
            "privileges": [{"resource": resource, "actions": ["insert"]}]});
        server().command(database, role).await.unwrap();
    }
}

/// Runs the commands of a refusal, the first or the second of each pair, as an operator would.
async fn decide(needed: &str, first: bool) {
    let commands: Vec<Value> = needed
        .split("db.getSiblingDB(\"admin\").runCommand(")
        .filter_map(|rest| serde_json::Deserializer::from_str(rest).into_iter().next()?.ok())
        .collect();
    let command = if first { commands.first() } else { commands.last() };
    server().command(HOME, command.unwrap_or_else(|| panic!("{needed}")).clone()).await.unwrap();
}

/// The live clone loses nothing of what it had before.
fn keeps(before: &Value, after: &Value) -> bool {
    let among = |field: &str| {
        let after = after[field].as_array().unwrap();
        before[field].as_array().unwrap().iter().all(|right| after.contains(right))
    };
    among("roles")
        && among("inheritedPrivileges")
        && before["customData"]
            .as_object()
            .unwrap()
            .iter()
            .all(|(key, value)| after["customData"][key] == *value)
}

/// A new clone is equal to its original in all that the server shows; so is an idle one after changes to
/// either; and a live one keeps what it has while the original takes its place.
#[tokio::test]
async fn two_hundred_random_users_and_clones_are_equal() {
    prepare().await;
    let mut runner = TestRunner::deterministic();
    let mechanisms = subsequence(vec!["SCRAM-SHA-1", "SCRAM-SHA-256"], 1..=2);
    let scene = (
        (vec(role(), 1..6), mechanisms, proptest::option::of(restrictions()), custom_data()),
        vec(act(), 0..4),
        vec(act(), 0..3),
    );
    let mut lab = Lab::new().await;
    for round in 0..USERS {
        let ((roles, mechanisms, restrictions, data), first, second) =
            scene.new_tree(&mut runner).unwrap().current();
        let app = fresh("drawn");
        let create = json!({"createUser": app.username, "pwd": app.password, "roles": roles,
            "mechanisms": mechanisms, "authenticationRestrictions": restrictions.unwrap_or(json!([])),
            "customData": data});
        let what = format!("user {round}: {create} {first:?} {second:?}");
        server().command(HOME, create).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        lab.app = app;
        let (original, clone) = (lab.app.username.clone(), lab.clone());
        lab.rotate_to(&clone).await.unwrap_or_else(|error| panic!("{what}: {error:?}"));
        assert_eq!(shown(&clone.username).await, shown(&original).await, "{what}");

        // The clone is live.
        apply(&original, &first).await;
        let (before, next) =
            (shown(&clone.username).await, TestLogin { password: "the-next-one".into(), ..lab.app.clone() });
        for attempt in 0.. {
            let Err(error) = lab.rotate_to(&next).await else { break };
            let StatementFault::CloneExceeds { needed, .. } = error.fault else {
                panic!("{what}: {error:?}")
            };
            assert!(attempt < 3, "{what}: {needed}");
            decide(&needed, round % 2 == 0).await;
        }
        // A login takes the server long; what is stored does not depend on the user's privileges.
        assert!(round % 10 > 0 || opens(&next, HOME).await, "{what}");
        let lost_on_purpose = before["roles"] != shown(&clone.username).await["roles"] && round % 2 == 1;
        assert!(lost_on_purpose || keeps(&before, &shown(&clone.username).await), "{what}");

        // The clone is idle.
        apply(&clone.username, &second).await;
        lab.rotate_to(&TestLogin { password: "another-one".into(), ..clone.clone() })
            .await
            .unwrap_or_else(|error| panic!("{what}: {error:?}"));
        let (ours, theirs) = (shown(&original).await, shown(&clone.username).await);
        for field in ["roles", "inheritedRoles", "inheritedPrivileges", "mechanisms", "restrictions"] {
            assert_eq!(ours[field], theirs[field], "{field} of {what}");
        }
    }
}
