//! The changes after which one account has exactly the privileges of another.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    dialect::Dialect,
    grants::{ALL, Account, Object, Right, Rights, Role},
    quote::identifier,
    statement::Statement,
    work,
};

/// The grant option on an object, as a privilege in a list.
const GRANT_OPTION: &str = "GRANT OPTION";

/// The statements that bring an account from the privileges `has` to the privileges `wanted`, in their order.
/// Superfluous ones are revoked first, so that a privilege on everything can make way for single ones. An
/// object takes one statement, which also grants or revokes the grant option.
pub(crate) fn corrections(
    wanted: &Rights,
    has: &Rights,
    account: &Account,
    dialect: Dialect,
) -> Vec<Statement> {
    let to = account.sql();
    let mut statements = Vec::new();
    let mut revoke =
        |what: String| statements.push(Statement::new("revoke", format!("REVOKE {what} FROM {to}")));
    let kept = revoke_privileges(wanted, has, &mut revoke);
    let roles = roles(wanted);
    for right in has.difference(wanted) {
        match right {
            Right::Dynamic { name, .. } => {
                // Its option went with that of `*.*`; the privilege itself stays.
                let plain = Right::Dynamic { name: name.clone(), grantable: false };
                if !(kept.contains(&plain) && wanted.contains(&plain)) {
                    revoke(format!("{name} ON *.*"));
                }
            }
            Right::Proxy { user, .. } => revoke(format!("PROXY ON {}", user.sql())),
            Right::Role { role, admin } if *admin || !roles.contains(role) => revoke(role.sql()),
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

/// Revokes privileges on objects, and the grant option on them. Returns what is left.
fn revoke_privileges(wanted: &Rights, has: &Rights, revoke: &mut impl FnMut(String)) -> Rights {
    let mut gone = by_object(has.difference(wanted).filter(|right| !is_absorbed(right, wanted)));
    let whole: BTreeSet<Object> =
        gone.iter().filter(|(_, names)| names.contains(ALL)).map(|(object, _)| object.clone()).collect();
    for right in has.difference(wanted) {
        // A statement that revokes all privileges has no list.
        if let Right::GrantOption { on } = right
            && !whole.contains(on)
        {
            gone.entry(on.clone()).or_default().insert(GRANT_OPTION.to_owned());
        }
    }
    for (object, names) in &gone {
        let names = if whole.contains(object) { ALL.to_owned() } else { join(names) };
        revoke(format!("{names} ON {}", object.sql()));
    }
    for right in has.difference(wanted) {
        if let Right::GrantOption { on } = right
            && whole.contains(on)
        {
            revoke(format!("{GRANT_OPTION} ON {}", on.sql()));
        }
    }
    let is_left = |right: &&Right| !matches!(right, Right::Privilege { on, .. } if whole.contains(on));
    // The server takes the options of dynamic privileges along with its own.
    let global = Right::GrantOption { on: Object::Global };
    let takes_options = has.contains(&global) && !wanted.contains(&global);
    let without_option = |right: &Right| match right {
        Right::Dynamic { name, .. } if takes_options => {
            Right::Dynamic { name: name.clone(), grantable: false }
        }
        right => right.clone(),
    };
    has.iter().filter(is_left).map(without_option).collect()
}

/// Grants privileges on objects, with the grant option where that is wanted.
fn grant_privileges(wanted: &Rights, kept: &Rights, to: &str, grant: &mut impl FnMut(String)) {
    let options: BTreeSet<_> = wanted
        .difference(kept)
        .filter_map(|right| match right {
            Right::GrantOption { on } => Some(on.clone()),
            _ => None,
        })
        .collect();
    let mut missing = by_object(wanted.difference(kept));
    if options.iter().any(|on| !missing.contains_key(on)) {
        // A grant option alone comes with the privileges there are: some servers keep none without a
        // privilege.
        let all = by_object(wanted.iter());
        for on in options.iter().filter(|on| !missing.contains_key(on)).collect::<Vec<_>>() {
            missing.insert(on.clone(), all.get(on).cloned().unwrap_or_default());
        }
    }
    for (object, names) in &missing {
        let names = if names.is_empty() { "USAGE".to_owned() } else { join(names) };
        let option = option(options.contains(object), "GRANT");
        grant(format!("GRANT {names} ON {} TO {to}{option}", object.sql()));
    }
}

/// Every right that takes a statement of its own.
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

/// The roles, with and without ADMIN OPTION.
fn roles(rights: &Rights) -> BTreeSet<&Role> {
    rights
        .iter()
        .filter_map(|right| match right {
            Right::Role { role, .. } => Some(role),
            _ => None,
        })
        .collect()
}

/// Whether a privilege is a part of what is wanted, which in that case is everything.
fn is_absorbed(right: &Right, wanted: &Rights) -> bool {
    let Right::Privilege { on, column: None, .. } = right else { return false };
    wanted.contains(&Right::Privilege { on: on.clone(), name: ALL.to_owned(), column: None })
}

/// Whether another account may do everything that one account may do. Default roles are no privileges.
pub(crate) fn is_within(rights: &Rights, others: &Rights) -> bool {
    rights.iter().all(|right| match right {
        Right::DefaultRole(_) | Right::Restriction { .. } => true,
        _ => is_covered(right, others),
    })
}

/// Whether an account with these privileges has this one in effect, possibly through a wider one.
pub(crate) fn is_covered(right: &Right, others: &Rights) -> bool {
    work::step();
    if others.contains(right) || is_part(right, others) {
        return true;
    }
    let Right::Privilege { on, name, column } = right else { return false };
    let everywhere = Right::Privilege { on: Object::Global, name: name.clone(), column: None };
    let whole = Right::Privilege { on: on.clone(), name: name.clone(), column: None };
    others.contains(&everywhere) || column.is_some() && others.contains(&whole)
}

/// Whether a privilege is a part of another one on the same object, so that a server shows only that one.
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

/// Names of privileges by object; those of columns in the form that statements take.
fn by_object<'a>(rights: impl Iterator<Item = &'a Right>) -> BTreeMap<Object, BTreeSet<String>> {
    let mut objects: BTreeMap<Object, BTreeSet<String>> = BTreeMap::new();
    for right in rights {
        work::step();
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

#[cfg(test)]
mod tests {
    use super::*;

    fn statements(wanted: &[Right], has: &[Right]) -> Vec<String> {
        let rights = |rights: &[Right]| rights.iter().cloned().collect();
        let account = Account::new("app", "%");
        let made = corrections(&rights(wanted), &rights(has), &account, Dialect::MySql((9, 0, 0)));
        made.iter().map(|statement| statement.sql.to_string()).collect()
    }

    /// The server takes the options of dynamic privileges along with that of `*.*`. A privilege that only had
    /// to lose its option stays, and one that keeps its option gets it back.
    #[test]
    fn options_that_go_along() {
        let global = Right::GrantOption { on: Object::Global };
        let dynamic = |grantable| Right::Dynamic { name: "XA_RECOVER_ADMIN".to_owned(), grantable };
        let revoke = "REVOKE GRANT OPTION ON *.* FROM 'app'@'%'";
        assert_eq!(statements(&[dynamic(false)], &[global.clone(), dynamic(true)]), [revoke]);
        let again = "GRANT XA_RECOVER_ADMIN ON *.* TO 'app'@'%' WITH GRANT OPTION";
        assert_eq!(statements(&[dynamic(true)], &[global, dynamic(true)]), [revoke, again]);
        let (alone, plain) =
            ("REVOKE XA_RECOVER_ADMIN ON *.* FROM 'app'@'%'", again.replace(" WITH GRANT OPTION", ""));
        assert_eq!(statements(&[dynamic(false)], &[dynamic(true)]), [alone, &plain]);
    }
}
