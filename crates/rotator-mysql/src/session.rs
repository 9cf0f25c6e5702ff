//! A session: `stage` reads, `commit` writes.

use std::{collections::BTreeSet, net::IpAddr};

use rotation_core::{ChangeReport, Deadline, Password};
use rotation_database::{
    Change, Credentials, LONGEST_PROOF, LoginMethod, PairOwner, Plan, SINGLE_USER, ServerFacts, Session,
    StatementError, StatementFault, TestQuery, Turn, UserPair, Username,
};

use crate::{
    DualPassword, Settings,
    connection::Connection,
    dialect::Dialect,
    entry::read_entries,
    facts,
    grants::Account,
    idle::UNLOCK,
    lockout, mark, master,
    other::OtherChange,
    own::{Former, OwnChange, takes_hashes},
    own_account::{OwnAccount, read_current},
    own_entries::second_password,
    own_mark,
    pair::{MOST_HOSTS, Next, Pair, unreadable},
    profile::MYSQL,
    quote::literal,
    second_password::Endings,
    session_settings::pin,
    shown::{READ_HOSTS, SHOW_GRANTS, SHOW_USER, ShownAccount},
    statement::Statement,
    turns,
    writable::require_writable,
};

/// A connection to MySQL or MariaDB as one user.
#[derive(Debug)]
pub struct MysqlSession {
    connection: Connection,
    own: Credentials,
    settings: Settings,
    /// The secret on whose behalf the session's own user changes its password.
    owner: Option<PairOwner>,
    staged: Option<Staged>,
    /// What happens to the password with which the session has logged in, where it is replaced.
    former: Former,
    /// The password with which the live user of a pair has just logged in.
    live: Option<Password>,
    /// Whether the server checks passwords at all, as far as the probe has shown.
    asks_for_passwords: bool,
    /// Whether the server has refused the lock for the change that is staged.
    is_unlocked: bool,
}

/// The user name on a server that lets every user in (`skip_grant_tables`).
const OPEN_TO_ALL: [&str; 2] = ["skip-grants user@skip-grants host", "@"];
/// How often the side effects of corrections are corrected before the rotation gives up.
const FURTHER_CORRECTIONS: usize = 2;

/// A change for which nothing is left to read: a plan shows the same statements that `commit` runs.
#[derive(Debug)]
enum Staged {
    Own(Box<OwnChange>),
    Other(Box<OtherChange>, Endings),
}

impl Session for MysqlSession {
    /// A clone has privileges of its own, which are compared before its password is set. Its session never
    /// acts as another user, so no role or membership has to be checked, and nothing more has to be proved
    /// about a pair.
    async fn probe(&mut self, _pair: Option<&UserPair>) -> Result<(), StatementError> {
        let rows = self.connection.run(&Statement::new(Statement::PROBE, MYSQL.probe)).await?;
        let account = rows.first().and_then(|row| row.get(1)?.as_deref());
        self.asks_for_passwords = account.is_none_or(|account| !OPEN_TO_ALL.contains(&account));
        Ok(())
    }

    async fn refusals_until_locked(&mut self) -> Result<Option<u32>, StatementError> {
        let account = OwnAccount::read(&mut self.connection).await?;
        lockout::limit(&mut self.connection, &account).await
    }

    fn peer(&self) -> Option<IpAddr> {
        self.connection.peer
    }

    fn method(&self) -> Option<LoginMethod> {
        let by_plugin = LoginMethod(self.connection.plugin.name());
        Some(if self.asks_for_passwords { by_plugin } else { LoginMethod::NONE })
    }

    fn act_for(&mut self, owner: &PairOwner) {
        self.owner = Some(owner.clone());
    }

    async fn prove(&mut self, statement: &TestQuery, deadline: Deadline) -> Result<(), StatementError> {
        for begin in begin_proof(self.connection.dialect, deadline) {
            self.connection.run(&begin).await?;
        }
        let statement = Statement::new("test query", statement.expose());
        self.connection.run_through(&statement, LONGEST_PROOF).await
    }

