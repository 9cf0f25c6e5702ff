//! Articles about settings, events and labels.

use crate::code::{
    Code,
    article::{Row, article, with_command},
};

pub(in crate::code) const ARTICLES: &[Row] = &[
    (
        Code::ConfigInvalid,
        article(
            "An environment variable has a value that cannot be meant, or the password settings leave fewer than 128 \
             bits to guess.",
            "Correct the variable that the message names. Nothing is rotated until then.",
        ),
    ),
    (
        Code::EventInvalid,
        with_command(
            "The function was invoked by hand, or by something else than Secrets Manager.",
            "Let Secrets Manager start the rotation.",
            "aws secretsmanager rotate-secret --secret-id SECRET",
        ),
    ),
    (
        Code::SecretDeleted,
        with_command(
            "Somebody deleted the secret while a rotation was under way.",
            "Restore it and rotate again. If setSecret had run, the password that works may be the one of the version \
             with the rotation's token: read it, once restored, by its version id.",
            "aws secretsmanager restore-secret --secret-id SECRET\n\
             aws secretsmanager get-secret-value --secret-id SECRET --version-id TOKEN",
        ),
    ),
    (
        Code::SecretManaged,
        article(
            "RDS, DocumentDB, Redshift or another service made the secret and rotates it (`OwningService`), or it is an \
             external secret of a partner (`Type`).",
            "Let that service rotate it.",
        ),
    ),
    (
        Code::SecretReplica,
        article(
            "Only the primary of a replicated secret can be written and rotated.",
            "Look at the secret in its primary region; replicas follow.",
        ),
    ),
    (
        Code::SecretForeign,
        article(
            "The secret's ARN names another account or region than the function's.",
            "Deploy a function beside the secret, or set `ALLOW_FOREIGN_SECRETS=true` if this is meant.",
        ),
    ),
    (
        Code::RotationDisabled,
        with_command(
            "Rotation was never configured, or was cancelled while a step was under way.",
            "Turn rotation on. Before AWSPENDING is removed by hand, test which version logs in: after setSecret it \
             may be the only one.",
            "aws secretsmanager rotate-secret --secret-id SECRET --rotation-lambda-arn FUNCTION \
             --rotation-rules AutomaticallyAfterDays=30",
        ),
    ),
    (
        Code::RotationOtherFunction,
        article(
            "The secret's `RotationLambdaARN` is another function than the one that was invoked.",
            "Point the secret's rotation at this function, or invoke the one that it names.",
        ),
    ),
    (
        Code::VersionUnknown,
        article(
            "The version lost its labels and was removed, or the event was made by hand.",
            "Start a new rotation. If setSecret of the version had run, read its password by its id first, put \
             AWSPENDING back on it, and rotate again.",
        ),
    ),
    (
        Code::VersionNotPending,
        with_command(
            "A newer rotation replaced this one, or somebody cancelled it and removed the label. This step changed \
             nothing.",
            "Look which version logs in. If it is the one with this token, put AWSPENDING back on it and rotate again.",
            "aws secretsmanager update-secret-version-stage --secret-id SECRET --version-stage AWSPENDING \
             --move-to-version-id TOKEN",
        ),
    ),
    (
        Code::SecretNoCurrent,
        with_command(
            "Somebody removed AWSCURRENT by hand.",
            "Put AWSCURRENT back on the version whose credentials log in.",
            "aws secretsmanager update-secret-version-stage --secret-id SECRET --version-stage AWSCURRENT \
             --move-to-version-id VERSION",
        ),
    ),
    (
        Code::DryRun,
        with_command(
            "DRY_RUN is set in the function's environment. The log has a line for each thing that a step would do; \
             nothing was changed.",
            "Take DRY_RUN out of the environment and rotate again: the pending version is taken up. To leave it, remove \
             the label AWSPENDING, whose version has no value.",
            "aws secretsmanager update-secret-version-stage --secret-id SECRET --version-stage AWSPENDING \
             --remove-from-version-id TOKEN",
        ),
    ),
    (
        Code::LabelsMoved,
        with_command(
            "Another rotation, or a person, moved AWSCURRENT or AWSPENDING while the step was working. The step \
             stopped.",
            "Look at the labels; rotate again if the rotation is not over.",
            "aws secretsmanager describe-secret --secret-id SECRET",
        ),
    ),
    (
        Code::SecretNoValue,
        article(
            "The service has not shown a value yet that was just written, or createSecret never stored one.",
            "Wait for the service's next attempt. If it stays so, start a new rotation.",
        ),
    ),
    (
        Code::TimedOut,
        article(
            "Secrets Manager or the database was slow, or the function's timeout is short.",
            "Wait for the service's next attempt; if it recurs, raise the function's timeout to 30 seconds. Once \
             setSecret has begun, AWSPENDING may hold the password that logs in: keep the label.",
        ),
    ),
    (
        Code::Panicked,
        article(
            "A defect of ours. What the panic says is not written anywhere, as it may quote a value; `detail` has the \
             place in the source.",
            "Report it with the line. Rotate again, which takes the version up where it stands, and keep AWSPENDING: \
             once setSecret has begun, it may hold the password that logs in.",
        ),
    ),
];
