//! Whether a session of the clone is the original's, and what distinguishes the two.

use rotation_database::{Session, StatementFault};
use rotation_suites::EngineScene;
use rotator_postgres::CloneObjects;

use crate::fixture::{Lab, every_version, versions};

/// The proof of the clone's session, and the statements that it advises where it fails.
async fn prove(lab: &Lab<'_>) -> Option<String> {
    let mut session = lab.connect(&lab.clone()).await.unwrap();
    match session.probe(Some(&lab.pair())).await {
        Ok(()) => None,
        Err(error) => match error.fault {
            StatementFault::SessionDiffers { needed } => Some(needed),
            fault => panic!("{}: {fault:?}", lab.server.version()),
        },
    }
}

/// A clone that is not the original proves nothing.
/// The login only warns and goes on as the clone itself; the proof fails.
#[tokio::test]
async fn clone_that_is_not_the_original() {
    for version in every_version() {
        let lab = Lab::new(version).await;
        let (app, clone) = (lab.app.username.clone(), lab.clone().username);
        lab.rotate_to(&lab.clone()).await.unwrap();
        assert_eq!(prove(&lab).await, None, "{version}");
        let mut damages = Vec::new();
        if version.major() >= 16 {
            let grantor = &lab.master.username;
            damages.push(format!("GRANT {app} TO {clone} WITH SET FALSE GRANTED BY {grantor}"));
        }
        damages.push(format!("ALTER ROLE {clone} RESET role"));
        damages.push(format!("ALTER ROLE {clone} SET role = 'nobody_of_this_name'"));
        damages.push(format!("ALTER ROLE {clone} IN DATABASE {} SET role = 'none'", lab.database));
        // Whoever granted it.
        let revoke = if version.major() >= 16 {
            let admin = &lab.server.admin().username;
            format!(
                "REVOKE {app} FROM {clone} GRANTED BY {} CASCADE; \
                 REVOKE {app} FROM {clone} GRANTED BY {admin} CASCADE",
                lab.master.username
            )
        } else {
            format!("REVOKE {app} FROM {clone}")
        };
        damages.push(revoke);
        for damage in damages {
            lab.admin(&damage).await;
            let needed = prove(&lab).await.expect(&damage);
            assert_ne!(lab.value_as(&lab.clone(), "SELECT current_user").await, app, "{version} {damage}");
            // The advised statement is the fix.
            lab.admin(&needed).await;
            assert_eq!(prove(&lab).await, None, "{version} {damage}: {needed}");
            assert_eq!(lab.value_as(&lab.clone(), "SELECT current_user").await, app, "{version} {damage}");
        }
    }
}

/// An original that becomes another role is followed by the proof.
#[tokio::test]
async fn proof_follows_the_originals_role() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let (app, clone) = (&lab.app.username, lab.clone().username);
        let team = lab.server.create_role("").await.unwrap().username;
        lab.admin(&format!("GRANT {team} TO {app}; ALTER ROLE {app} SET role = '{team}'")).await;
        lab.rotate_to(&lab.clone()).await.unwrap();
        assert_eq!(prove(&lab).await, None, "{version}");
        lab.admin(&format!("ALTER ROLE {clone} SET role = '{app}'")).await;
        let needed = prove(&lab).await.unwrap();
        assert_eq!(needed, format!("ALTER ROLE \"{clone}\" SET role TO '{team}'"), "{version}");
    }
}

/// A clone that acts as itself must be a member of the original.
/// With `CLONE_OBJECTS=own` the clone is itself, and must have the original's privileges. The same holds for
/// a clone that no rotation has adopted yet.
#[tokio::test]
async fn clone_as_itself_must_be_a_member() {
    for version in versions() {
        let mut lab = Lab::new(version).await;
        let clone = lab.clone();
        let (app, name) = (lab.app.username.clone(), clone.username.clone());
        let sql = format!("CREATE ROLE {name} LOGIN; GRANT {app} TO {name}");
        lab.server.query_as(&lab.master, &lab.database, &sql).await.unwrap();
        lab.admin(&format!("ALTER ROLE {name} PASSWORD '{}'", clone.password)).await;
        assert_eq!(prove(&lab).await, None, "{version}: of a template");
        lab.objects = CloneObjects::Own;
        lab.rotate_to(&clone).await.unwrap();
        assert_eq!(prove(&lab).await, None, "{version}");
        let by = if version.major() >= 16 {
            format!(" GRANTED BY {}", lab.master.username)
        } else {
            String::new()
        };
        lab.admin(&format!("REVOKE {app} FROM {name}{by}")).await;
        let needed = prove(&lab).await.unwrap();
        lab.admin(&needed).await;
        assert_eq!(prove(&lab).await, None, "{version}");
    }
}

/// Objects that use `session_user` behave differently for the clone and its original.
#[tokio::test]
async fn uses_of_session_user_are_named() {
    for version in versions() {
        let lab = Lab::new(version).await;
        let clone = lab.clone();
        assert_eq!(
            lab.connect(&lab.app).await.unwrap().facts(Some(&lab.pair())).await.unwrap().notes,
            [""; 0]
        );
        lab.admin(
            "CREATE SCHEMA uses; CREATE TABLE uses.t (a name DEFAULT session_user, b name DEFAULT \
             current_user); ALTER TABLE uses.t ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON uses.t USING \
             (a = session_user); CREATE POLICY other ON uses.t USING (a = current_user); \
             CREATE VIEW uses.v AS SELECT * FROM uses.t WHERE a = SESSION_USER; \
             CREATE VIEW uses.w AS SELECT * FROM uses.t WHERE a = CURRENT_USER; \
             CREATE FUNCTION uses.f() RETURNS name LANGUAGE sql AS 'SELECT Session_User'; \
             CREATE FUNCTION uses.g() RETURNS name LANGUAGE sql RETURN session_user; \
             CREATE FUNCTION uses.h() RETURNS name LANGUAGE sql AS 'SELECT current_user'",
        )
        .await;
        let note = "session_user is the clone while the clone is live, and this uses it: row policy own on \
             uses.t, default of uses.t, view uses.v, function uses.f(), function uses.g(); current_user is \
             the original in both sessions, and with CLONE_OBJECTS=own each user is itself";
        assert_eq!(lab.rotate_to(&clone).await.unwrap(), [note], "{version}");
        assert_eq!(
            lab.rotate_to(&clone).await.unwrap(),
            [] as [&str; 0],
            "{version}: once, when the clone is made"
        );
        let facts = lab.connect(&lab.app).await.unwrap().facts(Some(&lab.pair())).await.unwrap();
        assert_eq!(facts.notes, [note], "{version}");
    }
}