    /// A plan takes no lock: a concurrent rotation of the user must not wait for it.
    async fn plan(&mut self, change: &Change<'_>, deadline: Deadline) -> Result<Plan, StatementError> {
        self.connection.run(&pin(self.connection.dialect, deadline.remaining())).await?;
        self.connection.run(&Statement::new("begin", "START TRANSACTION READ ONLY")).await?;
        Ok(match self.prepare(change).await? {
            Staged::Own(change) => change.planned(),
            Staged::Other(change, endings) => {
                // Includes active roles.
                let grants = self.connection.run(&Statement::new("read own grants", "SHOW GRANTS")).await?;
                let lines = grants.iter().flatten().flatten().map(String::as_str);
                let master = read_current(&mut self.connection).await?;
                let lacking = master::lacking(&master, lines, &change.pair);
                let mut statements = change.planned();
                let last = statements.len() - change.last().len();
                statements.splice(last..last, endings.planned());
                let notes = change.notes().into_iter().chain(endings.notes).collect();
                Plan { statements, notes, lacking, is_lacking_certain: false }
            }
        })
    }

    async fn stage(
        &mut self,
        change: &Change<'_>,
        turn: &Turn,
        deadline: Deadline,
    ) -> Result<(), StatementError> {
        self.connection.run(&pin(self.connection.dialect, deadline.remaining())).await?;
        let original = match change {
            Change::OwnPassword { .. } => &self.own.username,
            Change::OtherUser { pair, .. } => &pair.original,
        };
        let allowed = self.settings.allow_unlocked;
        let taken = turns::take(&mut self.connection, original, allowed, deadline).await?;
        if taken && matches!(change, Change::OtherUser { .. }) {
            turn.taken();
        }
        self.is_unlocked = !taken;
        self.staged = Some(self.prepare(change).await?);
        Ok(())
    }

    async fn commit(mut self) -> Result<ChangeReport, StatementError> {
        let unlocked = self.is_unlocked.then(|| turns::UNLOCKED.to_owned());
        let mut committed = match self.staged.take() {
            None => ChangeReport::default(),
            Some(Staged::Own(change)) => {
                ChangeReport { drift: 0, notes: change.apply(&mut self.connection).await? }
            }
            Some(Staged::Other(change, endings)) => Box::pin(self.apply_other(*change, endings)).await?,
        };
        committed.notes.extend(unlocked);
        Ok(committed)
    }

    fn live_logs_in_by(&mut self, password: &Password) {
        self.live = Some(password.clone());
    }

    async fn must_end_second(&mut self, current_logs_in: bool) -> Result<bool, StatementError> {
        let dialect = self.connection.dialect;
        if !dialect.has_dual_passwords()
            || (current_logs_in && self.settings.dual_password != DualPassword::Off)
        {
            return Ok(false);
        }
        Ok(OwnAccount::read(&mut self.connection).await?.may_retain(dialect))
    }

    fn end_second(&mut self, current_logs_in: bool) {
        self.former = Former::Ends { current_logs_in };
    }

    async fn facts(&mut self, pair: Option<&UserPair>) -> Result<ServerFacts, StatementError> {
        let facts = facts::read(&mut self.connection).await?;
        if pair.is_some() {
            return Ok(facts);
        }
        let hindrance = self.other_secret().await?;
        let account = OwnAccount::read(&mut self.connection).await?;
        let second = second_password(&mut self.connection, &account, &self.own.username).await?;
        Ok(ServerFacts { hindrance, second_password: second, ..facts })
    }
}

impl MysqlSession {
    pub(crate) fn new(connection: Connection, own: Credentials, settings: Settings) -> Self {
        let (former, live) = (Former::default(), None);
        Self {
            connection,
            own,
            settings,
            owner: None,
            staged: None,
            former,
            live,
            asks_for_passwords: true,
            is_unlocked: false,
        }
    }

    /// Reads what the change depends on.
    async fn prepare(&mut self, change: &Change<'_>) -> Result<Staged, StatementError> {
        require_writable(&mut self.connection).await?;
        match *change {
            Change::OwnPassword { new } => {
                if let Some(fault) = self.other_secret().await? {
                    return Err(StatementError::new(fault));
                }
                let (own, settings) = (&self.own, self.settings);
                let change = OwnChange::prepare(&mut self.connection, own, new, settings, self.former);
                Ok(Staged::Own(Box::new(change.await?)))
            }
            Change::OtherUser { pair, next, owner, .. } => {
                let change = Box::new(Box::pin(self.prepare_other(pair, owner, next)).await?);
                let endings = self.prepare_endings(&change.pair, Next::of(pair, next)).await?;
                Ok(Staged::Other(change, endings))
            }
        }
    }

