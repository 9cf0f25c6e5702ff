//! What applications keep while their password changes.

use rotation_database::ConnectError;
use serde_json::{Value, json};
use test_servers::TestLogin;

use crate::fixture::{HOME, connect, create_app, login_at, opens, server};

/// An open connection goes on as its user after the password has changed, and a new one needs the new
/// password.
#[tokio::test]
async fn open_connection_outlives_its_password() {
    let app = create_app(HOME).await.unwrap();
    let work = || {
        let insert = json!({"insert": "orders", "documents": [{}]});
        server().commands_on_open_connection(
            &app,
            HOME,
            &app.username,
            vec![insert, json!({"connectionStatus": 1})],
        )
    };
    let users = |status: &Value| status["authInfo"]["authenticatedUsers"][0]["user"].clone();
    assert_eq!(users(&work().await.unwrap()), app.username.as_str());
    let new = TestLogin { password: "another-password-1".to_owned(), ..app.clone() };
    let set = json!({"updateUser": app.username, "pwd": new.password});
    server().command(HOME, set).await.unwrap();
    let old = connect(&login_at(server().port(), &app)).await.map(drop);
    assert!(matches!(old, Err(ConnectError::Refused(_))), "{old:?}");
    assert!(opens(&new, HOME).await);
    assert_eq!(users(&work().await.unwrap()), app.username.as_str());
}
