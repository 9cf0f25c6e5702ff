//! Which server takes the writes for a host, and whether two hosts have the same one.

use super::{DatabaseLookup, Server};
use crate::{DatabaseError, Host};

/// The longest chain that is followed. MySQL replicas cascade four deep; a member and its cluster are one
/// step more.
const LONGEST: usize = 8;

/// The server that takes the writes for a server that is known and for a host: the two belong together.
///
/// # Errors
/// [`DatabaseError::MasterHostDiffers`] where the lookup does not say that they have the same one.
pub(crate) async fn common_writer(
    lookup: &impl DatabaseLookup,
    known: Server,
    host: &Host,
) -> Result<Server, DatabaseError> {
    let known = lineage(lookup, known, &[]).await?;
    if !known.iter().any(|server| server.has(host)) {
        let other = server_at(lookup, host).await?.ok_or(DatabaseError::MasterHostDiffers)?;
        let other = lineage(lookup, other, &known).await?;
        let last = other.last().expect("a lineage has at least its first server");
        if !known.iter().any(|server| server.arn == last.arn || Some(&server.arn) == last.follows.as_ref()) {
            return Err(DatabaseError::MasterHostDiffers);
        }
    }
    Ok(known.into_iter().last().expect("a lineage has at least its first server"))
}

/// The server that the lookup knows at a host. What it answers must have that host itself: a name is no
/// proof.
pub(crate) async fn server_at(
    lookup: &impl DatabaseLookup,
    host: &Host,
) -> Result<Option<Server>, DatabaseError> {
    Ok(lookup.by_host(host).await?.filter(|server| server.has(host)))
}

/// A server and those that it follows, to the one that takes the writes, or to one of those that are known
/// already.
async fn lineage(
    lookup: &impl DatabaseLookup,
    first: Server,
    known: &[Server],
) -> Result<Vec<Server>, DatabaseError> {
    let mut servers = vec![first];
    while let Some(next) = &servers.last().expect("it begins with one").follows {
        if known.iter().any(|server| server.arn == *next) {
            break;
        }
        let circular = servers.iter().any(|server| server.arn == *next);
        if circular || servers.len() == LONGEST {
            return Err(DatabaseError::MasterHostDiffers);
        }
        let Some(next) = lookup.by_arn(next).await? else { return Err(DatabaseError::SourceNotFound) };
        servers.push(next);
    }
    Ok(servers)
}
