//! Articles about what a secret of a database must hold.

use rotation_core::Article;

pub(super) const SECRET_HOST_SRV: Article = Article::new(
    "`host` begins with `mongodb+srv://`, or `srv` is set: the members would be those that a DNS server \
             names at the moment. A password goes only to hosts that the secret itself names.",
    "List the members in `host` (`a.example.com:27017,b.example.com:27017`), as `dig SRV _mongodb._tcp.NAME` \
             prints them, and the set in `replicaSet` (`dig TXT NAME`). For DocumentDB, name the cluster endpoint.",
);
pub(super) const SECRET_ENGINE_MISMATCH: Article = Article::new(
    "`engine` is not one that this function rotates.",
    "Rotate the secret by the function of its engine. Correct `engine` only where it is misspelt.",
);
pub(super) const SECRET_PASSWORD_LINE_BREAK: Article = Article::new(
    "`password` was stored out of a file or by `echo`, with a line break at its end that the password of the \
             database does not have.",
    "Store the value again without the line break (`printf %s` writes none), then rotate again.",
);
pub(super) const PENDING_HOST_DIFFERS: Article = Article::new(
    "AWSPENDING was edited, or `host` or `port` of AWSCURRENT was changed after createSecret. Members that \
             were added to a list since are no difference, unless one of them is the primary now. Nothing was changed.",
    "Where AWSCURRENT logs in, remove the label AWSPENDING and rotate again. Where it does not, AWSPENDING \
             may hold the only password that does: keep it, and let `host` and `port` of AWSCURRENT name its servers.",
);
pub(super) const PENDING_USER_DIFFERS: Article = Article::new(
    "AWSPENDING was edited by hand, or left by the function of the other strategy. No connection was opened.",
    "Make sure that AWSCURRENT logs in, remove the label AWSPENDING, and rotate again.",
);
pub(super) const MASTER_INVALID: Article = Article::new(
    "The master secret is empty, or one of its fields is missing or malformed.",
    "Put `engine`, `host`, `username` and `password` of the master into it.",
);
pub(super) const MASTER_NOT_DEPLOYED: Article = Article::new(
    "`masterarn` of the secret is not what `MASTER_SECRET_ARN` says.",
    "Let the two agree, or deploy a function for the other master.",
);
pub(super) const MASTER_SAME_AS_SECRET: Article = Article::new(
    "The secret names itself as its master secret, or the master secret holds one of the two users.",
    "Rotate a master secret by the single-user strategy; give other secrets a master of their own.",
);
pub(super) const MASTER_UNREADABLE: Article = Article::with_policy(
    "The function's role may not read the master secret, or `masterarn` names none.",
    "Correct `masterarn`, or let the role of the function do this:",
    r#"{
  "Effect": "Allow",
  "Action": "secretsmanager:GetSecretValue",
  "Resource": "MASTER_SECRET_ARN"
}"#,
);
