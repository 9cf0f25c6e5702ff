//! The server of the tests, for the function suite.

use rotation_suites::{Database, DatabaseError, Owner, Tenant};
use serde_json::Value;
use test_servers::{DatabaseServer, Logins, TestLogin};

/// Move this to `test-servers` once it starts a server.
pub(crate) struct Server;

impl DatabaseServer for Server {
    fn title(&self) -> String {
        "Skeleton".to_owned()
    }
    fn engine(&self) -> &'static str {
        "skeleton"
    }
    fn host(&self) -> &'static str {
        "localhost"
    }
    fn port(&self) -> u16 {
        7777
    }
    fn authority_pem(&self) -> &'static str {
        ""
    }
    fn log(&self) -> String {
        String::new()
    }
}

impl Database for Server {
    const TEST_QUERY: &'static str = "SELECT 1";
    const REFUSED_STATEMENT: &'static str = "SELECT * FROM nowhere";

    fn server(&self) -> &dyn DatabaseServer {
        self
    }
    fn owners(&self) -> Vec<(Owner, &'static str)> {
        vec![(Owner::Instance, "skeleton")]
    }

    unwritten! {
        fn create_tenant() -> Tenant: "the server of the tests, and make a user and a master on it";
        fn opens(&Value) -> bool: "an application's login and its work";
        fn rights(&Tenant, &str) -> String: "a text that is equal for users with equal rights";
        fn set_password(&str, &str) -> (): "an administrator's change of a password";
        fn add_user(&TestLogin, bool) -> (): "an administrator's new user, or new master";
        fn give(&Tenant, &str) -> (): "one grant that the user has not had";
        fn has_user(&str) -> bool: "the look for a user";
        fn drop_user(&Tenant, &str) -> (): "the end of a user, with all that keeps it";
        fn lock_user(&str) -> (): "how a user loses its login and keeps its password";
    }
    fn elsewhere(&self) -> Result<Self, DatabaseError> {
        Err(DatabaseError::new("elsewhere: write the start of a second server (not written yet)"))
    }
    fn logins(&self, _: &str) -> Logins {
        Logins::default()
    }
}
