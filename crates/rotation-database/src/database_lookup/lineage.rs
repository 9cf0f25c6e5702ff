//! Which server accepts the writes for a host, and whether two hosts have the same writer.

use super::{DatabaseLookup, Server};
use crate::{DatabaseError, Host};

/// The longest chain that is followed. MySQL replicas cascade up to four levels; a member and its cluster are
/// one more step.
const LONGEST: usize = 8;

/// The common writer of a known server and of a host, which shows that the two belong together.
///
/// # Errors
/// [`DatabaseError::MasterHostDiffers`] where the lookup does not show that they have the same one.
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

/// The server that the lookup returns for a host. That server must list the host among its own endpoints: the
/// name alone proves nothing.
pub(crate) async fn server_at(
    lookup: &impl DatabaseLookup,
    host: &Host,
) -> Result<Option<Server>, DatabaseError> {
    Ok(lookup.by_host(host).await?.filter(|server| server.has(host)))
}

/// A server and those that it follows, up to the one that accepts the writes, or to one that is already
/// known.
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
