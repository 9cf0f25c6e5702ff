//! The value of a secret: one JSON object whose unknown keys survive a rotation byte for byte, or a plain
//! value for the targets that ask for it.

mod plain;

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error as _, MapAccess, Visitor},
};
use serde_json::{Value, value::RawValue};
use thiserror::Error;
use zeroize::{Zeroize, Zeroizing};

use crate::code::Code;

pub use plain::SecretForm;

/// The largest value that the service stores, in bytes.
const MAX_BYTES: usize = 65_536;
/// The longest part of a key that an error repeats, in characters.
const MAX_NAME: usize = 64;

/// A secret's value. Keys keep their order, and unknown fields are kept as they were written.
///
/// It is never printed, and its memory is cleared when it is dropped.
#[derive(Clone)]
pub struct SecretDocument {
    fields: Vec<Field>,
    /// The whole value, where it is no object.
    plain: Option<Zeroizing<String>>,
}

/// One entry: the decoded name, and both name and value as they were written.
#[derive(Clone)]
struct Field {
    name: String,
    key: Box<RawValue>,
    value: Box<RawValue>,
}

/// A field that a target cannot use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The target's code for it.
    pub code: Code,
    /// The field's name.
    pub field: String,
    /// What is wrong, as a clause without values: ``the field `engine` is not one of mysql``.
    pub problem: String,
    /// What to do, in a few sentences; `{which}` stands for the name of the value.
    pub remediation: String,
}

impl From<Unfit> for DocumentError {
    fn from(unfit: Unfit) -> Self {
        Self::Unfit(Box::new(unfit))
    }
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
        for Field { name, .. } in &fields {
            if !seen.insert(name.as_str()) {
                return Err(DocumentError::DuplicateKey {
                    field: name.escape_debug().take(MAX_NAME).collect(),
                });
            }
        }
        Ok(Self { fields, plain: None })
    }

    /// The document as JSON text; a plain value as it is.
    pub fn to_json(&self) -> Zeroizing<String> {
        if let Some(text) = &self.plain {
            return text.clone();
        }
        // Room for all of it at once: a string that grows leaves copies behind.
        let room: usize =
            self.fields.iter().map(|field| field.key.get().len() + field.value.get().len() + 2).sum();
        let mut json = Zeroizing::new(String::with_capacity(room + 2));
        let mut separator = '{';
        for field in &self.fields {
            json.push(std::mem::replace(&mut separator, ','));
            json.push_str(field.key.get());
            json.push(':');
            json.push_str(field.value.get());
        }
        json.push_str(if self.fields.is_empty() { "{}" } else { "}" });
        json
    }

    /// The value of a field. `null` counts as absent, as with the `dict.get` of AWS's templates. A field that
    /// is JSON but has no usable value (a number out of range, half of a surrogate pair) counts as an empty
    /// list, which is not valid for any field. If it counted as absent, it would silently become a default.
    pub fn get(&self, field: &str) -> Option<Value> {
        let Field { value, .. } = self.fields.iter().find(|entry| entry.name == field)?;
        let value = serde_json::from_str(value.get()).unwrap_or_else(|_| Value::Array(Vec::new()));
        (!value.is_null()).then_some(value)
    }

    /// The names of all fields, in their order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().map(|field| field.name.as_str())
    }

    /// The text of a field, where the field is present.
    ///
    /// # Errors
    /// [`DocumentError::Invalid`] where it is not a string.
    pub fn text(&self, field: &'static str) -> Result<Option<Zeroizing<String>>, DocumentError> {
        match self.get(field) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(Zeroizing::new(text))),
            Some(_) => Err(DocumentError::Invalid { field, rule: "a string" }),
        }
    }

    /// The text of a field that may be empty or absent; an empty one counts as absent.
    ///
    /// # Errors
    /// [`DocumentError::Invalid`] where it is not a string.
    pub fn filled_text(&self, field: &'static str) -> Result<Option<Zeroizing<String>>, DocumentError> {
        Ok(self.text(field)?.filter(|text| !text.is_empty()))
    }

    /// The text of a required field.
    ///
    /// # Errors
    /// [`DocumentError::Missing`] or [`DocumentError::Invalid`].
    pub fn required_text(&self, field: &'static str) -> Result<Zeroizing<String>, DocumentError> {
        self.text(field)?.ok_or(DocumentError::Missing { field })
    }

    /// The same document with one field changed in place, or added at the end. A plain value has no fields,
    /// and is returned as it is.
    #[must_use]
    pub fn with_text(mut self, field: &str, text: &str) -> Self {
        if self.plain.is_some() {
            return self;
        }
        let value = quoted(text);
        match self.fields.iter_mut().find(|entry| entry.name == field) {
            Some(entry) => wipe(std::mem::replace(&mut entry.value, value)),
            None => self.fields.push(Field { name: field.to_owned(), key: quoted(field), value }),
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
        for field in self.fields.drain(..) {
            wipe(field.value);
        }
    }
}

fn quoted(text: &str) -> Box<RawValue> {
    let quoted = serde_json::to_string(text).expect("a string is valid JSON");
    RawValue::from_string(quoted).expect("a quoted string is valid JSON")
}

fn wipe(value: Box<RawValue>) {
    String::from(Box::<str>::from(value)).zeroize();
}

/// All entries of one object, duplicates included, so that they can be refused by name.
struct Fields(Vec<Field>);

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
                while let Some(key) = map.next_key::<Box<RawValue>>()? {
                    if fields.len() == 1024 {
                        return Err(A::Error::custom("more than 1024 keys"));
                    }
                    let name = serde_json::from_str(key.get()).map_err(A::Error::custom)?;
                    fields.push(Field { name, key, value: map.next_value()? });
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// The value of a secret is not usable for a rotation. Errors name fields, never values.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
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
    /// Not JSON, or more keys than any real secret has.
    #[error("the value is not JSON")]
    NotJson,
    /// A JSON object, for a target that asks for a plain value.
    #[error("the value is a JSON object, and not one credential")]
    NotPlain,
    /// JSON, but not an object.
    #[error("the value is not a JSON object")]
    NotAnObject,
    /// A key appears twice, so that readers may disagree about its value.
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
    /// A field violates its rule.
    #[error("the field `{field}` is not {rule}")]
    Invalid {
        /// Its name.
        field: &'static str,
        /// What it should be.
        rule: &'static str,
    },
    /// The value lacks what the target needs.
    #[error("{}", .0.problem)]
    Unfit(Box<Unfit>),
}
