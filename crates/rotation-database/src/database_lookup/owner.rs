//! Which server a master secret belongs to that an AWS service manages.

use super::ServerArn;

/// The tags by which RDS (with Aurora and `DocumentDB`), Redshift and Redshift Serverless name the server.
/// Keys that begin with `aws:` are reserved: only the services can set them.
const KEYS: [&str; 4] = [
    "aws:rds:primarydbinstancearn",
    "aws:rds:primarydbclusterarn",
    "aws:redshift:primaryclusterarn",
    "aws:redshift-serverless:namespacearn",
];

/// The server that a secret's tags name. The case of the keys does not matter.
pub fn owner<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<ServerArn> {
    let named = |key: &str| KEYS.iter().any(|known| known.eq_ignore_ascii_case(key));
    tags.into_iter().find(|(key, _)| named(key)).and_then(|(_, value)| ServerArn::parse(value))
}
