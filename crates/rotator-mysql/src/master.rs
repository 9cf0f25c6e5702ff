//! The privileges that a master lacks, as far as its own grants show.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    grants::{Account, Object, Right, Rights, read_line},
    held::Held,
    pair::Pair,
    quote::identifier,
};

/// The most statements that are listed.
const MOST: usize = 20;

/// The statements that would give a master the privileges that it evidently lacks for reconciling the clone
/// and setting a password, derived from its SHOW GRANTS. Empty where that cannot be parsed for certain.
pub(crate) fn lacking<'a>(
    master: &Account,
    lines: impl IntoIterator<Item = &'a str>,
    pair: &Pair,
) -> Vec<String> {
    let mut held = Rights::new();
    for line in lines {
        if read_line(line, &mut held).is_err() {
            return Vec::new();
        }
    }
    let held = Held::of(&held);
    let to = master.sql();
    let mut statements = Vec::new();
    if !held.has(&Object::Global, "CREATE USER") {
        statements.push(format!("GRANT CREATE USER ON *.* TO {to}"));
    }
    let mut objects: BTreeMap<&Object, BTreeSet<String>> = BTreeMap::new();
    let changes = changes(pair);
    for right in changes.iter().filter(|right| !held.may_pass_on(right, pair.dialect)) {
        match right {
            Right::Privilege { on, name, column } => {
                let column = column.as_ref().map(|column| format!(" ({})", identifier(column)));
                objects.entry(on).or_default().insert(format!("{name}{}", column.unwrap_or_default()));
            }
            Right::GrantOption { on } => {
                objects.entry(on).or_default();
            }
            Right::Dynamic { name, .. } => {
                statements.push(format!("GRANT {name} ON *.* TO {to} WITH GRANT OPTION"));
            }
            Right::Role { role, .. } => {
                statements.push(format!("GRANT {} TO {to} WITH ADMIN OPTION", role.sql()));
            }
            Right::Restriction { .. } | Right::Proxy { .. } | Right::DefaultRole(_) => {}
        }
    }
    statements.extend(objects.into_iter().map(|(on, names)| {
        let names: Vec<_> = names.into_iter().collect();
        let names = if names.is_empty() { "USAGE".to_owned() } else { names.join(", ") };
        format!("GRANT {names} ON {} TO {to} WITH GRANT OPTION", on.sql())
    }));
    statements.truncate(MOST);
    statements
}

/// The rights that the original and its clone do not both have, at any host: those to be granted and to be
/// revoked.
fn changes(pair: &Pair) -> Rights {
    let none = Rights::new();
    let differences = pair.originals.iter().flat_map(|(host, original)| {
        let clone = pair.clones.get(host).map_or(&none, |clone| &clone.rights);
        original.rights.symmetric_difference(clone).cloned().collect::<Vec<_>>()
    });
    differences.collect()
}

#[cfg(test)]
mod tests {
    use rotation_database::{Engine, PairOwner, SecretIdentity, UserPair, Username};

    use super::*;
    use crate::{MySql, dialect::Dialect, pair::State};

    #[track_caller]
    fn check(version: &str, held: &[&str], original: &[&str], expected: &[&str]) {
        let mut state = State::default();
        for line in original {
            read_line(line, &mut state.rights).unwrap();
        }
        let user = Username::parse("x", &MySql::PROFILE).unwrap();
        let secret = rotation_core::SecretId::new("shop").unwrap();
        let pair = Pair {
            names: UserPair::of(&user, &MySql::PROFILE).unwrap(),
            owner: PairOwner { secret: SecretIdentity::from_secret(&secret), adopt: false },
            dialect: Dialect::parse(version),
            originals: BTreeMap::from([("%".to_owned(), state)]),
            clones: BTreeMap::new(),
            mark_roles: BTreeSet::new(),
            moved: Vec::new(),
            definitions: crate::definers::Definitions::default(),
        };
        let found = lacking(&Account::new("m", "%"), held.iter().copied(), &pair);
        assert_eq!(found, expected, "{held:?}");
    }

