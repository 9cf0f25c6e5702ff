//! Many objects in one statement, and as many statements as fit into the time ("GRANT", "REVOKE": lists of
//! objects).

use std::{collections::BTreeMap, mem::discriminant, time::Duration};

use postgres_session::Statement;
use rotation_database::StatementFault;

use crate::{grant::Object, quote::quote_identifier};

/// The most objects that one statement names.
pub(crate) const MOST_OBJECTS: usize = 200;
/// The most bytes of names in one statement; Redshift accepts 16 MB.
const MOST_BYTES: usize = 64 * 1024;
/// The most objects that are granted before the next commit.
pub(crate) const PORTION: usize = 1000;
/// The number of objects that a server is expected to grant in a second.
const OBJECTS_IN_SECOND: u32 = 100;
/// The number of attempts that Secrets Manager makes of a rotation.
const ATTEMPTS: u32 = 5;

/// The same privileges on objects of one kind, as one statement grants or revokes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Batch {
    pub(crate) privileges: Vec<&'static str>,
    pub(crate) objects: Vec<Object>,
    /// With the grant option; of a revocation, that option alone.
    pub(crate) option: bool,
}

impl Batch {
    /// The same with at most this number of objects in each.
    pub(crate) fn pieces(&self, most: usize) -> impl Iterator<Item = Self> {
        self.objects.chunks(most).map(|objects| Self { objects: objects.to_vec(), ..self.clone() })
    }

    /// The privileges, and the first of the objects.
    pub(crate) fn text(&self, most: usize) -> String {
        let names: Vec<_> = self.objects.iter().take(most).map(Object::name).collect();
        let more = match self.objects.len().saturating_sub(most) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("{} ON {} {}{more}", self.privileges.join(", "), self.objects[0].kind(), names.join(", "))
    }
}

/// "GRANT".
pub(crate) fn grant(batch: &Batch, user: &str) -> Statement {
    let option = if batch.option { " WITH GRANT OPTION" } else { "" };
    let (what, user) = (batch.text(batch.objects.len()), quote_identifier(user));
    Statement::new("grant", format!("GRANT {what} TO {user}{option}"))
}

/// "REVOKE".
pub(crate) fn revoke(batch: &Batch, user: &str) -> Statement {
    let option = if batch.option { "GRANT OPTION FOR " } else { "" };
    let (what, user) = (batch.text(batch.objects.len()), quote_identifier(user));
    Statement::new("revoke", format!("REVOKE {option}{what} FROM {user}"))
}

