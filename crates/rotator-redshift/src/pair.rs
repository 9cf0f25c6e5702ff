//! The two users of a pair, as the system catalog shows them at one moment.

use std::collections::{BTreeMap, BTreeSet};

use postgres_session::Row;
use rotation_database::{
    PairOwner, SINGLE_USER, StatementError, StatementFault, UserPair, Username, recognize,
};

use crate::{
    answer::{text, truth, unexpected},
    default_privilege::DefaultPrivilege,
    grant::{Object, Routine},
    mark::{self, Marks, is_mark},
    quote::quote_identifier,
    user::User,
};

/// What is known about both users, and what links them.
#[derive(Clone, Debug)]
pub(crate) struct Pair {
    pub(crate) names: UserPair,
    pub(crate) original: User,
    /// Absent before the first rotation.
    pub(crate) clone: Option<User>,
    /// The session's own user.
    pub(crate) master: Option<User>,
    /// Whether applications log in as the clone now.
    pub(crate) clone_is_live: bool,
    pub(crate) marks: Marks,
    pub(crate) original_holds: Holdings,
    pub(crate) clone_holds: Holdings,
    pub(crate) default_privileges: Vec<DefaultPrivilege>,
    /// Schemas on which nothing may be granted inside a transaction.
    pub(crate) external_schemas: BTreeSet<String>,
    /// The number of other databases.
    pub(crate) other_databases: usize,
}

/// What one user has.
#[derive(Clone, Debug, Default)]
pub(crate) struct Holdings {
    pub(crate) groups: BTreeSet<String>,
    /// With or without the grant option.
    pub(crate) roles: BTreeMap<String, bool>,
    /// What it owns, with the privileges on it that can be granted to others.
    pub(crate) owned: BTreeMap<Object, &'static [&'static str]>,
    /// Privileges, with or without the grant option.
    pub(crate) grants: BTreeMap<(Object, &'static str), bool>,
    /// Rights that are compared and never granted: the text of "GRANT" before the grantee.
    pub(crate) others: BTreeSet<String>,
}

impl Pair {
    /// Parses the pair from the answers to `statements::read_pair`.
    ///
    /// # Errors
    /// [`StatementFault::NoSuchUser`] where the original is missing; an answer of an unexpected shape.
    pub(crate) fn parse(asked: &Asked<'_>, answers: &[Vec<Row>]) -> Result<Self, StatementError> {
        let names = asked.names;
        let [
            users,
            groups,
            roles,
            relations,
            places,
            routines,
            grants @ ..,
            defaults,
            others,
            external,
            databases,
        ] = answers
        else {
            return Err(unexpected());
        };
        let users = users.iter().map(User::parse).collect::<Result<Vec<_>, _>>()?;
        let find = |name: &str| users.iter().find(|user| user.name == name).cloned();
        let original = find(names.original.as_str());
        let mut holdings = BothHoldings::new(names);
        let all_groups = holdings.read_groups(groups)?;
        holdings.read_roles(roles)?;
        holdings.read_owned(relations, places)?;
        let procedures = holdings.read_routines(routines)?;
        for (view, rows) in VIEWS.iter().zip(grants) {
            holdings.read_grants(*view, rows, &procedures)?;
        }
        holdings.read_others(others)?;
        let [mut original_holds, mut clone_holds] = holdings.both;
        let mut marks = Marks::new(&asked.owner.secret, &names.original);
        marks.own_exists = all_groups.contains(&marks.own);
        marks.held = clone_holds.groups.iter().filter(|group| is_mark(group)).cloned().collect();
        let unnamed = mark::unnamed(names.original.as_str());
        marks.unnamed = clone_holds.groups.contains(&unnamed);
        for holds in [&mut original_holds, &mut clone_holds] {
            holds.groups.retain(|group| !is_mark(group) && *group != unnamed);
        }
        let defaults = defaults.iter().map(DefaultPrivilege::parse).collect::<Result<Vec<_>, _>>()?;
        let names_of = |rows: &[Row]| rows.iter().map(|row| text(row, 0)).collect::<Result<_, _>>();
        Ok(Self {
            names: names.clone(),
            original: original.ok_or_else(|| StatementError::new(StatementFault::NoSuchUser))?,
            clone: find(names.clone.as_str()),
            master: users.iter().find(|user| user.is_session).cloned(),
            clone_is_live: *asked.next == names.original,
            marks,
            original_holds,
            clone_holds,
            default_privileges: defaults.into_iter().flatten().collect(),
            external_schemas: names_of(external)?,
            other_databases: databases.len(),
        })
    }

