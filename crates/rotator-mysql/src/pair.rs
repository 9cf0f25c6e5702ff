//! Both users of a pair at all their hosts, as the server shows them at one moment, and what makes them equal.

use std::collections::{BTreeMap, BTreeSet};

use rotation_core::database::{Credentials, ELIDED, SINGLE_USER, StatementError, StatementFault, UserPair};
use serde_json::{Map, Value, json};

use crate::{
    account::Options,
    correction::{corrections, is_within},
    dialect::Dialect,
    grants::{Account, Object, Right, Rights, Role},
    other::Authentication,
    quote::literal,
    statement::{Draft, Statement},
};

/// The key of an account's attributes that is ours.
const MARK: &str = "rotation";

/// The most hosts that one user is cloned for.
pub(crate) const MOST_HOSTS: usize = 64;

/// What is known of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    pub(crate) options: Options,
    pub(crate) rights: Rights,
    /// Comment and attributes, where the server has them.
    pub(crate) attributes: Map<String, Value>,
}

/// Both users, by their hosts.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) names: UserPair,
    pub(crate) dialect: Dialect,
    pub(crate) originals: BTreeMap<String, State>,
    pub(crate) clones: BTreeMap<String, State>,
}

/// The user whose password is about to be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Original,
    Clone,
}

impl Next {
    /// Whose password this is.
    pub(crate) fn of(names: &UserPair, next: &Credentials) -> Self {
        if next.username == names.original { Self::Original } else { Self::Clone }
    }
}

impl State {
    /// Turns the role by which MariaDB's clones are marked into the mark that they would bear elsewhere.
    pub(crate) fn unmask(&mut self, names: &UserPair) {
        let before = self.rights.len();
        let mark = mark_role(names);
        self.rights.retain(|right| !matches!(right, Right::Role { role, .. } if *role == mark));
        if self.rights.len() < before {
            self.attributes.insert(MARK.to_owned(), mark_value(names));
        }
    }
}

/// A role without rights, made by us: whoever has it was given it by a master. It is as long as the clone's name.
fn mark_role(names: &UserPair) -> Role {
    Role::without_host(format!("clone:{}", names.original))
}

fn mark_value(names: &UserPair) -> Value {
    json!({"cloneOf": names.original.as_str()})
}

impl Pair {
    /// Whether these two users may alternate, and be it known that they belong together.
    pub(crate) fn check(&self, next: Next) -> Result<(), StatementFault> {
        if self.originals.is_empty() || (next == Next::Original && self.clones.is_empty()) {
            return Err(StatementFault::NoSuchUser);
        }
        let not = |why| Err(StatementFault::NotRotatable { why, remedy: SINGLE_USER });
        for state in self.originals.values() {
            let has = |privilege: &str| {
                state.rights.iter().any(|right| match right {
                    Right::Privilege { on: Object::Global, name, .. } | Right::Dynamic { name, .. } => {
                        name == privilege
                    }
                    _ => false,
                })
            };
            if has("SUPER") || has("SYSTEM_USER") || has(crate::grants::ALL) {
                return not("it is a superuser");
            }
            if state.options.has_several_plugins {
                return not("it has several ways to authenticate");
            }
            let plugin = state.options.plugin.as_deref();
            if plugin.is_some_and(|plugin| !PASSWORD_PLUGINS.contains(&plugin)) {
                return not("its authentication plugin keeps no password that could be set");
            }
        }
        if self.clones.iter().any(|(host, clone)| !self.is_kin(host, clone, next)) {
            return Err(StatementFault::CloneNotRecognized);
        }
        Ok(())
    }

    /// Whether an account of the clone's name is the clone: by its mark, or else because it may do nothing that the
    /// original may not. Before the *original* is changed, who holds the other name alone must not be enough: then
    /// both must have the same rights.
    fn is_kin(&self, host: &str, clone: &State, next: Next) -> bool {
        if let Some(mark) = clone.attributes.get(MARK) {
            return *mark == mark_value(&self.names);
        }
        let all: Rights;
        let rights = match self.originals.get(host) {
            Some(original) => &original.rights,
            None => {
                all = self.originals.values().flat_map(|original| original.rights.clone()).collect();
                &all
            }
        };
        is_within(&clone.rights, rights) && (next == Next::Clone || is_within(rights, &clone.rights))
    }

    /// Hosts at which the clone must be made.
    fn missing_hosts(&self) -> Vec<&String> {
        self.originals.keys().filter(|host| !self.clones.contains_key(*host)).collect()
    }

    /// Hosts at which the clone must be dropped.
    fn surplus_hosts(&self) -> Vec<&String> {
        self.clones.keys().filter(|host| !self.originals.contains_key(*host)).collect()
    }

