//! Values that are one credential and nothing else: a bare API key, a token.

use zeroize::Zeroizing;

use super::{DocumentError, MAX_BYTES, SecretDocument};

/// The form of a secret's value, which its target asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SecretForm {
    /// One JSON object with named fields.
    #[default]
    Object,
    /// The credential itself, without a name for it.
    Plain,
}

impl SecretForm {
    /// The document that a value of this form holds.
    ///
    /// # Errors
    /// [`DocumentError`] where the value has another form, is empty or larger than 64 KiB.
    pub fn parse(self, text: &str) -> Result<SecretDocument, DocumentError> {
        match self {
            Self::Object => SecretDocument::parse(text),
            Self::Plain => SecretDocument::plain(text),
        }
    }
}

impl SecretDocument {
    /// A value that is one credential. It has no fields, and is stored as it is.
    ///
    /// # Errors
    /// [`DocumentError::Empty`], [`DocumentError::TooLarge`], and [`DocumentError::NotPlain`] for a JSON
    /// object: the secret was written for another target.
    pub fn plain(text: &str) -> Result<Self, DocumentError> {
        if text.trim().is_empty() {
            return Err(DocumentError::Empty);
        }
        if text.len() > MAX_BYTES {
            return Err(DocumentError::TooLarge);
        }
        if Self::parse(text).is_ok() {
            return Err(DocumentError::NotPlain);
        }
        Ok(Self { fields: Vec::new(), plain: Some(Zeroizing::new(text.to_owned())) })
    }

    /// The credential, where this is a plain value.
    pub fn plain_text(&self) -> Option<&str> {
        self.plain.as_ref().map(|text| text.as_str())
    }
}