    /// The statements that discard the second passwords of both users.
    async fn prepare_endings(&mut self, pair: &Pair, next: Next) -> Result<Endings, StatementError> {
        if !self.connection.dialect.has_dual_passwords() {
            return Ok(Endings::default());
        }
        let users = [&pair.names.original, &pair.names.clone];
        let entries = read_entries(&mut self.connection, &users).await?;
        Endings::of(&entries, pair, next, self.live.as_ref(), self.settings.allow_old_password)
    }

    /// The secret that the pair of the session's own user belongs to, where that is another one.
    async fn other_secret(&mut self) -> Result<Option<StatementFault>, StatementError> {
        own_mark::other_secret(&mut self.connection, &self.own.username, self.owner.as_ref()).await
    }

    async fn prepare_other(
        &mut self,
        names: &UserPair,
        owner: &PairOwner,
        next: &Credentials,
    ) -> Result<OtherChange, StatementError> {
        let too_long = |limit: usize| names.clone.as_str().chars().count() > limit;
        if self.settings.name_limit.is_some_and(too_long) {
            let why = "the clone's name would be longer than USERNAME_CHARACTER_LIMIT";
            return Err(StatementError::new(StatementFault::NotRotatable { why, remedy: SINGLE_USER }));
        }
        let mut pair = self.read_pair(names, owner).await?;
        give_way().await;
        let which = Next::of(names, next);
        self.read_definitions(&mut pair, which).await?;
        pair.leave_retired_plugin(which, &mut self.connection).await?;
        pair.check(which).map_err(StatementError::new)?;
        give_way().await;
        let hashes = takes_hashes(&mut self.connection).await?;
        OtherChange::new(pair, which, &next.password, hashes)
    }

    /// Makes the two equal, reads them again, then lets the next one in and sets its password, so that no
    /// session that logs in with it has fewer privileges than it should.
    async fn apply_other(
        &mut self,
        change: OtherChange,
        mut endings: Endings,
    ) -> Result<ChangeReport, StatementError> {
        let before = self.apply_first(&change, &mut endings).await;
        before.map_err(StatementError::before_password)?;
        self.run_last(&change).await?;
        let notes = change.notes().into_iter().chain(endings.notes).collect();
        Ok(ChangeReport { drift: change.drift(), notes })
    }

    /// Everything that comes before the password.
    async fn apply_first(
        &mut self,
        change: &OtherChange,
        endings: &mut Endings,
    ) -> Result<(), StatementError> {
        let mut is_first = true;
        for statement in change.first() {
            self.connection.run(statement).await?;
            is_first = false;
        }
        if !is_first {
            let after = self.correct_further(change).await?;
            for statement in &change.remark(&after) {
                self.connection.run(statement).await?;
            }
        }
        endings.apply(&mut self.connection, self.settings.allow_old_password).await
    }

    /// Reads the pair again, and corrects what one statement took along with what it was to change: servers
    /// revoke some privileges and options together.
    async fn correct_further(&mut self, change: &OtherChange) -> Result<Pair, StatementError> {
        let names = &change.pair.names;
        let mut after = self.read_pair(names, &change.pair.owner).await?;
        give_way().await;
        for _ in 0..FURTHER_CORRECTIONS {
            let left = change.left_in(&after);
            if left.is_empty() {
                break;
            }
            for statement in &left {
                self.connection.run(statement).await?;
            }
            after = self.read_pair(names, &change.pair.owner).await?;
            give_way().await;
        }
        // Another session is changing the same users, or the server did not do what it reported.
        if change.is_made_in(&after) { Ok(after) } else { Err(StatementError::new(StatementFault::Busy)) }
    }

