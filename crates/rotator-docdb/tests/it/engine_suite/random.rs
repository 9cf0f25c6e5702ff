//! Users and changes of them at random.

use proptest::{
    collection::vec,
    prelude::*,
    sample::{select, subsequence},
    strategy::ValueTree,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};
use test_servers::DocdbServer;

/// What this strategy gives for a seed.
pub(super) fn drawn<T: std::fmt::Debug>(strategy: &impl Strategy<Value = T>, seed: u64) -> T {
    let bytes = std::array::from_fn::<u8, 32, _>(|index| seed.to_le_bytes()[index % 8]);
    let mut runner =
        TestRunner::new_with_rng(ProptestConfig::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    strategy.new_tree(&mut runner).unwrap().current()
}

/// A user as `createUser` makes it, without its name and its password.
pub(super) fn user() -> impl Strategy<Value = Value> {
    let mechanisms = subsequence(vec!["SCRAM-SHA-1", "SCRAM-SHA-256"], 1..=2);
    (vec(role(), 1..6), mechanisms, proptest::option::of(restrictions()), custom_data()).prop_map(
        |(roles, mechanisms, restrictions, data)| {
            json!({"createUser": "", "pwd": "", "roles": roles, "mechanisms": mechanisms,
                "authenticationRestrictions": restrictions.unwrap_or(json!([])), "customData": data})
        },
    )
}

const BUILT_IN: [&str; 6] = ["read", "readWrite", "dbAdmin", "userAdmin", "dbOwner", "enableSharding"];
const DATABASES: [&str; 4] = ["shop", "stock-2", "straße", "Reports_1"];

/// A role that a user defined in each database, which inherits a built-in one and adds to it.
const OWN_ROLE: &str = "own role.1";

fn role() -> BoxedStrategy<Value> {
    let built_in = (select(BUILT_IN.to_vec()), select(DATABASES.to_vec()));
    let own = (Just(OWN_ROLE), select(DATABASES.to_vec()));
    prop_oneof![4 => built_in, 1 => own]
        .prop_filter("a role of one database alone", |(role, _)| *role != "enableSharding")
        .prop_map(|(role, db)| json!({"role": role, "db": db}))
        .boxed()
}

/// Where the user may log in from; the tests' own address is always among it.
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

/// What a person changes about a user.
pub(super) fn act() -> BoxedStrategy<Value> {
    prop_oneof![
        3 => vec(role(), 1..4).prop_map(|roles| json!({"grantRolesToUser": "", "roles": roles})),
        2 => vec(role(), 1..3).prop_map(|roles| json!({"revokeRolesFromUser": "", "roles": roles})),
        1 => restrictions().prop_map(|all| json!({"updateUser": "", "authenticationRestrictions": all})),
        1 => Just(json!({"updateUser": "", "authenticationRestrictions": []})),
        1 => custom_data().prop_map(|data| json!({"updateUser": "", "customData": data})),
    ]
    .boxed()
}

/// The roles that users have of their own, in each database; where they are there already, nothing.
pub(super) async fn prepare(server: &DocdbServer) {
    for database in DATABASES {
        let resource = json!({"db": database, "collection": "orders"});
        let role = json!({"createRole": OWN_ROLE, "roles": ["read"],
            "privileges": [{"resource": resource, "actions": ["insert"]}]});
        let _ = server.command(database, role).await;
    }
}
