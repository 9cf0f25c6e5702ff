//! What a user may grant to others, arranged so that each question costs the same however much the user has.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    dialect::Dialect,
    grants::{ALL, Object, Right, Rights, Role},
    work,
};

/// The rights of one user.
#[derive(Debug, Default)]
pub(crate) struct Held<'a> {
    /// Names of privileges by object.
    privileges: BTreeMap<&'a Object, BTreeSet<&'a str>>,
    /// The objects with a grant option.
    grantable: BTreeSet<&'a Object>,
    /// The same for databases whose names are patterns, which count as covering every database.
    on_patterns: BTreeSet<&'a str>,
    grantable_on_patterns: bool,
    /// Privileges of components with a grant option.
    dynamic: BTreeSet<&'a str>,
    /// Roles with an admin option.
    roles: BTreeSet<&'a Role>,
    administers_roles: bool,
}

impl<'a> Held<'a> {
    pub(crate) fn of(rights: &'a Rights) -> Self {
        let mut held = Self::default();
        for right in rights {
            work::step();
            match right {
                Right::Privilege { on, name, .. } => {
                    held.privileges.entry(on).or_default().insert(name);
                    if is_pattern(on) {
                        held.on_patterns.insert(name);
                    }
                }
                Right::GrantOption { on } => {
                    held.grantable.insert(on);
                    held.grantable_on_patterns |= is_pattern(on);
                }
                Right::Dynamic { name, grantable } => {
                    held.administers_roles |= name == "ROLE_ADMIN";
                    if *grantable {
                        held.dynamic.insert(name);
                    }
                }
                Right::Role { role, admin: true } => {
                    held.roles.insert(role);
                }
                Right::Role { .. }
                | Right::Restriction { .. }
                | Right::Proxy { .. }
                | Right::DefaultRole(_) => {}
            }
        }
        held
    }

    /// Whether one of the rights is this privilege on an object that covers this one, or may cover it.
    pub(crate) fn has(&self, on: &Object, wanted: &str) -> bool {
        work::step();
        let is_among = |names: &BTreeSet<&str>| names.contains(wanted) || names.contains(ALL);
        let on_this = |object: &Object| self.privileges.get(object).is_some_and(is_among);
        on_this(&Object::Global)
            || on_this(on)
            || *on != Object::Global && is_among(&self.on_patterns)
            || database_of(on).is_some_and(|database| on_this(&database))
    }

    fn may_grant(&self, on: &Object) -> bool {
        work::step();
        self.grantable.contains(&Object::Global)
            || self.grantable.contains(on)
            || *on != Object::Global && self.grantable_on_patterns
            || database_of(on).is_some_and(|database| self.grantable.contains(&database))
    }

    /// Whether the user may grant this right to another one, or is not known not to.
    pub(crate) fn may_pass_on(&self, right: &Right, dialect: Dialect) -> bool {
        match right {
            Right::Privilege { on, name, .. } => (name == ALL || self.has(on, name)) && self.may_grant(on),
            Right::GrantOption { on } => self.may_grant(on),
            Right::Dynamic { name, .. } => self.dynamic.contains(name.as_str()) || self.has_all(),
            Right::Role { role, .. } => {
                self.roles.contains(role)
                    || self.administers_roles
                    || self.has(&Object::Global, "SUPER")
                    // MariaDB has a table of who may administer a role, which SHOW GRANTS does not show
                    // completely.
                    || dialect.is_mariadb() && self.may_grant(&Object::Global)
            }
            // Restrictions follow privileges; a default role needs CREATE USER, and about a proxy nothing is
            // certain.
            Right::Restriction { .. } | Right::Proxy { .. } | Right::DefaultRole(_) => true,
        }
    }

    fn has_all(&self) -> bool {
        self.privileges.get(&Object::Global).is_some_and(|names| names.contains(ALL))
    }
}

fn is_pattern(object: &Object) -> bool {
    matches!(object, Object::Database(name) if name.contains(['%', '_', '\\']))
}

/// The database that an object is in.
fn database_of(object: &Object) -> Option<Object> {
    match object {
        Object::Table(database, _) | Object::Routine { database, .. } => {
            Some(Object::Database(database.clone()))
        }
        Object::Global | Object::Database(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;
    use crate::{
        correction::{corrections, is_part, is_within},
        grants::{Account, read_line},
    };

    /// This number of tables, each with two privileges.
    fn rights(tables: usize, grantable: bool) -> Rights {
        let mut rights = Rights::new();
        for table in 0..tables {
            let mut line = format!("GRANT SELECT, INSERT (`c`) ON `shop`.`t{table}` TO `x`@`%`");
            if grantable {
                write!(line, " WITH GRANT OPTION").unwrap();
            }
            read_line(&line, &mut rights).unwrap();
        }
        rights
    }

    /// The steps that the reconciliation of such a user takes for a thousand rights, and its statements.
    fn measure(tables: usize, grantable: bool) -> (usize, usize) {
        let (wanted, none) = (rights(tables, grantable), Rights::new());
        let (dialect, account) = (Dialect::MySql((9, 7, 4)), Account::new("x_clone", "%"));
        let before = work::taken();
        let made = corrections(&wanted, &none, &account, dialect).len();
        let taken = corrections(&none, &wanted, &account, dialect).len();
        let held = Held::of(&wanted);
        let passed_on = wanted.iter().filter(|right| held.may_pass_on(right, dialect)).count();
        assert_eq!(passed_on, if grantable { wanted.len() } else { 0 });
        assert!(is_within(&wanted, &wanted) && !wanted.iter().any(|right| is_part(right, &wanted)));
        ((work::taken() - before) * 1000 / wanted.len(), made + taken)
    }

    /// The work grows as the grants do.
    /// Each right takes as many steps among few as among many, with or without the grant option.
    #[test]
    fn work_grows_linearly_with_grants() {
        let cases = [(200, false), (2_000, false), (200, true), (2_000, true)];
        let figures = cases.map(|(tables, grantable)| measure(tables, grantable));
        let steps = figures.map(|(steps, _)| steps);
        let (least, most) = (steps.into_iter().min().unwrap(), steps.into_iter().max().unwrap());
        assert!(most * 10 <= least * 13, "{figures:?}");
        assert_eq!(figures.map(|(_, statements)| statements), [400, 4_000, 400, 4_000]);
    }
}