    /// The change that lets the master change the two, for an administrator to run.
    pub(crate) fn lacking(&self) -> Vec<String> {
        let master = self.master.iter().filter(|master| !master.superuser);
        master.map(|master| format!("ALTER USER {} CREATEUSER", quote_identifier(&master.name))).collect()
    }

    /// Whether these two may alternate at all, and for this secret.
    ///
    /// # Errors
    /// The reason why not; nothing has been written.
    pub(crate) fn check(&self, owner: &PairOwner) -> Result<(), StatementError> {
        let users = || [Some(&self.original), self.clone.as_ref()].into_iter().flatten();
        let not_rotatable =
            |why| Err(StatementError::new(StatementFault::NotRotatable { why, remedy: SINGLE_USER }));
        if users().any(|user| user.is_session) {
            return not_rotatable("it is the master itself");
        }
        if users().any(|user| user.superuser) {
            return not_rotatable("it is a superuser");
        }
        if self.original.expired {
            return Err(StatementError::new(StatementFault::Expired));
        }
        if let Some(clone) = &self.clone {
            let mark = self.marks.as_mark(&owner.secret);
            recognize(mark, owner, self.equality(clone, mark), self.clone_is_live)
                .map_err(StatementError::new)?;
        }
        match (&self.clone, self.clone_is_live) {
            (Some(clone), true) => self.check_excess(clone),
            _ => self.check_reach().map_err(StatementError::new),
        }
    }
}

/// The pair, the secret, and whose turn it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked<'a> {
    pub(crate) names: &'a UserPair,
    pub(crate) owner: &'a PairOwner,
    pub(crate) next: &'a Username,
}

/// The views of `statements::read_privileges` in their order.
const VIEWS: [View; 5] = [View::Database, View::Schema, View::Relation, View::Routine, View::Language];

#[derive(Clone, Copy)]
enum View {
    Database,
    Schema,
    Relation,
    Routine,
    Language,
}

/// What both users have, while the answers are parsed.
struct BothHoldings<'a> {
    names: &'a UserPair,
    both: [Holdings; 2],
}

impl<'a> BothHoldings<'a> {
    fn new(names: &'a UserPair) -> Self {
        Self { names, both: [Holdings::default(), Holdings::default()] }
    }

    /// None for any other user.
    fn of(&mut self, user: &str) -> Option<&mut Holdings> {
        if user == self.names.original.as_str() {
            Some(&mut self.both[0])
        } else if user == self.names.clone.as_str() {
            Some(&mut self.both[1])
        } else {
            None
        }
    }

    /// Returns the names of all groups.
    fn read_groups(&mut self, rows: &[Row]) -> Result<BTreeSet<String>, StatementError> {
        let mut all = BTreeSet::new();
        for row in rows {
            let group = text(row, 0)?;
            if let Some(holdings) = row.get(1).cloned().flatten().and_then(|user| self.of(&user)) {
                holdings.groups.insert(group.clone());
            }
            all.insert(group);
        }
        Ok(all)
    }

    fn read_roles(&mut self, rows: &[Row]) -> Result<(), StatementError> {
        for row in rows {
            let (role, admin) = (text(row, 1)?, truth(row, 2)?);
            if let Some(holdings) = self.of(&text(row, 0)?) {
                *holdings.roles.entry(role).or_default() |= admin;
            }
        }
        Ok(())
    }