    /// A server with a password history refuses one that an earlier attempt has set. Accounts for other hosts
    /// may still lack it, so they get it before the refusal is reported. Accounts that were created with a
    /// stand-in, which logs hold, stay locked while they still have it. A login tests only one account: where
    /// there are several, the state of the others is unknown.
    async fn run_last(&mut self, change: &OtherChange) -> Result<(), StatementError> {
        let mut remembered = None;
        for statement in change.last() {
            let certain;
            let mut statement = statement;
            if remembered.is_some() && change.is_checked && statement.kind == UNLOCK {
                let entries = read_entries(&mut self.connection, &[change.next_name()]).await?;
                let Some(unlock) = change.unlocking_certain(&entries) else { continue };
                certain = unlock;
                statement = &certain;
            }
            match self.connection.run(statement).await.map_err(StatementError::from) {
                Ok(_) => {}
                Err(error) if matches!(error.fault, StatementFault::PasswordPolicy { .. }) => {
                    remembered.get_or_insert(error);
                }
                Err(error) if change.last().len() > 1 => return Err(error.before_password()),
                Err(error) => return Err(error),
            }
        }
        remembered.map_or(Ok(()), Err)
    }

    /// Both users at all their hosts.
    async fn read_pair(&mut self, names: &UserPair, owner: &PairOwner) -> Result<Pair, StatementError> {
        let dialect = self.connection.dialect;
        let attributes =
            if dialect.has_attributes() { "JSON_EXTRACT(User_attributes, '$.metadata')" } else { "NULL" };
        // SHOW CREATE USER is not always right about it: after PASSWORD EXPIRE DEFAULT it still shows the
        // previous interval (seen on MySQL 9.7).
        let lifetime = if dialect.has_password_lifetime() { "password_lifetime" } else { "NULL" };
        let roles = if dialect.is_mariadb() { " AND is_role = 'N'" } else { "" };
        let list = |user: &Username| {
            format!(
                "SELECT Host, {attributes}, {lifetime} FROM mysql.user WHERE User = {}{roles} \
                 ORDER BY Host LIMIT {}",
                *literal(user.as_str()),
                MOST_HOSTS + 1,
            )
        };
        let mut users = Vec::new();
        for user in [&names.original, &names.clone] {
            let rows = self.read(&Statement::new(READ_HOSTS, list(user))).await?;
            if rows.len() > MOST_HOSTS {
                let why = "it has more hosts than are cloned";
                return Err(StatementError::new(StatementFault::NotRotatable { why, remedy: SINGLE_USER }));
            }
            let mut accounts = Vec::new();
            for row in rows {
                let [Some(host), attributes, lifetime] = &row[..] else {
                    return Err(unreadable(READ_HOSTS));
                };
                let mut shown = self.read_account(&Account::new(user.as_str(), host)).await?;
                shown.attributes.clone_from(attributes);
                shown.lifetime.clone_from(lifetime);
                accounts.push(shown);
                give_way().await;
            }
            users.push(accounts);
        }
        let (clones, originals) = (users.pop().unwrap_or_default(), users.pop().unwrap_or_default());
        let mut pair = Pair::read(names, owner, dialect, &originals, &clones)?;
        if dialect.is_mariadb() {
            pair.mark_roles = self.read_mark_roles(names).await?;
        }
        Ok(pair)
    }

    /// The roles by which MariaDB marks this pair, for whichever secret, whichever accounts have them.
    async fn read_mark_roles(&mut self, names: &UserPair) -> Result<BTreeSet<String>, StatementError> {
        let sql = format!(
            "SELECT User FROM mysql.user WHERE is_role = 'Y' AND (User = {} OR LEFT(User, {length}) = {})",
            *literal(&mark::former_role(names)),
            *literal(&mark::role_prefix(names)),
            length = mark::role_prefix(names).len(),
        );
        let rows = self.read(&Statement::new("read mark roles", sql)).await?;
        let roles = rows.into_iter().filter_map(|row| row.into_iter().next()?);
        // The server's comparison may ignore case.
        Ok(roles.filter(|role| mark::Mark::of_role(role, names).is_some()).collect())
    }

