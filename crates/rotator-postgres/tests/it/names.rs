use rotation_core::Password;
use rotation_database::{Change, Session, Turn};
use rotation_suites::EngineScene;
use test_servers::TestLogin;

use crate::fixture::{Lab, deadline, versions};

/// Each leaves room for `_clone` within 63 bytes.
const NAMES: [&str; 14] = [
    "Upper Case",
    "quo\"te",
    "apo'strophe",
    "back\\slash",
    "trailing\\",
    "per%cent%s",
    "new\nline",
    "dollar$$body$$",
    "semi;-- comment",
    "x\"; DROP ROLE admin; --",
    "täst_ユーザー_🔑",
    "select",
    " blanks around ",
    "exactly_57_bytes_long_so_that_the_clone_has_sixty_three_x",
];

/// Odd names are rotated exactly, and no other role changes.
#[tokio::test]
async fn odd_roles_are_rotated_exactly() {
    assert_eq!(NAMES[13].len(), 57);
    for version in versions() {
        for name in NAMES {
            let server = test_servers::PostgresServer::shared(version).unwrap();
            let app = server.create_role_named(name, "CONNECTION LIMIT 7").await.unwrap();
            let lab = Lab::with_app(server, app).await;
            let others = || async {
                let admin = &lab.server.admin().username;
                let master = &lab.master.username;
                let sql = format!(
                    "SELECT md5(string_agg(a::text, '' ORDER BY oid)) FROM pg_authid a \
                     WHERE rolname IN ('{admin}', '{master}')"
                );
                lab.value(&sql).await
            };
            let before = others().await;

            let mut session = lab.connect(&lab.app).await.unwrap();
            let new = Password::parse("own new password").unwrap();
            session.stage(&Change::OwnPassword { new: &new }, &Turn::default(), deadline()).await.unwrap();
            session.commit().await.unwrap();
            let app = TestLogin { password: "own new password".to_owned(), ..lab.app.clone() };
            lab.connect(&app).await.unwrap().probe(None).await.unwrap();

            let clone = lab.clone();
            assert_eq!(lab.rotate_to(&clone).await.unwrap(), [] as [&str; 0], "{name:?} on {version}");
            assert_eq!(lab.value_as(&clone, "SELECT session_user").await, clone.username);
            assert_eq!(lab.value_as(&clone, "SELECT current_user").await, name);
            assert_eq!(lab.rotate_to(&lab.app).await.unwrap(), [] as [&str; 0], "{name:?} on {version}");
            lab.connect(&lab.app).await.unwrap().probe(None).await.unwrap();
            lab.connect(&clone).await.unwrap().probe(None).await.unwrap();
            assert_eq!(others().await, before);
            let sql =
                "SELECT rolname FROM pg_roles WHERE strpos(rolname, $$name$$) > 0 ORDER BY length(rolname)";
            let sql = sql.replace("$$name$$", &postgres_session::quote_literal(name));
            let alike = lab.query(&sql).await.concat();
            assert_eq!(alike, [Some(name.to_owned()), Some(clone.username.clone())], "{version}");
        }
    }
}
