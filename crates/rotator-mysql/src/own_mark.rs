//! The mark that a user finds on itself: its password then belongs to a pair of another secret.

use rotation_database::{PairOwner, StatementError, StatementFault, UserPair, Username};

use crate::{
    connection::Connection,
    dialect::Dialect,
    grants::{Right, Rights, read_line},
    mark::{self, Mark},
    pair::State,
    profile::MYSQL,
    statement::Statement,
};

/// The secret that the pair of the session's user belongs to, where that is not the owner, unless the owner
/// takes the pair over. Where no owner is known, any secret.
pub(crate) async fn other_secret(
    connection: &mut Connection,
    user: &Username,
    owner: Option<&PairOwner>,
) -> Result<Option<StatementFault>, StatementError> {
    if owner.is_some_and(|owner| owner.adopt) {
        return Ok(None);
    }
    // A user whose name leaves no room for a clone is in no pair.
    let Ok(names) = UserPair::of(user, &MYSQL) else { return Ok(None) };
    let mut own = State::default();
    match connection.dialect {
        Dialect::MariaDb(_) => {
            let rows = connection.run(&Statement::new("read own grants", "SHOW GRANTS")).await?;
            for line in rows.iter().flatten().flatten() {
                let mut rights = Rights::new();
                // A line that cannot be parsed is no grant of the function's roles.
                if read_line(line, &mut rights).is_ok() {
                    rights.retain(|right| matches!(right, Right::Role { .. }));
                    own.rights.append(&mut rights);
                }
            }
        }
        dialect if dialect.has_attributes() => {
            let sql = format!(
                "SELECT JSON_OBJECT('{key}', ATTRIBUTE->'$.{key}') FROM information_schema.USER_ATTRIBUTES \
                 WHERE CONCAT(USER, '@', HOST) = CURRENT_USER()",
                key = mark::KEY,
            );
            let rows = connection.run(&Statement::new("read own mark", sql)).await?;
            let text = rows.first().and_then(|row| row.first()?.as_deref());
            own.attributes = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        }
        Dialect::MySql(_) => return Ok(None),
    }
    own.take_marks(&names, connection.dialect);
    let other = own.marks.iter().find_map(|mark| match mark {
        Mark::Of { secret, .. } if owner.is_none_or(|owner| !secret.is(&owner.secret)) => Some(secret),
        _ => None,
    });
    Ok(other.map(|secret| StatementFault::OtherSecret { secret: secret.shown().to_owned() }))
}
