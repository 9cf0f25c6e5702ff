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
        "Renew it before (for RDS: choose a current certificate authority). Afterwards logins fail with `TLS_EXPIRED`.";
    /// The secret asks for plaintext.
    TLS_OFF = "note",
        "`\"ssl\": false` in the secret.",
        "Turn TLS on at the server, and set `\"ssl\": true`.";
    /// The rights of the two users that take turns are not the same.
    GRANTS_DIFFER = "warning",
        "Somebody granted or revoked since the last rotation, at one of the two users alone.",
        "The next rotation brings the clone to what the original has; rotate now if an application misses something.";
    /// The server asks for no password, so no login proves one.
    DB_PASSWORD_NOT_ASKED = "warning",
        "The server's access rules let the user in without a password, by the network address or the operating system.",
        "Let the server ask for a password. Until then nobody can tell which version logs in, and no label is moved.";
    /// Something about the server that is worth knowing.
    SERVER_NOTE = "note",
        "The engine found something that works and may surprise, and says it in its sentence.",
        "Read the sentence; a rotation works as it is.";
}
