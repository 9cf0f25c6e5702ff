//! The findings about databases.

pub use rotation_core::diagnosis::finding_codes::*;

rotation_core::finding_codes! {
    /// Another field of the secret holds a copy of the password, or an outdated one.
    SECRET_PASSWORD_COPIED = "warning",
        "Applications read a URL or a connection string out of the secret. A rotation changes `username` and \
         `password` alone.",
        "Name the field in `REWRITE_FIELDS`, so that it follows the credentials, or let applications put the \
         URL together from `username` and `password`.";
    /// The server's certificate chain ends within thirty days.
    TLS_EXPIRES_SOON = "warning",
        "The server's certificate, or one of its authorities that it sends, is near the end of its validity.",
        "Renew it before then (for RDS: choose a current certificate authority). Afterwards logins fail with \
         `TLS_EXPIRED`.";
    /// The secret asks for plaintext.
    TLS_OFF = "note",
        "`\"ssl\": false` in the secret.",
        "Turn TLS on at the server, and set `\"ssl\": true`.";
    /// The privileges of the two alternating users are not the same.
    GRANTS_DIFFER = "warning",
        "A manual change since the last rotation granted or revoked something for only one of the two users.",
        "The next rotation reconciles the clone with the original. Rotate now if an application lacks a \
         privilege.";
    /// The server asks for no password, so no login proves one.
    DB_PASSWORD_NOT_ASKED = "warning",
        "The server's access rules let the user in without a password, by the network address or the \
         operating system.",
        "Make the server ask for a password. Until then it is unknown which version logs in, and no label is \
         moved.";
    /// Something about the server that is worth knowing.
    SERVER_NOTE = "note",
        "The engine found something that works but may be unexpected. The sentence of the finding describes \
         it.",
        "Read the sentence. Rotations work without a change.";
}
