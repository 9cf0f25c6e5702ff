//! The two users of a pair, as the system catalog shows them at one moment.

use postgres_session::{Row, quote_identifier};
use rotation_database::{PairOwner, StatementError, StatementFault, UserPair};

use crate::{CloneObjects, setting::Setting};

/// An attribute with its keyword, and how to read it from a role.
type Attribute = (&'static str, fn(&Role) -> bool);

/// The attributes that let a role do more.
pub(crate) const ATTRIBUTES: [Attribute; 4] = [
    ("CREATEDB", |role| role.makes_databases),
    ("CREATEROLE", |role| role.makes_roles),
    ("BYPASSRLS", |role| role.bypass_rls),
    ("REPLICATION", |role| role.replication),
];

/// What a change of a pair is for.
#[derive(Clone, Debug)]
pub(crate) struct Aim {
    pub(crate) objects: CloneObjects,
    pub(crate) owner: PairOwner,
    /// Whether applications log in as the clone now, and the original takes over.
    pub(crate) clone_is_live: bool,
}

/// What is known about both users, the master, and what links them.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) names: UserPair,
    pub(crate) aim: Aim,
    /// The server's major version.
    pub(crate) major: u32,
    pub(crate) master: Role,
    pub(crate) original: Role,
    /// Absent before the first rotation.
    pub(crate) clone: Option<Role>,
    /// Direct memberships of both users, and of the master in them.
    pub(crate) memberships: Vec<Membership>,
    pub(crate) original_settings: Vec<Setting>,
    pub(crate) clone_settings: Vec<Setting>,
    pub(crate) holdings: Vec<Holding>,
}

/// A row of `pg_roles`.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "these are the attributes that the catalogue has")]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) superuser: bool,
    pub(crate) inherit: bool,
    pub(crate) makes_roles: bool,
    pub(crate) makes_databases: bool,
    pub(crate) login: bool,
    pub(crate) replication: bool,
    pub(crate) bypass_rls: bool,
    pub(crate) connection_limit: String,
    /// None where it never ends.
    pub(crate) valid_until: Option<String>,
    pub(crate) expired: bool,
    /// Whether the master may grant it.
    pub(crate) administered: bool,
    /// Whether the master has its rights.
    pub(crate) used: bool,
    pub(crate) comment: Option<String>,
}

/// A row of `pg_auth_members`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "these are the options that the catalogue has")]
pub(crate) struct Membership {
    pub(crate) member: String,
    pub(crate) role: String,
    /// None where the grantor has been dropped.
    pub(crate) grantor: Option<String>,
    pub(crate) admin: bool,
    pub(crate) inherit: bool,
    pub(crate) set: bool,
    /// Whether the grantor may create roles, or is a superuser.
    pub(crate) by_administrator: bool,
    /// Whether the original has the same, in whatever way.
    pub(crate) reached: bool,
    /// Whether the member is the clone and has granted it to others, who would lose it as well.
    pub(crate) passed_on: bool,
}

/// What the clone holds in its own name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holding {
    /// None for what all databases share.
    pub(crate) database: Option<String>,
    /// Whether it can be reached from the database that the session is connected to.
    pub(crate) here: bool,
    pub(crate) held: Held,
    pub(crate) count: String,
}

/// How a clone holds something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Held {
    Owned,
    /// By a grant or a row policy.
    Granted,
    /// Its default privileges and user mappings, which have no effect while it acts as the original and
    /// cannot be handed to another user.
    Personal,
}

impl Pair {
    /// Parses the pair from the answers to `read_roles`, `read_memberships`, `read_settings` and
    /// `read_holdings`.
    ///
    /// # Errors
    /// [`StatementFault::NoSuchUser`] or [`StatementFault::OriginalMissing`] where the original is missing;
    /// an answer of an unexpected shape.
    pub(crate) fn parse(
        names: &UserPair,
        aim: Aim,
        major: u32,
        answers: &[Vec<Row>],
    ) -> Result<Self, StatementError> {
        let [roles, memberships, settings, holdings] = answers else { return Err(unexpected()) };
        let mut master = None;
        let (mut original, mut clone) = (None, None);
        for row in roles {
            let (role, is_master) = Role::parse(row)?;
            if role.name == names.original.as_str() {
                original = Some(role.clone());
            } else if role.name == names.clone.as_str() {
                clone = Some(role.clone());
            }
            if is_master {
                master = Some(role);
            }
        }
        let memberships = memberships.iter().map(Membership::parse).collect::<Result<_, _>>()?;
        let holdings = holdings.iter().map(Holding::parse).collect::<Result<_, _>>()?;
        let (mut original_settings, mut clone_settings) = (Vec::new(), Vec::new());
        for row in settings {
            let [Some(role), database, Some(setting)] = &row[..] else { return Err(unexpected()) };
            let (name, value) = setting.split_once('=').ok_or_else(unexpected)?;
            let setting =
                Setting { database: database.clone(), name: name.to_owned(), value: value.to_owned() };
            let settings =
                if *role == names.original.as_str() { &mut original_settings } else { &mut clone_settings };
            settings.push(setting);
        }
        let missing = if aim.clone_is_live { original_missing(names) } else { StatementFault::NoSuchUser };
        Ok(Self {
            names: names.clone(),
            aim,
            major,
            master: master.ok_or_else(unexpected)?,
            original: original.ok_or_else(|| StatementError::new(missing))?,
            clone,
            memberships,
            original_settings,
            clone_settings,
            holdings,
        })
    }

