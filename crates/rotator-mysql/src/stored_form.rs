//! What a server stores of a new password, computed here where the server accepts that, so that no statement
//! holds the password.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use rotation_core::Password;
use rotation_database::{StatementError, StatementFault};
use zeroize::Zeroizing;

use crate::{
    account::Options,
    keys::{DerivedKey, PasswordKey, SALT, parsec_factor},
};

/// The form in which an account of MariaDB stores its password.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum StoredForm {
    /// `mysql_native_password`, which an account has that names no plugin.
    #[default]
    Native,
    /// `ed25519`.
    Ed25519,
    /// `parsec`, with the exponent of two by which its rounds are multiplied.
    Parsec { factor: u8 },
}

impl StoredForm {
    /// The form of an account, derived from its one plugin that keeps a password, as far as that is known.
    pub(crate) fn of(options: &Options) -> Self {
        let known = options.plugins.iter().find_map(|plugin| match plugin.as_str() {
            "ed25519" => Some(Self::Ed25519),
            "parsec" => Some(Self::Parsec { factor: options.parsec_factor }),
            "mysql_native_password" => Some(Self::Native),
            _ => None,
        });
        known.unwrap_or_default()
    }

    /// The name of the plugin.
    pub(crate) fn plugin(self) -> &'static str {
        match self {
            Self::Native => "mysql_native_password",
            Self::Ed25519 => "ed25519",
            Self::Parsec { .. } => "parsec",
        }
    }

    /// The stored form of this password.
    ///
    /// # Errors
    /// The operating system provides no salt.
    pub(crate) fn make(self, password: &Password) -> Result<Zeroizing<String>, StatementError> {
        Ok(match self {
            Self::Native => native_hash(password),
            Self::Ed25519 => Zeroizing::new(STANDARD_NO_PAD.encode(PasswordKey::of(password).public())),
            Self::Parsec { factor } => {
                let failed =
                    |code: &str| StatementError::new(StatementFault::Other { code: code.to_owned() });
                let mut salt = [0_u8; SALT];
                getrandom::fill(&mut salt).map_err(|_| failed("no randomness"))?;
                let key = DerivedKey::of(password, factor, &salt).ok_or_else(|| failed("too many rounds"))?;
                Zeroizing::new(format!(
                    "P{factor:x}:{}:{}",
                    STANDARD.encode(salt),
                    STANDARD_NO_PAD.encode(key.public())
                ))
            }
        })
    }
}

/// Whether this is the stored form of `ed25519` for this password; `None` where the form is not known.
pub(crate) fn accepts_ed25519(stored: &[u8], password: &Password) -> Option<bool> {
    let public = STANDARD_NO_PAD.decode(stored).ok().filter(|key| key.len() == 32)?;
    Some(public == PasswordKey::of(password).public())
}

/// The same for `parsec`.
pub(crate) fn accepts_parsec(stored: &[u8], password: &Password) -> Option<bool> {
    let mut parts = str::from_utf8(stored).ok()?.split(':');
    let factor = parsec_factor(parts.next()?)?;
    let salt = STANDARD.decode(parts.next()?).ok().filter(|salt| salt.len() == SALT)?;
    let public = STANDARD_NO_PAD.decode(parts.next()?).ok()?;
    let key = DerivedKey::of(password, factor, &salt)?;
    Some(key.public() == public)
}

/// What `mysql_native_password` stores: the hash of the hash.
pub(crate) fn native_hash(password: &Password) -> Zeroizing<String> {
    let hash = |bytes: &[u8]| Zeroizing::new(digest(&SHA1_FOR_LEGACY_USE_ONLY, bytes).as_ref().to_vec());
    let twice = hash(&hash(password.expose().as_bytes()));
    let digits = twice.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    let digits = digits.map(|digit| char::from_digit(digit.into(), 16).expect("four bits make a digit"));
    Zeroizing::new(std::iter::once('*').chain(digits).collect::<String>().to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A stored form accepts its own password alone.
    /// A form that is computed here is recognized, and nothing else is.
    #[test]
    fn form_accepts_its_password_alone() {
        let (right, wrong) = (Password::parse("right").unwrap(), Password::parse("wrong").unwrap());
        let form = StoredForm::Ed25519.make(&right).unwrap();
        assert_eq!(form.len(), 43);
        assert_eq!(accepts_ed25519(form.as_bytes(), &right), Some(true));
        assert_eq!(accepts_ed25519(form.as_bytes(), &wrong), Some(false));
        let form = StoredForm::Parsec { factor: 1 }.make(&right).unwrap();
        assert_eq!((form.len(), &form[..3]), (71, "P1:"));
        assert_eq!(accepts_parsec(form.as_bytes(), &right), Some(true));
        assert_eq!(accepts_parsec(form.as_bytes(), &wrong), Some(false));
        for stored in ["", "P", "P0:", "P0:AAAA:AAAA", "Q0:uQ0nyzHqUXJBDObAj9W6a6eT:x3wB", "*short"] {
            assert_eq!(accepts_parsec(stored.as_bytes(), &right), None, "{stored}");
            assert_eq!(accepts_ed25519(stored.as_bytes(), &right), None, "{stored}");
        }
    }
}
