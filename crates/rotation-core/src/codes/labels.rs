//! Articles about settings, events and labels.

use crate::code::Article;

pub(super) const CONFIG_INVALID: Article = Article::new(
    "An environment variable has a value that cannot be meant, or the password settings leave fewer than 128 \
             bits to guess.",
    "Correct the variable that the message names. Nothing is rotated until then.",
);
pub(super) const EVENT_INVALID: Article = Article::with_command(
    "The function was invoked by hand, or by something else than Secrets Manager.",
    "Let Secrets Manager start the rotation.",
    "aws secretsmanager rotate-secret --secret-id SECRET",
);
pub(super) const SECRET_DELETED: Article = Article::with_command(
    "Somebody deleted the secret while a rotation was under way.",
    "Restore it and rotate again. If setSecret had run, the password that works may be the one of the \
             version with the rotation's token: read it, once restored, by its version id.",
    "aws secretsmanager restore-secret --secret-id SECRET\n\
             aws secretsmanager get-secret-value --secret-id SECRET --version-id TOKEN",
);
pub(super) const SECRET_MANAGED: Article = Article::new(
    "RDS, DocumentDB, Redshift or another service made the secret and rotates it (`OwningService`), or it is \
             an external secret of a partner (`Type`).",
    "Let that service rotate it.",
);
pub(super) const SECRET_REPLICA: Article = Article::new(
    "Only the primary of a replicated secret can be written and rotated.",
    "Look at the secret in its primary region; replicas follow.",
);
pub(super) const SECRET_FOREIGN: Article = Article::new(
    "The secret's ARN names another account or region than the function's.",
    "Deploy a function beside the secret, or set `ALLOW_FOREIGN_SECRETS=true` if this is meant.",
);
pub(super) const ROTATION_DISABLED: Article = Article::with_command(
    "Rotation was never configured, or was cancelled while a step was under way.",
    "Turn rotation on. Before AWSPENDING is removed by hand, test which version logs in: after setSecret it \
             may be the only one.",
    "aws secretsmanager rotate-secret --secret-id SECRET --rotation-lambda-arn FUNCTION \
             --rotation-rules AutomaticallyAfterDays=30",
);
pub(super) const ROTATION_OTHER_FUNCTION: Article = Article::new(
    "The secret's `RotationLambdaARN` is another function than the one that was invoked.",
    "Point the secret's rotation at this function, or invoke the one that it names.",
);
pub(super) const VERSION_NOT_FOUND: Article = Article::new(
    "The version lost its labels and was removed, or the event was made by hand.",
    "Start a new rotation. If setSecret of the version had run, read its password by its id first, put \
             AWSPENDING back on it, and rotate again.",
);
pub(super) const VERSION_NOT_PENDING: Article = Article::with_command(
    "A newer rotation replaced this one, or somebody cancelled it and removed the label. This step changed \
             nothing.",
    "Look which version logs in. If it is the one with this token, put AWSPENDING back on it and rotate again.",
    "aws secretsmanager update-secret-version-stage --secret-id SECRET --version-stage AWSPENDING \
             --move-to-version-id TOKEN",
);
pub(super) const SECRET_NO_CURRENT: Article = Article::with_command(
    "Somebody removed AWSCURRENT by hand.",
    "Put AWSCURRENT back on the version whose credentials log in.",
    "aws secretsmanager update-secret-version-stage --secret-id SECRET --version-stage AWSCURRENT \
             --move-to-version-id VERSION",
);
pub(super) const DRY_RUN: Article = Article::with_command(
    "DRY_RUN is set in the function's environment. The log has a line for each thing that a step would do; \
             nothing was changed.",
    "Take DRY_RUN out of the environment and rotate again: the pending version is taken up. To leave it, \
             remove the label AWSPENDING, whose version has no value.",
    "aws secretsmanager update-secret-version-stage --secret-id SECRET --version-stage AWSPENDING \
             --remove-from-version-id TOKEN",
);
pub(super) const LABELS_MOVED: Article = Article::with_command(
    "Another rotation, or a person, moved AWSCURRENT or AWSPENDING while the step was working. The step \
             stopped.",
    "Look at the labels; rotate again if the rotation is not over.",
    "aws secretsmanager describe-secret --secret-id SECRET",
);
pub(super) const SECRET_NO_VALUE: Article = Article::new(
    "The service has not shown a value yet that was just written, or createSecret never stored one.",
    "Wait for the service's next attempt. If it stays so, start a new rotation.",
);
pub(super) const TIMED_OUT: Article = Article::new(
    "Secrets Manager or the database was slow, or the function's timeout is short.",
    "Wait for the service's next attempt; if it recurs, raise the function's timeout to 30 seconds. Once \
             setSecret has begun, AWSPENDING may hold the password that logs in: keep the label.",
);
pub(super) const INTERNAL: Article = Article::new(
    "A defect of ours. What the panic says is not written anywhere, as it may quote a value; `detail` has \
             the place in the source.",
    "Report it with the line. Rotate again, which takes the version up where it stands, and keep AWSPENDING: \
             once setSecret has begun, it may hold the password that logs in.",
);
pub(super) const NO_VERSION_OPENS_TARGET: Article = Article::with_command(
    "The credential was changed at the service by a manual change, or by a rotation that was cancelled: its \
     version has no label now.",
    "Find the version that opens it, or store a credential that does, then rotate again.",
    "aws secretsmanager list-secret-version-ids --secret-id SECRET --include-deprecated",
);
