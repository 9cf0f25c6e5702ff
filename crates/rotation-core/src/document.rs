//! The value of a secret: one JSON object whose unknown keys survive a rotation to the byte.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
    ser::{SerializeMap, Serializer},
};
use serde_json::{Value, value::RawValue};
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

/// The largest value that the service stores, in bytes.
const MAX_BYTES: usize = 65_536;

/// A secret's value. Keys keep their order, and what we do not know is kept as it was written.
///
/// It never prints, and its memory is cleared when it is dropped.
#[derive(Clone)]
pub struct SecretDocument {
    fields: Vec<(String, Box<RawValue>)>,
}

impl SecretDocument {
    /// # Errors
    /// [`DocumentError`] where the text is not one JSON object with unique keys of at most 64 KiB.
    pub fn parse(text: &str) -> Result<Self, DocumentError> {
        if text.trim().is_empty() {
            return Err(DocumentError::Empty);
        }
        if text.len() > MAX_BYTES {
            return Err(DocumentError::TooLarge);
        }
        if !text.trim_start().starts_with('{') {
            return Err(match serde_json::from_str::<&RawValue>(text) {
                Ok(_) => DocumentError::NotAnObject,
                Err(_) => DocumentError::NotJson,
            });
        }
        let Fields(fields) = serde_json::from_str(text).map_err(|_| DocumentError::NotJson)?;
        let mut seen = std::collections::BTreeSet::new();
        for (key, _) in &fields {
            if !seen.insert(key.as_str()) {
                return Err(DocumentError::DuplicateKey { field: key.clone() });
            }
        }
        Ok(Self { fields })
    }

    /// The document as JSON text.
    pub fn to_json(&self) -> Zeroizing<String> {
        let mut out = Vec::with_capacity(256);
        let mut serializer = serde_json::Serializer::new(&mut out);
        let mut map =
            serializer.serialize_map(Some(self.fields.len())).expect("writing to memory cannot fail");
        for (key, value) in &self.fields {
            map.serialize_entry(key, value).expect("a parsed value is valid JSON");
        }
        map.end().expect("writing to memory cannot fail");
        Zeroizing::new(String::from_utf8(out).expect("serde_json writes UTF-8"))
    }

    /// The value of a field; `null` counts as absent, as an AWS template's `dict.get` would have it.
    pub fn get(&self, field: &str) -> Option<Value> {
        let (_, raw) = self.fields.iter().find(|(key, _)| key == field)?;
        serde_json::from_str(raw.get()).ok().filter(|value: &Value| !value.is_null())
    }

    /// A field that is a string, where present.
    ///
    /// # Errors
    /// [`DocumentError::Invalid`] where it is something else.
    pub fn text(&self, field: &'static str) -> Result<Option<Zeroizing<String>>, DocumentError> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(Zeroizing::new(text))),
            Some(_) => Err(DocumentError::Invalid { field, rule: "a string" }),
        }
    }

    /// A field that must be a string.
    ///
    /// # Errors
    /// [`DocumentError::Missing`] or [`DocumentError::Invalid`].
    pub fn required_text(&self, field: &'static str) -> Result<Zeroizing<String>, DocumentError> {
        self.text(field)?.ok_or(DocumentError::Missing { field })
    }

    /// The same document with one field changed in its place, or added at the end.
    #[must_use]
    pub fn with_text(mut self, field: &str, text: &str) -> Self {
        let quoted = serde_json::to_string(text).expect("a string is valid JSON");
        let raw = RawValue::from_string(quoted).expect("a quoted string is valid JSON");
        match self.fields.iter_mut().find(|(key, _)| key == field) {
            Some((_, value)) => wipe(std::mem::replace(value, raw)),
            None => self.fields.push((field.to_owned(), raw)),
        }
        self
    }
}

impl fmt::Debug for SecretDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretDocument(..)")
    }
}

impl Drop for SecretDocument {
    fn drop(&mut self) {
        for (_, value) in self.fields.drain(..) {
            wipe(value);
        }
    }
}

fn wipe(value: Box<RawValue>) {
    String::from(Box::<str>::from(value)).zeroize();
}

/// All entries of one object, duplicates included, so that they can be refused by name.
struct Fields(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut fields = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    if fields.len() == 1024 {
                        return Err(A::Error::custom("more than 1024 keys"));
                    }
                    fields.push(entry);
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// The value of a secret is not what a rotation needs. Only names of fields appear, never what they hold.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DocumentError {
    /// `SecretBinary` instead of `SecretString`.
    #[error("the value is binary")]
    Binary,
    /// No text at all.
    #[error("the value is empty")]
    Empty,
    /// More than 64 KiB.
    #[error("the value is larger than 65536 bytes")]
    TooLarge,
    /// No JSON, or more keys than a secret can mean to have.
    #[error("the value is not JSON")]
    NotJson,
    /// JSON, but no object.
    #[error("the value is not a JSON object")]
    NotAnObject,
    /// A key stands twice, so that readers disagree about its value.
    #[error("the value has the key `{field}` twice")]
    DuplicateKey {
        /// The key.
        field: String,
    },
    /// A required field is absent.
    #[error("the value has no field `{field}`")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// A field breaks its rule.
    #[error("the field `{field}` is not {rule}")]
    Invalid {
        /// Its name.
        field: &'static str,
        /// What it should be.
        rule: &'static str,
    },
    /// `engine` names another database than this function rotates.
    #[error("the field `engine` is none of {expected}")]
    Engine {
        /// The names that this function takes.
        expected: &'static str,
    },
}