    /// What a master lacks is reported as the statements that grant it.
    #[test]
    fn missing_rights_as_statements() {
        let app = ["GRANT SELECT, INSERT ON `shop`.* TO `x`@`%`"];
        let create = "GRANT CREATE USER ON *.* TO 'm'@'%'";
        let shop = "GRANT INSERT, SELECT ON `shop`.* TO 'm'@'%' WITH GRANT OPTION";
        check("9.7.4", &["GRANT USAGE ON *.* TO `m`@`%`"], &app, &[create, shop]);
        check("9.7.4", &["GRANT CREATE USER ON *.* TO `m`@`%`"], &app, &[shop]);
        check("9.7.4", &["GRANT SELECT, INSERT, CREATE USER ON *.* TO `m`@`%`"], &app, &[shop]);
        let global = ["GRANT SELECT, INSERT, CREATE USER ON *.* TO `m`@`%` WITH GRANT OPTION"];
        check("9.7.4", &global, &app, &[]);
        let own = [
            "GRANT CREATE USER ON *.* TO `m`@`%`",
            "GRANT ALL PRIVILEGES ON `shop`.* TO `m`@`%` WITH GRANT OPTION",
        ];
        check("9.7.4", &own, &app, &[]);
        check("9.7.4", &own, &["GRANT SELECT (`a`) ON `shop`.`t` TO `x`@`%`"], &[]);
        let column = "GRANT SELECT (`a`) ON `else`.`t` TO 'm'@'%' WITH GRANT OPTION";
        check("9.7.4", &own, &["GRANT SELECT (`a`) ON `else`.`t` TO `x`@`%`"], &[column]);
        let partly = ["GRANT SELECT, CREATE USER ON *.* TO `m`@`%` WITH GRANT OPTION"];
        check("9.7.4", &partly, &app, &["GRANT INSERT ON `shop`.* TO 'm'@'%' WITH GRANT OPTION"]);
        let all = ["GRANT ALL PRIVILEGES ON *.* TO `m`@`%` WITH GRANT OPTION"];
        check("10.11.14-MariaDB", &all, &[app[0], "GRANT `r` TO `x`@`%`"], &[]);
    }

    /// Roles and privileges of components are passed on by rights of their own.
    #[test]
    fn roles_and_component_privileges() {
        let app = ["GRANT `r`@`%` TO `x`@`%`", "GRANT XA_RECOVER_ADMIN ON *.* TO `x`@`%`"];
        let role = "GRANT `r`@`%` TO 'm'@'%' WITH ADMIN OPTION";
        let recover = "GRANT XA_RECOVER_ADMIN ON *.* TO 'm'@'%' WITH GRANT OPTION";
        let create = "GRANT CREATE USER ON *.* TO `m`@`%` WITH GRANT OPTION";
        check("9.7.4", &[create], &app, &[recover, role]);
        check("9.7.4", &[create, "GRANT XA_RECOVER_ADMIN ON *.* TO `m`@`%`"], &app, &[recover, role]);
        let dynamic = "GRANT ROLE_ADMIN,XA_RECOVER_ADMIN ON *.* TO `m`@`%` WITH GRANT OPTION";
        check("9.7.4", &[create, dynamic], &app, &[]);
        check("9.7.4", &[create, "GRANT `r`@`%` TO `m`@`%` WITH ADMIN OPTION"], &app[..1], &[]);
    }

    /// What cannot be read for certain is not reported as missing.
    #[test]
    fn uncertain_is_not_called_missing() {
        check("9.7.4", &["GRANT"], &["GRANT SELECT ON *.* TO `x`@`%`"], &[]);
        let pattern =
            ["GRANT CREATE USER ON *.* TO `m`@`%`", r"GRANT SELECT ON `sh%`.* TO `m`@`%` WITH GRANT OPTION"];
        check("9.7.4", &pattern, &["GRANT SELECT ON `shop`.* TO `x`@`%`"], &[]);
    }
}
