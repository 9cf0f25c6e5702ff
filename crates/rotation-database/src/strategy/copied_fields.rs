//! What a rotation does with copies of the credentials in other fields of the secret.

use rotation_core::{RotationError, SecretDocument, StagingLabel, Versions};

use super::{Database, Logins};
use crate::{
    Credentials, DatabaseLookup, Engine, Login, UserPair,
    copies::{self, Copied, Owner},
};

impl<E: Engine, D: DatabaseLookup> Database<E, D> {
    /// The document with the credentials of the next version.
    pub(super) fn next_document(
        &self,
        current: &SecretDocument,
        login: &Login,
        next: &Credentials,
    ) -> Result<SecretDocument, RotationError> {
        let pair = self.pair_in_use(login);
        let document = current.clone().with_text("username", next.username.as_str());
        let document = document.with_text("password", next.password.expose());
        let from = owner(login, pair.as_ref());
        let rewritten = self.settings.rewriting.rewrite(document, from, next);
        rewritten.map_err(|error| RotationError::Document { label: StagingLabel::Current, error })
    }

    /// The other fields of a document that contain a copy of these credentials, or outdated ones, and are not
    /// rewritten.
    pub(crate) fn copies(&self, document: &SecretDocument, login: &Login) -> Vec<(String, Copied)> {
        let pair = self.pair_in_use(login);
        owner(login, pair.as_ref()).copies(document, &self.settings.rewriting)
    }

    /// For people: the stale copies that a rotation leaves in the pending document.
    pub(super) fn notes_of_copies(&self, logins: &Logins, versions: &Versions) -> Vec<String> {
        let pair = self.pair_in_use(&logins.current);
        let from = owner(&logins.current, pair.as_ref());
        let to = owner(&logins.pending, pair.as_ref());
        copies::notes(&versions.pending, from, to, &self.settings.rewriting)
    }
}

fn owner<'a>(login: &'a Login, pair: Option<&'a UserPair>) -> Owner<'a> {
    let credentials = &login.credentials;
    Owner { login, credentials, other: pair.map(|pair| pair.other(&credentials.username)) }
}