    /// Whether sessions of the clone become the original, or the role that the original becomes.
    pub(crate) fn acts_as_original(&self) -> bool {
        let switched = self.clone_settings.iter().any(|setting| {
            setting.name == Setting::ROLE && setting.database.is_none() && setting.value != "none"
        });
        switched && self.memberships_in_original().any(|held| held.set)
    }

    /// The clone's memberships in the original: several where several roles granted it.
    pub(crate) fn memberships_in_original(&self) -> impl Iterator<Item = &Membership> {
        self.clone_memberships().filter(|membership| membership.role == self.original.name)
    }

    /// The clone's direct memberships.
    pub(crate) fn clone_memberships(&self) -> impl Iterator<Item = &Membership> {
        self.memberships.iter().filter(|membership| membership.member == self.names.clone.as_str())
    }
}

impl Aim {
    pub(crate) fn next_is_clone(&self) -> bool {
        !self.clone_is_live
    }
}

impl Role {
    fn parse(row: &Row) -> Result<(Self, bool), StatementError> {
        let text = |column: usize| row.get(column).and_then(Clone::clone).ok_or_else(unexpected);
        let role = Self {
            name: text(0)?,
            superuser: truth(row, 2)?,
            inherit: truth(row, 3)?,
            makes_roles: truth(row, 4)?,
            makes_databases: truth(row, 5)?,
            login: truth(row, 6)?,
            replication: truth(row, 7)?,
            bypass_rls: truth(row, 8)?,
            connection_limit: text(9)?,
            valid_until: row.get(10).cloned().flatten().filter(|until| until != "infinity"),
            expired: truth(row, 11)?,
            administered: truth(row, 12)?,
            used: truth(row, 13)?,
            comment: row.get(14).cloned().flatten(),
        };
        // The limit goes into a statement as it is.
        let digits = role.connection_limit.strip_prefix('-').unwrap_or(&role.connection_limit);
        if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(unexpected());
        }
        Ok((role, truth(row, 1)?))
    }
}

impl Membership {
    fn parse(row: &Row) -> Result<Self, StatementError> {
        let [Some(member), Some(role), grantor, ..] = &row[..] else { return Err(unexpected()) };
        Ok(Self {
            member: member.clone(),
            role: role.clone(),
            grantor: grantor.clone(),
            admin: truth(row, 3)?,
            inherit: truth(row, 4)?,
            set: truth(row, 5)?,
            by_administrator: truth(row, 6)?,
            reached: truth(row, 7)?,
            passed_on: truth(row, 8)?,
        })
    }
}

impl Holding {
    fn parse(row: &Row) -> Result<Self, StatementError> {
        let [database, _, Some(kind), Some(count)] = &row[..] else { return Err(unexpected()) };
        let (database, count) = (database.clone(), count.clone());
        let held = match kind.as_str() {
            "owned" => Held::Owned,
            "granted" => Held::Granted,
            _ => Held::Personal,
        };
        Ok(Self { database, here: truth(row, 1)?, held, count })
    }
}

fn truth(row: &Row, column: usize) -> Result<bool, StatementError> {
    match row.get(column).and_then(Option::as_deref) {
        Some("t") => Ok(true),
        Some("f") => Ok(false),
        _ => Err(unexpected()),
    }
}

/// A live user has the name of a clone, and there is no original.
pub(crate) fn original_missing(names: &UserPair) -> StatementFault {
    StatementFault::OriginalMissing {
        clone: quote_identifier(names.clone.as_str()),
        original: quote_identifier(names.original.as_str()),
    }
}

/// The server's answer does not match the query.
pub(crate) fn unexpected() -> StatementError {
    StatementError::new(StatementFault::Other { code: "unexpected answer".to_owned() })
}