/// Groups privileges by object, and objects by the privileges that they have in common, in the order of the
/// first object of each.
pub(crate) fn batches(privileges: impl IntoIterator<Item = (Object, &'static str, bool)>) -> Vec<Batch> {
    let mut of_object: BTreeMap<(Object, bool), Vec<&'static str>> = BTreeMap::new();
    for (object, privilege, option) in privileges {
        of_object.entry((object, option)).or_default().push(privilege);
    }
    let mut batches: Vec<Batch> = Vec::new();
    for ((object, option), privileges) in of_object {
        let alike = |batch: &&mut Batch| {
            let kind = discriminant(&batch.objects[0]);
            batch.option == option && batch.privileges == privileges && kind == discriminant(&object)
        };
        match batches.iter_mut().rev().find(alike).filter(|batch| has_room(batch, &object)) {
            Some(batch) => batch.objects.push(object),
            None => batches.push(Batch { privileges, objects: vec![object], option }),
        }
    }
    batches
}

fn has_room(batch: &Batch, object: &Object) -> bool {
    let bytes = |object: &Object| object.name().len() + 2;
    batch.objects.len() < MOST_OBJECTS
        && batch.objects.iter().map(bytes).sum::<usize>() + bytes(object) <= MOST_BYTES
}

/// The same in portions of at most [`PORTION`] objects, each for a transaction of its own.
pub(crate) fn portions(batches: Vec<Batch>) -> Vec<Vec<Batch>> {
    let mut portions: Vec<Vec<Batch>> = Vec::new();
    let mut room = 0;
    for batch in batches {
        let size = batch.objects.len();
        match portions.last_mut().filter(|_| size <= room) {
            Some(portion) => portion.push(batch),
            None => {
                portions.push(vec![batch]);
                room = PORTION;
            }
        }
        room -= size.min(room);
    }
    portions
}

/// How long a server needs to grant this number of objects.
pub(crate) fn expected(objects: usize) -> Duration {
    Duration::from_secs(1) * u32::try_from(objects).unwrap_or(u32::MAX) / OBJECTS_IN_SECOND
}

/// Whether there is time for another portion after one that took this long, with as much left for the rest of
/// the change.
pub(crate) fn has_time(took: Duration, left: Duration) -> bool {
    left >= took * 2
}

/// Whether this number of objects can be granted at all, in attempts that each have this time.
///
/// # Errors
/// [`StatementFault::NotRotatable`].
pub(crate) fn check_time(objects: usize, time: Duration) -> Result<(), StatementFault> {
    if objects <= PORTION || expected(objects) <= time * ATTEMPTS {
        return Ok(());
    }
    Err(StatementFault::NotRotatable {
        why: "it may use more objects than its clone can be granted in the function's time",
        remedy: "Raise the function's timeout, or let the user have its privileges through a group or a \
            role, which the clone joins by one statement: GRANT SELECT ON ALL TABLES IN SCHEMA SCHEMA_NAME \
            TO GROUP GROUP_NAME.",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(number: usize) -> Object {
        Object::Relation("s".to_owned(), format!("t{number:05}"))
    }

    /// One statement for all objects with the same privileges, bounded, and no object lost or repeated.
    #[test]
    fn equal_privileges_share_statements() {
        let tables = (0..=2 * MOST_OBJECTS)
            .flat_map(|number| ["SELECT", "INSERT"].map(|privilege| (table(number), privilege, false)));
        let others = [
            (table(99_999), "SELECT", false),
            (table(99_998), "SELECT", true),
            (Object::Schema("s".to_owned()), "USAGE", false),
        ];
        let batches = batches(tables.chain(others));
        let shape: Vec<_> =
            batches.iter().map(|batch| (batch.objects.len(), batch.privileges.len())).collect();
        assert_eq!(shape, [(1, 1), (MOST_OBJECTS, 2), (MOST_OBJECTS, 2), (1, 2), (1, 1), (1, 1)]);
        let mut all: Vec<_> = batches.iter().flat_map(|batch| &batch.objects).collect();
        all.dedup();
        assert_eq!(all.len(), 2 * MOST_OBJECTS + 4);
    }

    /// A statement is bounded in bytes.
    #[test]
    fn statement_is_bounded_in_bytes() {
        let long = (0..4).map(|number| {
            (Object::Relation("s".to_owned(), format!("{number}{}", "x".repeat(30_000))), "SELECT", false)
        });
        assert_eq!(batches(long).len(), 2);
    }

    /// Each portion is bounded, and none is lost.
    #[test]
    fn portions_are_bounded() {
        let tables = (0..2 * PORTION + 7).map(|number| (table(number), "SELECT", false));
        let sizes: Vec<usize> = portions(batches(tables))
            .iter()
            .map(|portion| portion.iter().map(|batch| batch.objects.len()).sum())
            .collect();
        assert_eq!(sizes, [PORTION, PORTION, 7]);
        assert_eq!(portions(Vec::new()), Vec::<Vec<Batch>>::new());
    }

    /// What all attempts together cannot do is refused before anything is changed.
    #[test]
    fn more_than_the_time_allows() {
        let half_a_minute = Duration::from_secs(30);
        for fits in [0, PORTION, 15_000] {
            assert_eq!(check_time(fits, half_a_minute), Ok(()), "{fits}");
        }
        let refused = check_time(15_001, half_a_minute).unwrap_err();
        assert!(matches!(refused, StatementFault::NotRotatable { .. }), "{refused:?}");
        assert_eq!(check_time(PORTION, Duration::ZERO), Ok(()), "few objects are tried in any case");
        assert_eq!(expected(1500), Duration::from_secs(15));
        let seconds = Duration::from_secs;
        assert!(has_time(seconds(5), seconds(10)) && !has_time(seconds(5), seconds(9)));
    }
}
