//! Looking up where a master's server is.

use rotation_core::Article;

pub(super) const MASTER_OWNER_UNKNOWN: Article = Article::new(
    "The master secret holds `username` and `password` alone, as one that RDS, DocumentDB or Redshift \
             manages, and has no tag of such a service: it is a copy, or was written by hand.",
    "Add `engine` and `host` to it, or name in `masterarn` the very secret that the service made.",
);
pub(super) const MASTER_OWNER_NOT_FOUND: Article = Article::new(
    "The server that the master secret's tag names was deleted or renamed, is being made, or is in another \
             account.",
    "Name in `masterarn` the master secret of a server that is there, or wait until it is available.",
);
pub(super) const MASTER_HOST_DIFFERS: Article = Article::new(
    "`host` of the master secret and of the secret are two servers, and AWS does not describe them as one \
             cluster, or one as the other's replica: one of them is another server, or a name of your own, \
             which is not looked up.",
    "Set both to the same endpoint, or to endpoints of one cluster, or of a replica and its source.",
);
pub(super) const MASTER_ENGINE_DIFFERS: Article = Article::new(
    "The master secret is managed by a server of another engine, as one of MySQL in a function for PostgreSQL.",
    "Name in `masterarn` the master secret of this secret's own server.",
);
pub(super) const MASTER_MEMBER_MISSING: Article = Article::new(
    "The secret lists the members of a replica set, and AWSCURRENT logged in at the one that takes writes. \
             The master secret names other members and not that one, as after a failover. The master's \
             password goes only to hosts that its own secret names.",
    "Let `host` of the master secret list the same members.",
);
pub(super) const MASTER_ENDPOINT_UNPROVEN: Article = Article::new(
    "The secret and the master secret name different ports or hosts, and the secret's user does not log in \
             where the master would change it: two servers, or a server that lets only the master in past a pooler.",
    "Let both secrets name the same server, or let the secret's user log in at the master's endpoint as well \
             (`pg_hba.conf`, security groups, accounts by host).",
);
pub(super) const DBLOOKUP_UNREACHABLE: Article = Article::new(
    "The function is in a VPC without a way to the API of RDS or Redshift: the endpoint of Secrets Manager \
             does not lead there. It is asked where the master secret is managed by its service, or names \
             another host than the secret.",
    "Give the VPC an interface endpoint for `rds`, `redshift` or `redshift-serverless`, or a NAT gateway. A \
             master secret of your own that names the secret's host does without.",
);
pub(super) const DBLOOKUP_CERTIFICATE: Article = Article::new(
    "A proxy that looks into TLS stands in between, or the endpoint is not AWS's.",
    "Name its authority in `AWS_CA_BUNDLE`, and check the region, the endpoint and the clock.",
);
pub(super) const DBLOOKUP_THROTTLED: Article = Article::new(
    "Something else in the account asks the same service too often.",
    "Nothing, if the next call succeeds; else find out who asks that much.",
);
pub(super) const DBLOOKUP_INTERNAL: Article =
    Article::new("A fault of the service, for the moment.", "Nothing, if the next call succeeds.");
pub(super) const DBLOOKUP_DENIED: Article = Article::with_policy(
    "The function's role may not describe database servers. Functions for alternating users need it where \
             the master secret is managed by its service, or names another host than the secret.",
    "Add this statement to the policy of the function's role; for Redshift with \
             `redshift:DescribeClusters`, for Redshift Serverless with `redshift-serverless:ListNamespaces`, \
             `ListWorkgroups`, `GetNamespace` and `GetWorkgroup`:",
    "{\"Effect\": \"Allow\", \"Action\": [\"rds:DescribeDBInstances\", \"rds:DescribeDBClusters\", \
             \"rds:DescribeDBClusterEndpoints\"], \"Resource\": \"*\"}",
);
pub(super) const DBLOOKUP_CREDENTIALS: Article = Article::new(
    "The function's role is gone, or credentials of your own are set in its environment.",
    "Set none of `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`, check the role, and \
             deploy the function again.",
);
pub(super) const DBLOOKUP_REJECTED: Article = Article::new(
    "The service refused the request for another reason, which stands in the failure's cause.",
    "See the cause.",
);
pub(super) const REPLICA_SOURCE_NOT_FOUND: Article = Article::new(
    "The source of a replica was deleted, is being made, or is in another account, where the function cannot look.",
    "Set `host` of the secret to the endpoint that takes the writes.",
);
pub(super) const REPLICA_LAGS: Article = Article::new(
    "The secret names a replica, and the change that the master made on the writer has not arrived there in \
             the time of the invocation.",
    "Look at the replica's lag. AWSCURRENT is as good as before; the next call goes on from there.",
);
