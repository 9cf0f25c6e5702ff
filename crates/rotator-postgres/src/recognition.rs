//! Whether the role with the clone's name is the clone of this original, and this secret's.

use postgres_session::quote_identifier;
use rotation_database::{Equality, Mark, SINGLE_USER, StatementFault, UserBar, recognize};

use crate::{
    mark,
    pair::{ATTRIBUTES, Membership, Pair},
    permission::valid_for_ever,
};

impl Pair {
    /// Whether these two may alternate at all, for this secret.
    ///
    /// # Errors
    /// The reason why not; nothing has been written.
    pub(crate) fn check(&self) -> Result<(), StatementFault> {
        let refused = |why| Err(StatementFault::NotRotatable { why, remedy: SINGLE_USER });
        let users = || [Some(&self.original), self.clone.as_ref()].into_iter().flatten();
        if users().any(|user| user.superuser) {
            return refused("it is a superuser");
        }
        if users().any(|user| user.name == self.master.name) {
            return refused("it is the master itself");
        }
        if users().any(|user| user.name.starts_with("pg_")) {
            return refused("its name is reserved by the server");
        }
        self.check_original()?;
        self.recognize()
    }

    /// Whether the original may log in at all. The clone is reconciled with it, so it could not log in
    /// either.
    fn check_original(&self) -> Result<(), StatementFault> {
        let name = quote_identifier(&self.original.name);
        let barred = |bar, needed| StatementFault::UserBarred { user: name.clone(), bar, needed };
        if !self.original.login {
            return Err(barred(UserBar::Locked, format!("ALTER ROLE {name} LOGIN")));
        }
        if self.original.expired {
            return Err(barred(UserBar::Expired, valid_for_ever(&self.original.name)));
        }
        Ok(())
    }

    fn recognize(&self) -> Result<(), StatementFault> {
        let owner = &self.aim.owner;
        let Some(clone) = &self.clone else { return Ok(()) };
        let mark = mark::read(clone.comment.as_deref(), owner);
        let ours = owner.adopt || mark == Mark::Of(owner.secret.as_str());
        if !clone.login && !ours {
            // A group role of that name, which nobody has logged in as.
            return match mark {
                Mark::Of(secret) => Err(StatementFault::OtherSecret { secret: secret.to_owned() }),
                _ => Err(StatementFault::CloneNotRecognized),
            };
        }
        recognize(mark, owner, self.rights(), !self.aim.next_is_clone())
    }

    /// How the privileges of an existing clone compare with the original's. A member of the original may do
    /// what the original may, so the membership is one half of it, if an administrator granted it. The other
    /// half is that the clone has nothing else. What it owns, or was granted, is checked separately: see
    /// [`check_excess`](Self::check_excess).
    fn rights(&self) -> Equality {
        let member = self.memberships_in_original().any(|held| self.proves(held));
        let clone = self.clone.as_ref();
        let more = ATTRIBUTES.iter().any(|(_, of)| clone.is_some_and(of) && !of(&self.original));
        let elsewhere = self.clone_memberships().any(|held| held.role != self.original.name && !held.reached);
        if member && !more && !elsewhere { Equality::Equal } else { Equality::Differs }
    }

    /// Whether a membership in the original shows that an administrator made a clone. Until version 15 every
    /// role may grant itself to others, and a member with ADMIN OPTION may pass the membership on. So up to
    /// that version the grantor must be a role that may create roles.
    fn proves(&self, held: &Membership) -> bool {
        let Some(grantor) = &held.grantor else { return false };
        let of_pair = *grantor == self.original.name || *grantor == self.names.clone.as_str();
        !of_pair && (held.set || held.inherit) && (self.major >= 16 || held.by_administrator)
    }
}
