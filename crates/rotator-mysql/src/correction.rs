//! What has to be done so that one account has exactly the rights of another.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    dialect::Dialect,
    grants::{ALL, Account, Object, Right, Rights},
    quote::identifier,
    statement::Statement,
};

/// The statements that bring an account from the rights `has` to the rights `wanted`, in their order: what is too
/// much goes first, so that a privilege on everything can make way for single ones.
pub(crate) fn corrections(
    wanted: &Rights,
    has: &Rights,
    account: &Account,
    dialect: Dialect,
) -> Vec<Statement> {
    let to = account.sql();
    let mut kept = has.clone();
    let mut statements = Vec::new();
    let mut revoke =
        |what: String| statements.push(Statement::new("revoke", format!("REVOKE {what} FROM {to}")));

    for (object, names) in by_object(has.difference(wanted).filter(|right| !is_absorbed(right, wanted))) {
        if names.contains(ALL) {
            revoke(format!("{ALL} ON {}", object.sql()));
            kept.retain(|right| !matches!(right, Right::Privilege { on, .. } if *on == object));
        } else {
            revoke(format!("{} ON {}", join(&names), object.sql()));
        }
    }
    for right in has.difference(wanted) {
        match right {
            Right::GrantOption { on } => revoke(format!("GRANT OPTION ON {}", on.sql())),
            Right::Dynamic { name, .. } => revoke(format!("{name} ON *.*")),
            Right::Proxy { user, .. } => revoke(format!("PROXY ON {}", user.sql())),
            Right::Role { role, admin } if *admin || !holds_role(wanted, right) => revoke(role.sql()),
            _ => {}
        }
    }
    let mut grant = |what: String| statements.push(Statement::new("grant", what));
    for right in has.difference(wanted) {
        if let Right::Restriction { database, name } = right {
            grant(format!("GRANT {name} ON {}.* TO {to}", identifier(database)));
        }
    }
    grant_privileges(wanted, &kept, &to, &mut grant);
    grant_others(wanted, &kept, &to, &mut grant);
    statements.extend(default_roles(wanted, has, account, dialect));
    statements
}

/// Privileges on objects, with the right to grant them where that is wanted.
fn grant_privileges(wanted: &Rights, kept: &Rights, to: &str, grant: &mut impl FnMut(String)) {
    let missing = by_object(wanted.difference(kept));
    for (object, names) in &missing {
        grant(format!("GRANT {} ON {} TO {to}", join(names), object.sql()));
    }
    for right in wanted.difference(kept) {
        let Right::GrantOption { on } = right else { continue };
        let all = by_object(wanted.iter());
        let names = all.get(on).map_or_else(|| "USAGE".to_owned(), join);
        grant(format!("GRANT {names} ON {} TO {to} WITH GRANT OPTION", on.sql()));
    }
}

/// Everything that stands for itself.
fn grant_others(wanted: &Rights, kept: &Rights, to: &str, grant: &mut impl FnMut(String)) {
    for right in wanted.difference(kept) {
        match right {
            Right::Dynamic { name, grantable } => {
                grant(format!("GRANT {name} ON *.* TO {to}{}", option(*grantable, "GRANT")));
            }
            Right::Proxy { user, grantable } => {
                grant(format!("GRANT PROXY ON {} TO {to}{}", user.sql(), option(*grantable, "GRANT")));
            }
            Right::Role { role, admin } => {
                grant(format!("GRANT {} TO {to}{}", role.sql(), option(*admin, "ADMIN")));
            }
            Right::Restriction { database, name } => {
                grant(format!("REVOKE {name} ON {}.* FROM {to}", identifier(database)));
            }
            Right::Privilege { .. } | Right::GrantOption { .. } | Right::DefaultRole(_) => {}
        }
    }
}

fn default_roles(wanted: &Rights, has: &Rights, account: &Account, dialect: Dialect) -> Option<Statement> {
    let of = |rights: &Rights| {
        let roles = rights.iter().filter_map(|right| match right {
            Right::DefaultRole(role) => Some(role.sql()),
            _ => None,
        });
        roles.collect::<Vec<_>>()
    };
    let roles = of(wanted);
    if roles == of(has) || !dialect.has_roles() {
        return None;
    }
    let roles = if roles.is_empty() { "NONE".to_owned() } else { roles.join(", ") };
    let to = account.sql();
    Some(match dialect {
        Dialect::MySql(_) => Statement::new("alter user", format!("ALTER USER {to} DEFAULT ROLE {roles}")),
        Dialect::MariaDb(_) => {
            Statement::new("set default role", format!("SET DEFAULT ROLE {roles} FOR {to}"))
        }
    })
}

fn option(wanted: bool, which: &str) -> String {
    if wanted { format!(" WITH {which} OPTION") } else { String::new() }
}

/// The same role with the right to grant it, or without.
fn holds_role(rights: &Rights, right: &Right) -> bool {
    let Right::Role { role, .. } = right else { return false };
    rights.iter().any(|other| matches!(other, Right::Role { role: held, .. } if held == role))
}

/// Whether a privilege is a part of what is wanted, which then is everything.
fn is_absorbed(right: &Right, wanted: &Rights) -> bool {
    let Right::Privilege { on, column: None, .. } = right else { return false };
    wanted.contains(&Right::Privilege { on: on.clone(), name: ALL.to_owned(), column: None })
}

/// Whether everything that an account may do is among what another one may do. Default roles are no rights.
pub(crate) fn is_within(rights: &Rights, others: &Rights) -> bool {
    rights.iter().all(|right| match right {
        Right::DefaultRole(_) | Right::Restriction { .. } => true,
        _ => is_covered(right, others),
    })
}

/// Whether who has these rights has this one in effect, be it by a wider one.
pub(crate) fn is_covered(right: &Right, others: &Rights) -> bool {
    if others.contains(right) || is_part(right, others) {
        return true;
    }
    let Right::Privilege { on, name, column } = right else { return false };
    let everywhere = Right::Privilege { on: Object::Global, name: name.clone(), column: None };
    let whole = Right::Privilege { on: on.clone(), name: name.clone(), column: None };
    others.contains(&everywhere) || column.is_some() && others.contains(&whole)
}

/// Whether a right is a part of another one on the same thing, so that a server shows that one alone.
pub(crate) fn is_part(right: &Right, others: &Rights) -> bool {
    others.contains(&match right {
        Right::Privilege { on, name, .. } if name != ALL => {
            Right::Privilege { on: on.clone(), name: ALL.to_owned(), column: None }
        }
        Right::Dynamic { name, grantable: false } => Right::Dynamic { name: name.clone(), grantable: true },
        Right::Proxy { user, grantable: false } => Right::Proxy { user: user.clone(), grantable: true },
        Right::Role { role, admin: false } => Right::Role { role: role.clone(), admin: true },
        _ => return false,
    })
}

/// Names of privileges by object; those of columns in the form of statements.
fn by_object<'a>(rights: impl Iterator<Item = &'a Right>) -> BTreeMap<Object, BTreeSet<String>> {
    let mut objects: BTreeMap<Object, BTreeSet<String>> = BTreeMap::new();
    for right in rights {
        if let Right::Privilege { on, name, column } = right {
            let name = match column {
                Some(column) => format!("{name} ({})", identifier(column)),
                None => name.clone(),
            };
            objects.entry(on.clone()).or_default().insert(name);
        }
    }
    objects
}

fn join(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
