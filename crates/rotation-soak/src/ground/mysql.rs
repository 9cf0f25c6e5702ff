//! MySQL and MariaDB.

use local_aws::BoxFuture;
use serde_json::Value;
use test_servers::{DatabaseServer, MysqlFlavor, MysqlQueryError, MysqlServer, TestLogin};

use super::{Ground, Opens, login_of, made, new_login, original};
use crate::failure::Failure;

/// `ER_ACCESS_DENIED_ERROR`.
const ACCESS_DENIED: u16 = 1045;
/// The server accepts the login but refuses or hides a database, a table or a routine.
const DENIED: [u16; 5] = [1044, 1142, 1146, 1305, 1370];

/// What a user may do in its own database, including with what it creates.
const OF_USERS: &str = "SELECT, INSERT, DELETE, CREATE, DROP, CREATE ROUTINE";
/// What a master grants: the above, and what the server grants to the creator of a routine.
const RIGHTS: &str = "SELECT, INSERT, DELETE, CREATE, DROP, CREATE ROUTINE, EXECUTE, ALTER ROUTINE";

pub(super) struct MySql {
    server: MysqlServer,
    master: TestLogin,
}

impl MySql {
    pub(super) async fn start(flavor: MysqlFlavor) -> Result<Self, Failure> {
        let server = MysqlServer::builder(flavor).start()?;
        let master = new_login("master");
        let more = match flavor {
            MysqlFlavor::MySql => "APPLICATION_PASSWORD_ADMIN, ROLE_ADMIN, SYSTEM_VARIABLES_ADMIN",
            MysqlFlavor::MariaDb => "DELETE HISTORY",
        };
        let name = &master.username;
        let statements = [
            create(&master),
            format!("GRANT {RIGHTS}, CREATE USER, RELOAD, PROCESS ON *.* TO {name} WITH GRANT OPTION"),
            format!("GRANT {more} ON *.* TO {name} WITH GRANT OPTION"),
        ];
        for statement in &statements {
            server.execute(&[statement]).await?;
        }
        Ok(Self { server, master })
    }

    async fn work(&self, login: &TestLogin, statements: &[String]) -> Result<Opens, Failure> {
        let statements: Vec<_> = statements.iter().map(String::as_str).collect();
        match self.server.query_as(login, &statements).await {
            Ok(_) => Ok(Opens::Works),
            Err(MysqlQueryError { code: Some(ACCESS_DENIED), .. }) => Ok(Opens::Refused),
            Err(MysqlQueryError { code: Some(code), .. }) if DENIED.contains(&code) => {
                Ok(Opens::Denied(code.to_string()))
            }
            Err(error) => Err(error.into()),
        }
    }
}

impl Ground for MySql {
    fn user(&self) -> BoxFuture<'_, Result<Value, Failure>> {
        Box::pin(async {
            let login = new_login("app");
            let name = &login.username;
            let mut statements = vec![
                format!("CREATE DATABASE {name}"),
                format!("CREATE TABLE {name}.orders (id INT PRIMARY KEY)"),
                create(&login),
                format!("GRANT {OF_USERS} ON {name}.* TO {name}"),
            ];
            if self.server.flavor() == MysqlFlavor::MySql {
                // With it a user may keep its old password next to the new one.
                statements.push(format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {name}"));
            }
            let statements: Vec<_> = statements.iter().map(String::as_str).collect();
            self.server.execute(&statements).await?;
            let document = self.server.document(&login);
            made(&self.make(&document, 0).await?)?;
            Ok(document)
        })
    }

    fn master(&self) -> Value {
        self.server.document(&self.master)
    }

    fn opens<'a>(&'a self, document: &'a Value) -> BoxFuture<'a, Result<Opens, Failure>> {
        Box::pin(async {
            let login = login_of(document);
            let database = original(&login.username);
            let work = [
                format!("SELECT count(*) FROM {database}.orders"),
                format!("INSERT INTO {database}.made VALUES (1)"),
                format!("DELETE FROM {database}.made"),
                format!("CALL {database}.made()"),
            ];
            self.work(&login, &work).await
        })
    }

    fn make<'a>(&'a self, document: &'a Value, number: usize) -> BoxFuture<'a, Result<Opens, Failure>> {
        Box::pin(async move {
            let login = login_of(document);
            let database = original(&login.username);
            // As in a migration: the previous objects are dropped, whichever of the two users created them.
            let mut statements = Vec::new();
            if number > 0 {
                statements.push(format!("DROP TABLE {database}.made"));
                statements.push(format!("DROP PROCEDURE {database}.made"));
            }
            statements.push(format!("CREATE TABLE {database}.made (n INT)"));
            statements.push(format!("CREATE PROCEDURE {database}.made() SELECT {number}"));
            self.work(&login, &statements).await
        })
    }

    fn setting<'a>(&'a self, _: &'a Value) -> BoxFuture<'a, Result<Option<usize>, Failure>> {
        Box::pin(async { Ok(None) })
    }

    fn add_namesake<'a>(&'a self, username: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            let login = TestLogin { username: username.to_owned(), ..new_login("namesake") };
            Ok(self.server.execute(&[&create(&login)]).await?)
        })
    }

    fn users(&self) -> BoxFuture<'_, Result<String, Failure>> {
        Box::pin(async {
            let sql = "SELECT User, Host, authentication_string FROM mysql.user ORDER BY User, Host";
            Ok(format!("{:?}", self.server.query(sql).await?))
        })
    }

    /// Only connections over TCP: this program's own use the socket.
    fn connections(&self) -> BoxFuture<'_, Result<Option<usize>, Failure>> {
        Box::pin(async {
            let count = "SELECT count(*) FROM information_schema.processlist WHERE host LIKE '%:%'";
            let rows = self.server.query(count).await?;
            let count =
                rows.first().and_then(|row| row.first()?.as_deref()).ok_or("no count of connections")?;
            Ok(Some(count.parse()?))
        })
    }

    fn server(&self) -> &dyn DatabaseServer {
        &self.server
    }
}

fn create(login: &TestLogin) -> String {
    format!("CREATE USER '{}'@'%' IDENTIFIED BY '{}'", login.username, login.password)
}
