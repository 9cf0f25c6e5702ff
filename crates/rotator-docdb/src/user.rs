//! A user as `usersInfo` shows it.

use std::collections::BTreeSet;

use rotation_database::Username;

use crate::{
    document::{Document, Reader, Value},
    mark::{CloneMark, MARKER},
    role::{Role, roles},
};

/// The attributes and roles of a user. Parts that a server does not report are absent: DocumentDB has roles
/// alone.
#[derive(Clone)]
pub(crate) struct User {
    pub(crate) roles: BTreeSet<Role>,
    /// `None` where the server does not report it.
    pub(crate) mechanisms: Option<Vec<String>>,
    /// The element as it was received, under its own name; empty where there are none.
    restrictions: Document,
    custom_data: Document,
}

const RESTRICTIONS: &str = "authenticationRestrictions";

impl User {
    /// The one user of a reply to `usersInfo`; `None` where there is none, whether the list is empty or
    /// missing.
    ///
    /// The answer may only be about the requested user: another one's roles would be granted.
    pub(crate) fn of(reply: Reader<'_>, name: &Username, home: &str) -> Result<Option<Self>, &'static str> {
        let Some(users) = reply.get("users") else { return Ok(None) };
        let users = users.as_array().ok_or("users is no list")?;
        let Some(user) = users.first() else { return Ok(None) };
        let user = user.as_document().ok_or("a user is no document")?;
        let is_asked_for = user.text("user") == Some(name.as_str()) && user.text("db") == Some(home);
        if users.len() != 1 || !is_asked_for {
            return Err("another user than the one that was asked for");
        }
        let element =
            |name| user.get(name).map_or_else(Document::new, |value| Document::new().value(name, value));
        Ok(Some(Self {
            roles: match user.get("roles") {
                Some(list) => roles(list).ok_or("a role without name or database")?,
                None => BTreeSet::new(),
            },
            mechanisms: user
                .get("mechanisms")
                .map(|value| mechanisms(value).ok_or("mechanisms are no names"))
                .transpose()?,
            restrictions: match user.get(RESTRICTIONS).and_then(Value::as_array) {
                Some(all) if !all.is_empty() => element(RESTRICTIONS),
                _ => Document::new(),
            },
            custom_data: user.get("customData").and_then(Value::as_document).map_or_else(
                Document::new,
                |data| {
                    data.elements()
                        .filter_map(Result::ok)
                        .fold(Document::new(), |all, (name, value)| all.value(name, value))
                },
            ),
        }))
    }

    pub(crate) fn restrictions(&self) -> Option<Value<'_>> {
        read(&self.restrictions).get(RESTRICTIONS)
    }

    pub(crate) fn has_restrictions_of(&self, other: &Self) -> bool {
        self.restrictions == other.restrictions
    }

    /// Whether `customData` holds anything.
    pub(crate) fn has_custom_data(&self) -> bool {
        !self.custom_data.is_empty()
    }

    /// Whether `customData` has every key of the other's, except the mark.
    pub(crate) fn has_keys_of(&self, other: &Self) -> bool {
        let own = read(&self.custom_data);
        keys(&other.custom_data).all(|(name, _)| own.get(name).is_some())
    }

    /// The mark in `customData`, where this is a clone of that user.
    pub(crate) fn mark_as_clone(&self, original: &str, home: &str) -> Option<CloneMark> {
        CloneMark::of_clone(read(&self.custom_data), original, home)
    }

    /// Whether the mark already is this one.
    pub(crate) fn carries(&self, mark: &Document) -> bool {
        let found = read(&self.custom_data).get(MARKER).and_then(Value::as_document);
        found == Some(read(mark))
    }

    /// The `customData` of this clone: all that it holds, what the original has and it lacks, and the mark.
    pub(crate) fn custom_data_with(&self, original: &Self, mark: &Document) -> Document {
        let own = read(&self.custom_data);
        let lacking = keys(&original.custom_data).filter(|(name, _)| own.get(name).is_none());
        let all = keys(&self.custom_data).chain(lacking);
        all.fold(Document::new(), |all, (name, value)| all.value(name, value)).document(MARKER, mark)
    }

    /// The `customData` of a clone that has yet to be created: this user's own, and the mark.
    pub(crate) fn custom_data_of_clone(&self, mark: &Document) -> Document {
        let all = keys(&self.custom_data);
        all.fold(Document::new(), |all, (name, value)| all.value(name, value)).document(MARKER, mark)
    }
}

/// What operators keep in `customData`.
fn keys(data: &Document) -> impl Iterator<Item = (&str, Value<'_>)> {
    read(data).elements().filter_map(Result::ok).filter(|(name, _)| *name != MARKER)
}

fn read(document: &Document) -> Reader<'_> {
    Reader::parse(document.as_bytes()).expect("we wrote it")
}

fn mechanisms(value: Value<'_>) -> Option<Vec<String>> {
    value.as_array()?.into_iter().map(|name| name.as_text().map(str::to_owned)).collect()
}
