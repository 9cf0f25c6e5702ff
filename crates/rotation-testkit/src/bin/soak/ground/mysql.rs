//! MySQL and MariaDB.

use rotation_testkit::{BoxFuture, MysqlFlavor, MysqlQueryError, MysqlServer, TestLogin};
use serde_json::{Value, json};

use super::{Ground, login_of, new_login, original};
use crate::Failure;

/// `ER_ACCESS_DENIED_ERROR`.
const ACCESS_DENIED: u16 = 1045;

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
            format!("GRANT SELECT, INSERT, CREATE USER, RELOAD, PROCESS ON *.* TO {name} WITH GRANT OPTION"),
            format!("GRANT {more} ON *.* TO {name} WITH GRANT OPTION"),
        ];
        for statement in &statements {
            server.execute(&[statement]).await?;
        }
        Ok(Self { server, master })
    }

    fn document(&self, login: &TestLogin) -> Value {
        let engine = match self.server.flavor() {
            MysqlFlavor::MySql => "mysql",
            MysqlFlavor::MariaDb => "mariadb",
        };
        json!({
            "engine": engine, "host": self.server.host(), "port": self.server.port(),
            "username": login.username, "password": login.password, "ssl": true,
        })
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
                format!("GRANT SELECT, INSERT ON {name}.* TO {name}"),
            ];
            if self.server.flavor() == MysqlFlavor::MySql {
                // With it a user may keep its old password beside the new one.
                statements.push(format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {name}"));
            }
            let statements: Vec<_> = statements.iter().map(String::as_str).collect();
            self.server.execute(&statements).await?;
            Ok(self.document(&login))
        })
    }

    fn master(&self) -> Value {
        self.document(&self.master)
    }

    fn opens<'a>(&'a self, document: &'a Value) -> BoxFuture<'a, Result<bool, Failure>> {
        Box::pin(async {
            let login = login_of(document);
            let work = format!("SELECT count(*) FROM {}.orders", original(&login.username));
            match self.server.query_as(&login, &[&work]).await {
                Ok(_) => Ok(true),
                Err(MysqlQueryError { code: Some(ACCESS_DENIED), .. }) => Ok(false),
                Err(error) => Err(error.into()),
            }
        })
    }

    /// Those that came over TCP: this program's own come by the socket.
    fn connections(&self) -> BoxFuture<'_, Result<Option<usize>, Failure>> {
        Box::pin(async {
            let count = "SELECT count(*) FROM information_schema.processlist WHERE host LIKE '%:%'";
            let rows = self.server.query(count).await?;
            let count =
                rows.first().and_then(|row| row.first()?.as_deref()).ok_or("no count of connections")?;
            Ok(Some(count.parse()?))
        })
    }

    fn authority_pem(&self) -> &str {
        self.server.authority().certificate_pem()
    }
}

fn create(login: &TestLogin) -> String {
    format!("CREATE USER '{}'@'%' IDENTIFIED BY '{}'", login.username, login.password)
}