    fn read_owned(&mut self, relations: &[Row], places: &[Row]) -> Result<(), StatementError> {
        for row in relations {
            let object = Object::Relation(text(row, 1)?, text(row, 2)?);
            // On a view only reading can be granted.
            let privileges = if text(row, 3)? == "v" { &["SELECT"] } else { object.privileges() };
            if let Some(holdings) = self.of(&text(row, 0)?) {
                holdings.owned.insert(object, privileges);
            }
        }
        for row in places {
            let name = text(row, 1)?;
            let object = match text(row, 2)?.as_str() {
                "schema" => Object::Schema(name),
                _ => Object::Database(name),
            };
            let privileges = object.privileges();
            if let Some(holdings) = self.of(&text(row, 0)?) {
                holdings.owned.insert(object, privileges);
            }
        }
        Ok(())
    }

    /// Returns the procedures; the rest are functions.
    fn read_routines(&mut self, rows: &[Row]) -> Result<BTreeSet<Routine>, StatementError> {
        let mut procedures = BTreeSet::new();
        for row in rows {
            let routine = Routine { schema: text(row, 0)?, name: text(row, 1)?, arguments: text(row, 2)? };
            let is_procedure = text(row, 3)? == "p";
            if is_procedure {
                procedures.insert(routine.clone());
            }
            let object = if is_procedure { Object::Procedure(routine) } else { Object::Function(routine) };
            let privileges = object.privileges();
            if let Some(holdings) = self.of(&text(row, 4)?) {
                holdings.owned.insert(object, privileges);
            }
        }
        Ok(procedures)
    }

    fn read_grants(
        &mut self,
        view: View,
        rows: &[Row],
        procedures: &BTreeSet<Routine>,
    ) -> Result<(), StatementError> {
        for row in rows {
            let object = match view {
                View::Database => Object::Database(text(row, 1)?),
                View::Schema => Object::Schema(text(row, 1)?),
                View::Relation => Object::Relation(text(row, 1)?, text(row, 2)?),
                View::Language => Object::Language(text(row, 1)?),
                View::Routine => {
                    let arguments = text(row, 3)?;
                    let routine = Routine { schema: text(row, 1)?, name: text(row, 2)?, arguments };
                    let is_procedure = procedures.contains(&routine);
                    if is_procedure { Object::Procedure(routine) } else { Object::Function(routine) }
                }
            };
            let (privilege, option) = (text(row, 4)?, truth(row, 5)?);
            let scope = row.get(6).cloned().flatten();
            let own_scope = match (view, scope.as_deref()) {
                (View::Database, Some(scope)) => scope.eq_ignore_ascii_case("DATABASE"),
                (View::Schema, Some(scope)) => scope.eq_ignore_ascii_case("SCHEMA"),
                _ => true,
            };
            let Some(holdings) = self.of(&text(row, 0)?) else { continue };
            match object.privilege(&privilege).filter(|_| own_scope) {
                Some(privilege) => *holdings.grants.entry((object, privilege)).or_default() |= option,
                None if OBSOLETE.iter().any(|known| known.eq_ignore_ascii_case(&privilege)) => {}
                None => {
                    holdings.others.insert(match scope.filter(|_| !own_scope) {
                        Some(scope) => format!("{privilege} FOR {scope} IN {}", object.on()),
                        None => format!("{privilege} ON {}", object.on()),
                    });
                }
            }
        }
        Ok(())
    }

    fn read_others(&mut self, rows: &[Row]) -> Result<(), StatementError> {
        for row in rows {
            let (privilege, place) = (text(row, 1)?, text(row, 2)?);
            let right = match (row.get(3).cloned().flatten(), row.get(4).cloned().flatten()) {
                (Some(relation), Some(column)) => {
                    let table = Object::Relation(place, relation);
                    format!("{privilege} ({}) ON {}", quote_identifier(&column), table.on())
                }
                _ => format!("{privilege} ON DATASHARE {}", quote_identifier(&place)),
            };
            if let Some(holdings) = self.of(&text(row, 0)?) {
                holdings.others.insert(right);
            }
        }
        Ok(())
    }
}

/// Privileges that PostgreSQL has, that `GRANT ALL` once granted, and that permit nothing in Redshift.
const OBSOLETE: [&str; 2] = ["RULE", "TRIGGER"];
