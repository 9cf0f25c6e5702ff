//! What a server shows of an account, and what follows from that without any further query.

use std::collections::{BTreeMap, BTreeSet};

use rotation_database::{Credentials, PairOwner, PlannedStatement, StatementError, UserPair};
use serde_json::Map;

use crate::{
    account::Options,
    definers::Definitions,
    dialect::Dialect,
    grants::{Right, Role, read_line},
    other::OtherChange,
    pair::{Next, Pair, State, unreadable},
};

pub(crate) const READ_HOSTS: &str = "read hosts";
pub(crate) const SHOW_USER: &str = "show create user";
pub(crate) const SHOW_GRANTS: &str = "show grants";

/// One account as its server shows it. It does not print, as the server also shows hashes of passwords.
#[derive(Clone, Default)]
pub struct ShownAccount {
    /// The host that the account is for.
    pub host: String,
    /// What `SHOW CREATE USER` prints.
    pub create_user: String,
    /// The lines of `SHOW GRANTS`.
    pub grants: Vec<String>,
    /// The account's rows of `mysql.role_edges`, where the server has that table: a role's name, its host,
    /// and whether the account may grant it to others.
    pub roles: Vec<(String, String, bool)>,
    /// Comment and attributes as one JSON object, where the server keeps them.
    pub attributes: Option<String>,
    /// `mysql.user.password_lifetime`, in days.
    pub lifetime: Option<String>,
}

impl ShownAccount {
    /// Parses all of it.
    ///
    /// # Errors
    /// [`unreadable`] where a part is not understood exactly.
    pub(crate) fn read(&self, dialect: Dialect) -> Result<State, StatementError> {
        let mut state = State::default();
        let options = Options::parse(&self.create_user, &mut state.rights);
        state.options = options.map_err(|_| unreadable(SHOW_USER))?;
        for line in &self.grants {
            read_line(line, &mut state.rights).map_err(|_| unreadable(SHOW_GRANTS))?;
        }
        if dialect.keeps_roles_in_a_table() {
            state.rights.retain(|right| !matches!(right, Right::Role { .. }));
            let roles = self.roles.iter();
            state.rights.extend(
                roles.map(|(name, host, admin)| Right::Role {
                    role: Role::at_host(name, host),
                    admin: *admin,
                }),
            );
        }
        state.attributes = match self.attributes.as_deref() {
            None => Map::new(),
            Some(text) => serde_json::from_str(text).map_err(|_| unreadable(READ_HOSTS))?,
        };
        if dialect.has_password_lifetime() {
            state.options.set_lifetime(self.lifetime.as_deref());
        }
        Ok(state)
    }
}

impl Pair {
    /// Both users by what the server shows of their accounts.
    ///
    /// # Errors
    /// As [`ShownAccount::read`].
    pub(crate) fn read(
        names: &UserPair,
        owner: &PairOwner,
        dialect: Dialect,
        originals: &[ShownAccount],
        clones: &[ShownAccount],
    ) -> Result<Self, StatementError> {
        let read = |account: &ShownAccount| {
            let mut state = account.read(dialect)?;
            state.take_marks(names, dialect);
            Ok((account.host.clone(), state))
        };
        let read_all = |accounts: &[ShownAccount]| -> Result<BTreeMap<String, State>, StatementError> {
            accounts.iter().map(read).collect()
        };
        Ok(Self {
            names: names.clone(),
            owner: owner.clone(),
            dialect,
            originals: read_all(originals)?,
            clones: read_all(clones)?,
            mark_roles: BTreeSet::new(),
            moved: Vec::new(),
            definitions: Definitions::default(),
        })
    }
}

/// The statements by which a master reconciles the clone of a pair and sets the password of `next`, on a
/// server of this version that shows the two users as given. A session plans the same where a MariaDB server
/// checks no passwords.
///
/// # Errors
/// A [`StatementError`] where the two may not alternate, or the server shows something that cannot be parsed
/// exactly.
pub fn plan_clone(
    version: &str,
    names: &UserPair,
    owner: &PairOwner,
    next: &Credentials,
    originals: &[ShownAccount],
    clones: &[ShownAccount],
) -> Result<Vec<PlannedStatement>, StatementError> {
    let dialect = Dialect::parse(version);
    let pair = Pair::read(names, owner, dialect, originals, clones)?;
    let which = Next::of(names, next);
    pair.check(which).map_err(StatementError::new)?;
    Ok(OtherChange::new(pair, which, &next.password, dialect.is_mariadb())?.planned())
}
