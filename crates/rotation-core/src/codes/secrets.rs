//! Articles about what secrets hold, and about passwords.

use crate::code::Article;

pub(super) const SECRET_FIELD_MISSING: Article = Article::new(
    "The secret lacks a field; the message names it.",
    "Add the field. A rotation needs `engine`, `host`, `username` and `password`; alternating users also \
             `masterarn`, where `MASTER_SECRET_ARN` is not set.",
);
pub(super) const SECRET_FIELD_INVALID: Article = Article::new(
    "A field has a value of the wrong form: a port out of range, a host that is a list or a link-local \
             address, a name that is too long. The message names the field and the rule, never the value.",
    "Correct the field.",
);
pub(super) const SECRET_MALFORMED: Article = Article::new(
    "The value is binary, empty, too large, no JSON, no object, or names a key twice.",
    "Store one JSON object of at most 64 KiB.",
);
pub(super) const NO_RANDOMNESS: Article = Article::new(
    "The operating system's random source failed.",
    "Wait for the service's next attempt. `PASSWORD_SOURCE=secrets-manager` does without that source.",
);
pub(super) const RELATED_SECRET_INVALID: Article = Article::new(
    "The other secret has no AWSCURRENT value, or one that is not what the rotation needs.",
    "Store the other secret's credentials again, with the field that the message names.",
);