    /// Reads what the accounts define that the operator may want to drop. Before there is a clone, reads what
    /// the original defines; for a live clone with more rights than the original, what the clone defines.
    async fn read_definitions(&mut self, pair: &mut Pair, next: Next) -> Result<(), StatementError> {
        let entries: Vec<_> = pair.surplus_hosts().map(|(host, _)| pair.clone_at(host)).collect();
        if !entries.is_empty() {
            pair.definitions.read_entries(&mut self.connection, &entries).await?;
        }
        if next == Next::Clone && pair.clones.is_empty() && !pair.originals.is_empty() {
            let originals: Vec<_> = pair.originals.keys().map(|host| pair.original_at(host)).collect();
            pair.definitions.count_routines(&mut self.connection, &originals).await?;
        }
        if next == Next::Original && pair.check_excess().is_err() {
            let clones: Vec<_> = pair.clones.keys().map(|host| pair.clone_at(host)).collect();
            pair.definitions.read_routines(&mut self.connection, &clones).await?;
        }
        Ok(())
    }

    /// The account without the host that it was read with.
    async fn read_account(&mut self, account: &Account) -> Result<ShownAccount, StatementError> {
        let mut shown = ShownAccount { host: account.host.clone(), ..ShownAccount::default() };
        let statement = Statement::new(SHOW_USER, format!("SHOW CREATE USER {}", account.sql()));
        let rows = self.read(&statement).await?;
        shown.create_user =
            rows.into_iter().next().and_then(|row| row.into_iter().next()?).unwrap_or_default();
        let statement = Statement::new(SHOW_GRANTS, format!("SHOW GRANTS FOR {}", account.sql()));
        shown.grants = self.read(&statement).await?.into_iter().flatten().flatten().collect();
        if self.connection.dialect.keeps_roles_in_a_table() {
            shown.roles = self.read_roles(account).await?;
        }
        Ok(shown)
    }

    /// SHOW GRANTS is not always right about ADMIN OPTION: it omits an option that was granted after the role
    /// (seen on MySQL 9.7). It also lists roles that every user has. The table is exact.
    async fn read_roles(&mut self, account: &Account) -> Result<Vec<(String, String, bool)>, StatementError> {
        const KIND: &str = "read roles";
        let sql = format!(
            "SELECT FROM_USER, FROM_HOST, WITH_ADMIN_OPTION FROM mysql.role_edges \
             WHERE TO_USER = {} AND TO_HOST = {}",
            *literal(&account.user),
            *literal(&account.host),
        );
        let rows = self.read(&Statement::new(KIND, sql)).await?;
        let role = |row: crate::wire::Row| match <[_; 3]>::try_from(row) {
            Ok([Some(name), Some(host), Some(admin)]) => Ok((name, host, admin == "Y")),
            _ => Err(unreadable(KIND)),
        };
        rows.into_iter().map(role).collect()
    }

    /// Reads what requires SELECT on the server's own tables.
    async fn read(&mut self, statement: &Statement) -> Result<Vec<crate::wire::Row>, StatementError> {
        let mut error = match self.connection.run(statement).await {
            Ok(rows) => return Ok(rows),
            Err(failure) => StatementError::from(failure),
        };
        if let StatementFault::PrivilegeMissing { needed } = &mut error.fault {
            *needed =
                format!("GRANT SELECT ON mysql.* TO {}", read_current(&mut self.connection).await?.sql());
        }
        Err(error)
    }
}

/// Yields, so that the deadline can end what has taken too long: users with tens of thousands of grants are
/// compared without waiting for anything.
async fn give_way() {
    tokio::task::yield_now().await;
}

/// The transaction of a test query, with the settings that applications get. Statements that end a
/// transaction implicitly, such as those that change tables, find the session read-only as well. The limit
/// leaves a tenth of the time.
fn begin_proof(dialect: Dialect, deadline: Deadline) -> Vec<Statement> {
    let time = deadline.remaining();
    let time = time.saturating_sub(time / 10);
    let wait = format!("SESSION lock_wait_timeout = {}", time.as_secs().clamp(1, 300));
    let limits: Vec<_> = std::iter::once(wait).chain(dialect.query_limit(time)).collect();
    vec![
        Statement::new("set session", format!("SET {}", limits.join(", "))),
        Statement::new("set transaction", "SET SESSION TRANSACTION READ ONLY"),
        Statement::new("begin", "START TRANSACTION READ ONLY"),
    ]
}
