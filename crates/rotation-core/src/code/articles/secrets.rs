//! Articles about what secrets hold, and about passwords.

use crate::code::{
    Code,
    article::{Row, article},
};

pub(in crate::code) const ARTICLES: &[Row] = &[
    (
        Code::SecretFieldMissing,
        article(
            "The secret lacks a field; the message names it.",
            "Add the field. A rotation needs `engine`, `host`, `username` and `password`; alternating users also \
             `masterarn`, where `MASTER_SECRET_ARN` is not set.",
        ),
    ),
    (
        Code::SecretFieldInvalid,
        article(
            "A field has a value of the wrong form: a port out of range, a host that is a list or a link-local \
             address, a name that is too long. The message names the field and the rule, never the value.",
            "Correct the field.",
        ),
    ),
    (
        Code::SecretHostSrv,
        article(
            "`host` begins with `mongodb+srv://`, or `srv` is set: the members would be those that a DNS server names at \
             the moment. A password goes only to hosts that the secret itself names.",
            "List the members in `host` (`a.example.com:27017,b.example.com:27017`), as `dig SRV _mongodb._tcp.NAME` prints \
             them, and the set in `replicaSet` (`dig TXT NAME`). For DocumentDB, name the cluster endpoint.",
        ),
    ),
    (
        Code::SecretEngineMismatch,
        article(
            "`engine` is not one that this function rotates.",
            "Rotate the secret by the function of its engine. Correct `engine` only where it is misspelt.",
        ),
    ),
    (
        Code::SecretMalformed,
        article(
            "The value is binary, empty, too large, no JSON, no object, or names a key twice.",
            "Store one JSON object of at most 64 KiB.",
        ),
    ),
    (
        Code::SecretPasswordLineBreak,
        article(
            "`password` was stored out of a file or by `echo`, with a line break at its end that the password of the \
             database does not have.",
            "Store the value again without the line break (`printf %s` writes none), then rotate again.",
        ),
    ),
    (
        Code::PendingHostDiffers,
        article(
            "AWSPENDING was edited, or `host` or `port` of AWSCURRENT was changed after createSecret. Members that were \
             added to a list since are no difference, unless one of them is the primary now. Nothing was changed.",
            "Where AWSCURRENT logs in, remove the label AWSPENDING and rotate again. Where it does not, AWSPENDING may \
             hold the only password that does: keep it, and let `host` and `port` of AWSCURRENT name its servers.",
        ),
    ),
    (
        Code::PendingUserDiffers,
        article(
            "AWSPENDING was edited by hand, or left by the function of the other strategy. No connection was opened.",
            "Make sure that AWSCURRENT logs in, remove the label AWSPENDING, and rotate again.",
        ),
    ),
    (
        Code::MasterInvalid,
        article(
            "The master secret is empty, or one of its fields is missing or malformed.",
            "Put `engine`, `host`, `username` and `password` of the master into it.",
        ),
    ),
    (
        Code::MasterNotDeployed,
        article(
            "`masterarn` of the secret is not what `MASTER_SECRET_ARN` says.",
            "Let the two agree, or deploy a function for the other master.",
        ),
    ),
    (
        Code::MasterIsSelf,
        article(
            "The secret names itself as its master secret, or the master secret holds one of the two users.",
            "Rotate a master secret by the single-user strategy; give other secrets a master of their own.",
        ),
    ),
    (
        Code::NoRandomness,
        article(
            "The operating system's random source failed.",
            "Wait for the service's next attempt. `PASSWORD_SOURCE=secrets-manager` does without that source.",
        ),
    ),
];