    /// What has to be done before the password may be set; nothing where all is as it should be.
    ///
    /// While the clone is in use, its accounts are neither made nor dropped: a new account for a host would take
    /// logins away from the one that is in use, and has another password.
    pub(crate) fn corrections(&self, next: Next, stand_in: &Authentication<'_>) -> Vec<Statement> {
        let mut statements = Vec::new();
        for (host, original) in &self.originals {
            let account = Account::new(self.names.clone.as_str(), host);
            let none = State::default();
            let clone = match self.clones.get(host) {
                Some(clone) => clone,
                None if next == Next::Original => continue,
                None => {
                    let mut draft = Draft::new(&format!("CREATE USER {} ", account.sql()));
                    stand_in.write(original.options.plugin.as_deref(), &mut draft);
                    statements.push(draft.finish("create user"));
                    &none
                }
            };
            if self.dialect.is_mariadb() && !clone.attributes.contains_key(MARK) {
                let role = mark_role(&self.names).sql();
                statements.push(Statement::new("create role", format!("CREATE ROLE IF NOT EXISTS {role}")));
                let sql = format!("GRANT {role} TO {}", account.sql());
                statements.push(Statement::new("grant", sql));
            }
            statements.extend(corrections(&original.rights, &clone.rights, &account, self.dialect));
            statements.extend(self.alter(&account, original, clone, next));
        }
        if next == Next::Clone {
            for host in self.surplus_hosts() {
                let account = Account::new(self.names.clone.as_str(), host);
                statements.push(Statement::new("drop user", format!("DROP USER {}", account.sql())));
            }
        }
        statements
    }

    /// What an account of the clone is to be beside its rights.
    fn alter(&self, account: &Account, original: &State, clone: &State, next: Next) -> Option<Statement> {
        let clauses = original.options.clauses_for(&clone.options).into_iter();
        // A clone in use that was locked is somebody's decision.
        let unlock = (next == Next::Clone && clone.options.is_locked).then(|| "ACCOUNT UNLOCK".to_owned());
        let changes: Vec<_> = clauses.chain(unlock).collect();
        let attributes = self.attributes(original, clone);
        if changes.is_empty() && attributes.is_none() {
            return None;
        }
        let mut draft = Draft::new(&format!("ALTER USER {}", account.sql()));
        for change in changes {
            draft.push(" ");
            draft.push(&change);
        }
        if let Some(patch) = attributes {
            draft.push(" ATTRIBUTE ");
            draft.push_either(&json_literal(&patch), &json_literal(&elided(&patch)));
        }
        Some(draft.finish("alter user"))
    }

    /// What gives the clone the original's attributes and its mark. `null` takes a key away.
    fn attributes(&self, original: &State, clone: &State) -> Option<Map<String, Value>> {
        if !self.dialect.has_attributes() {
            return None;
        }
        let mut wanted = original.attributes.clone();
        wanted.insert(MARK.to_owned(), mark_value(&self.names));
        let mut patch = Map::new();
        let keys: BTreeSet<_> = wanted.keys().chain(clone.attributes.keys()).collect();
        for key in keys {
            if wanted.get(key) != clone.attributes.get(key) {
                patch.insert(key.clone(), wanted.get(key).cloned().unwrap_or(Value::Null));
            }
        }
        (!patch.is_empty()).then_some(patch)
    }

    /// In how many rights and options the accounts that there were differed from the original's, whole accounts for
    /// hosts counting as one. A clone that was not there at all has not drifted.
    pub(crate) fn drift(&self, next: Next) -> usize {
        if self.clones.is_empty() {
            return 0;
        }
        let pairs =
            self.originals.iter().filter_map(|(host, original)| Some((original, self.clones.get(host)?)));
        let differences = pairs.map(|(original, clone)| {
            original.rights.symmetric_difference(&clone.rights).count()
                + usize::from(original.options.clauses_for(&clone.options).is_some())
        });
        let hosts = match next {
            Next::Clone => self.missing_hosts().len() + self.surplus_hosts().len(),
            Next::Original => 0,
        };
        differences.sum::<usize>() + hosts
    }

    /// For people: what is left as it is for now.
    pub(crate) fn notes(&self, next: Next) -> Vec<String> {
        if next == Next::Clone || (self.missing_hosts().is_empty() && self.surplus_hosts().is_empty()) {
            return Vec::new();
        }
        vec![
            "the clone is in use at other hosts than the original has; the next rotation makes them the same"
                .to_owned(),
        ]
    }

    /// The accounts whose password is to be set, with their plugins.
    pub(crate) fn next_accounts(&self, next: Next) -> Vec<(Account, Option<&str>)> {
        let (name, states) = match next {
            Next::Original => (&self.names.original, &self.originals),
            // The clone has the plugins of the original, at its hosts.
            Next::Clone => (&self.names.clone, &self.originals),
        };
        let account = |host: &String| Account::new(name.as_str(), host);
        states.iter().map(|(host, state)| (account(host), state.options.plugin.as_deref())).collect()
    }
}

fn json_literal(attributes: &Map<String, Value>) -> String {
    literal(&Value::Object(attributes.clone()).to_string()).to_string()
}

/// Attributes that people keep may hold anything; the mark is ours.
fn elided(attributes: &Map<String, Value>) -> Map<String, Value> {
    let shown = |(key, value): (&String, &Value)| {
        let value = if key == MARK || value.is_null() { value.clone() } else { json!(ELIDED) };
        (key.clone(), value)
    };
    attributes.iter().map(shown).collect()
}

/// The plugins that keep a password which a statement can set.
pub(crate) const PASSWORD_PLUGINS: [&str; 3] =
    ["mysql_native_password", "caching_sha2_password", "sha256_password"];

/// The server showed something that cannot be read exactly; nothing is done by guess.
pub(crate) fn unreadable(statement: &'static str) -> StatementError {
    StatementError {
        fault: StatementFault::Other { code: "unreadable answer".to_owned() },
        statement: Some(statement),
        source: None,
    }
}
