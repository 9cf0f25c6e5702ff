//! docs/reference/privileges.md: its statements are run as they stand, with the names of users and databases
//! in the places of the words in capitals, and a secret of these users rotates.

use std::{fs, path::Path};

use serde_json::{Value, json};
use test_servers::{DocdbProduct, DocdbServer, MongoVersion, MysqlFlavor, MysqlServer, TestLogin};

use crate::world::World;

/// The statements below one heading of the document.
fn statements(heading: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let document = fs::read_to_string(root.join("docs/reference/privileges.md")).unwrap();
    let section = document.split(&format!("\n### {heading}\n")).nth(1).expect(heading);
    let section = section.split("\n#").next().unwrap();
    let block = section.split("```").nth(1).expect("a block of statements");
    block.split_once('\n').unwrap().1.to_owned()
}

/// Names in the places of the words in capitals.
fn named(text: &str, app: &str, master: &TestLogin, database: &str) -> String {
    let words = [("APP", app), ("MASTER", &master.username), ("SHOP", database)];
    let quoted = words.iter().flat_map(|(word, name)| {
        ["'", "\"", "`"].map(|quote| (format!("{quote}{word}{quote}"), format!("{quote}{name}{quote}")))
    });
    let password = ["'", "\""]
        .map(|quote| (format!("{quote}PASSWORD{quote}"), format!("{quote}{}{quote}", master.password)));
    quoted.chain(password).fold(text.to_owned(), |text, (word, name)| text.replace(&word, &name))
}

/// A master whose name no other test uses.
fn master() -> TestLogin {
    let username = format!("master_{}", &uuid::Uuid::new_v4().simple().to_string()[..12]);
    TestLogin { username, password: "Of-a-master-0123456789".to_owned() }
}

/// Two rotations, so that each user of a pair has its turn.
async fn rotates_twice(world: &World, environment: &[(&str, &str)]) {
    for _ in 0..2 {
        world.rotate_with(&["--yes"], environment).await.expect_code(0).expect_out("and it logs in.");
    }
}

/// The documented privileges of PostgreSQL are enough.
#[tokio::test]
async fn those_of_postgresql_are_enough() {
    let world = World::new().await;
    let (app, master) = (world.user.username.clone(), master());
    world.admin(&named(&statements("PostgreSQL: single user"), &app, &master, &world.database)).await;
    rotates_twice(&world, &[]).await;

    let world = World::new().await;
    let app = world.user.username.clone();
    world.admin(&named(&statements("PostgreSQL: master user"), &app, &master, &world.database)).await;
    let arn = world.service.create_secret("master", &world.document(&master, &json!({}))).unwrap();
    world.put(&["AWSCURRENT"], &world.document(&world.user, &json!({"masterarn": arn})));
    rotates_twice(&world, &[]).await;
}

/// The documented privileges of MySQL and MariaDB are enough.
#[tokio::test]
async fn those_of_mysql_mariadb_are_enough() {
    for (flavor, name) in [(MysqlFlavor::MySql, "MySQL"), (MysqlFlavor::MariaDb, "MariaDB")] {
        if !flavor.is_to_be_tested() {
            continue;
        }
        let server = MysqlServer::shared(flavor).unwrap();
        for strategy in ["single user", "master user"] {
            let (world, master) = (World::new().await, master());
            let user = server.create_user("").await.unwrap();
            let app = user.username.clone();
            let make = format!("CREATE DATABASE `{app}`");
            let grant = format!("GRANT SELECT, INSERT, UPDATE, DELETE ON `{app}`.* TO '{app}'@'%'");
            server.execute(&[&make, &grant]).await.unwrap();
            let text = named(&statements(&format!("{name}: {strategy}")), &app, &master, &app);
            for statement in text.split(";\n").filter(|statement| !statement.trim().is_empty()) {
                server.execute(&[statement]).await.unwrap();
            }
            let document = |login: &TestLogin| {
                json!({
                    "engine": name.to_lowercase(), "host": server.host(), "port": server.port(), "ssl": true,
                    "username": login.username, "password": login.password, "dbname": app,
                })
            };
            let mut value = document(&user);
            if strategy == "master user" {
                let of_master = document(&master).to_string();
                value["masterarn"] = world.service.create_secret("master", &of_master).unwrap().into();
            }
            world.put(&["AWSCURRENT"], &value.to_string());
            let authority = server.authority().certificate_pem();
            rotates_twice(&world, &[("TLS_CA_BUNDLE", authority)]).await;
        }
    }
}

/// The documented privileges of MongoDB are enough.
#[tokio::test]
async fn those_of_mongodb_are_enough() {
    let server = DocdbServer::shared(DocdbProduct::MongoDb(MongoVersion::V6_0)).unwrap();
    for strategy in ["single user", "master user"] {
        let (world, master) = (World::new().await, master());
        let user = TestLogin {
            username: format!("app_{}", &uuid::Uuid::new_v4().simple().to_string()[..12]),
            password: "of-a-document-store".into(),
        };
        server.create_user("admin", &user, json!(["readWriteAnyDatabase"])).await.unwrap();
        let text = named(&statements(&format!("MongoDB: {strategy}")), &user.username, &master, "shop");
        // The role has one name in the document, and the server has other tests.
        let text = text.replace("changesOwnPassword", &format!("changes_own_{}", user.username));
        for part in text.split(".runCommand(").skip(1) {
            let command = serde_json::Deserializer::from_str(part).into_iter::<Value>().next();
            server.command("admin", command.unwrap().unwrap()).await.unwrap();
        }
        let document = |login: &TestLogin| {
            json!({
                "engine": "mongo", "host": server.host(), "port": server.port(), "ssl": true,
                "username": login.username, "password": login.password,
            })
        };
        let mut value = document(&user);
        if strategy == "master user" {
            let of_master = document(&master).to_string();
            value["masterarn"] = world.service.create_secret("master", &of_master).unwrap().into();
        }
        world.put(&["AWSCURRENT"], &value.to_string());
        let authority = server.authority().certificate_pem();
        rotates_twice(&world, &[("TLS_CA_BUNDLE", authority)]).await;
    }
}
