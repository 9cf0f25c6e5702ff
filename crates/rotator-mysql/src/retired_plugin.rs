//! Accounts that still have `mysql_native_password` where the server no longer has that plugin: MySQL 8.4 can
//! run without it, MySQL 9 has removed it. Nobody can log in by such an account, and no statement changes
//! anything about it, not even a GRANT, except the one that moves it to another plugin. So that statement
//! comes first, with a password that nobody knows.

use rotation_database::StatementError;

use crate::{
    connection::Connection,
    dialect::Dialect,
    grants::Account,
    other::random_password,
    pair::{Next, Pair, State},
    statement::{Draft, Statement},
};

const RETIRED: &str = "mysql_native_password";
/// The plugin that replaces it.
const SUCCESSOR: &str = "caching_sha2_password";

impl Pair {
    /// Plans the move of the next user's accounts that cannot be changed otherwise. Whichever account of the
    /// two has the plugin, none is given it.
    ///
    /// # Errors
    /// As the server refuses to list its plugins.
    pub(crate) async fn leave_retired_plugin(
        &mut self,
        next: Next,
        connection: &mut Connection,
    ) -> Result<(), StatementError> {
        let may_lack_it = matches!(self.dialect, Dialect::MySql(version) if version >= (8, 4, 0));
        let mut all = self.originals.values().chain(self.clones.values());
        if !may_lack_it || !all.any(is_on_retired) {
            return Ok(());
        }
        let sql = format!(
            "SELECT 1 FROM information_schema.PLUGINS WHERE PLUGIN_NAME = '{RETIRED}' \
             AND PLUGIN_STATUS = 'ACTIVE'"
        );
        if connection.run(&Statement::new("read plugins", sql)).await?.is_empty() {
            self.moved = self.left_on_retired(next);
            for state in self.originals.values_mut().chain(self.clones.values_mut()) {
                if is_on_retired(state) {
                    state.options.plugin = Some(SUCCESSOR.to_owned());
                }
            }
        }
        Ok(())
    }

    fn left_on_retired(&self, next: Next) -> Vec<Account> {
        let states = match next {
            Next::Original => &self.originals,
            Next::Clone => &self.clones,
        };
        let left = states.iter().filter(|(_, state)| is_on_retired(state));
        left.map(|(host, _)| match next {
            Next::Original => self.original_at(host),
            Next::Clone => self.clone_at(host),
        })
        .collect()
    }

    /// The statement that moves them.
    pub(crate) fn moving(&self) -> Result<Option<Statement>, StatementError> {
        let mut draft = Draft::new("ALTER USER ");
        for (index, account) in self.moved.iter().enumerate() {
            draft.push(if index == 0 { "" } else { ", " });
            draft.push(&format!("{} IDENTIFIED WITH '{SUCCESSOR}' BY ", account.sql()));
            draft.push_secret(random_password()?.expose());
        }
        Ok((!self.moved.is_empty()).then(|| draft.finish("move user")))
    }

    /// A message for operators.
    pub(crate) fn move_notes(&self) -> impl Iterator<Item = String> {
        self.moved.iter().map(|account| {
            format!(
                "{} was left on {RETIRED}, which the server does not have, and uses {SUCCESSOR} now",
                account.sql()
            )
        })
    }
}

fn is_on_retired(state: &State) -> bool {
    state.options.plugin.as_deref() == Some(RETIRED)
}
