//! Code that runs at a login, after the password is proved, and refuses the session.

use rotation_core::{CredentialSource, Reader, RotationError};
use rotation_suites::EngineScene;
use test_servers::PostgresVersion;

use crate::fixture::{Lab, every_version, of_login, quoted};

/// An event trigger of the database that raises this code for the clone alone.
async fn refuse_clone(lab: &Lab<'_>, code: &str) {
    let clone = lab.clone().username;
    lab.admin(&format!(
        "CREATE OR REPLACE FUNCTION gate() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF session_user = '{clone}' THEN RAISE EXCEPTION 'not here' USING ERRCODE = '{code}'; \
             END IF; END $$"
    ))
    .await;
}

/// The query that the advice gives to find it.
fn query_of(error: &RotationError) -> String {
    let hint = error.remediation(Reader::Operator);
    hint.rsplit_once(": ").unwrap_or_else(|| panic!("no query in: {hint}")).1.to_owned()
}

/// A login that a trigger refuses has a code of its own.
/// Whatever code it raises, including one by which the server itself refuses a password.
#[tokio::test]
async fn login_trigger_has_its_own_code() {
    for version in every_version().filter(|version| *version >= PostgresVersion::V17) {
        let lab = Lab::new(version).await;
        lab.rotate_to(&lab.clone()).await.unwrap();
        refuse_clone(&lab, "P0001").await;
        lab.admin("CREATE EVENT TRIGGER gate ON login EXECUTE FUNCTION gate()").await;
        for code in [
            "P0001", "42501", "22012", "28P01", "28000", "3D000", "53300", "55000", "57P03", "57014", "08P01",
        ] {
            refuse_clone(&lab, code).await;
            let error = lab.connect(&lab.clone()).await.unwrap_err();
            assert!(!error.is_refusal(), "{version} {code}: {error:?}");
            let error = of_login(CredentialSource::Pending, error);
            assert_eq!(error.code().name(), "DB_SESSION_REFUSED", "{version} {code}");
            assert!(rotation_core::with_causes(&error).ends_with(&format!("SQLSTATE {code}")), "{error}");
        }
        lab.connect(&lab.app).await.unwrap();
        // The advised query finds the trigger; without the trigger the user logs in.
        let error = of_login(CredentialSource::Pending, lab.connect(&lab.clone()).await.unwrap_err());
        let query = query_of(&error);
        let found = lab.query(&query).await;
        assert_eq!(found, [[Some("gate".to_owned()), Some("gate".to_owned())]], "{version}: {query}");
        lab.admin("ALTER EVENT TRIGGER gate DISABLE").await;
        lab.connect(&lab.clone()).await.unwrap();
    }
}

/// A setting that ends the session has the same code as a login trigger that refuses.
/// A setting that names a missing library ends the session; one that cannot be applied only causes a
/// warning.
#[tokio::test]
async fn setting_that_ends_the_session() {
    for version in every_version() {
        let lab = Lab::new(version).await;
        let name = quoted(&lab.app.username);
        lab.admin(&format!("ALTER ROLE {name} SET role = 'nobody_of_this_name'")).await;
        lab.connect(&lab.app).await.unwrap();
        lab.admin(&format!("ALTER ROLE {name} SET session_preload_libraries = 'not_there'")).await;
        let error = of_login(CredentialSource::Current, lab.connect(&lab.app).await.unwrap_err());
        assert_eq!(error.code().name(), "DB_SESSION_REFUSED", "{version}: {error:?}");
        let found = lab.query(&query_of(&error)).await;
        assert_eq!(found[0][0].as_ref(), Some(&lab.app.username), "{version}");
        lab.admin(&format!("ALTER ROLE {name} RESET session_preload_libraries")).await;
        lab.connect(&lab.app).await.unwrap();
    }
}

/// A database that is not whole counts as missing.
/// A database whose CREATE or DROP was interrupted cannot be opened by a grant.
#[tokio::test]
async fn incomplete_database_is_missing() {
    for version in every_version() {
        let lab = Lab::new(version).await;
        let sql = format!("UPDATE pg_database SET datconnlimit = -2 WHERE datname = '{}'", lab.database);
        lab.server.execute("postgres", &sql).await.unwrap();
        let error = lab.connect(&lab.app).await.unwrap_err();
        assert_eq!(error.code().name(), "DB_NAME_NOT_FOUND", "{version}: {error:?}");
    }
}
