//! The findings about databases.

pub use rotation_core::diagnosis::finding_codes::*;

rotation_core::finding_codes! {
    /// Another field of the secret holds a copy of the password, or an outdated one.
    SECRET_PASSWORD_COPIED = Warning;
    /// The server's certificate chain expires within thirty days.
    TLS_EXPIRES_SOON = Warning;
    /// The secret asks for plaintext.
    TLS_OFF = Note;
    /// The privileges of the two users that take turns differ.
    GRANTS_DIFFER = Warning;
    /// The server asks for no password, so no login proves one.
    DB_PASSWORD_NOT_ASKED = Warning;
    /// Something about the server that is worth knowing.
    SERVER_NOTE = Note;
}
