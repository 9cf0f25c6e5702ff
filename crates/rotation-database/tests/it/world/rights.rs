//! A master's change of a pair: to whom it belongs, what both have afterwards, and what is refused.

use std::collections::BTreeSet;

use rotation_database::{
    Change, Credentials, Equality, LoginMethod, Mark, PairOwner, StatementError, StatementFault, UserPair,
    Username, recognize,
};

use super::{
    Defect, Kind, ServerModel,
    statement::Statement,
    user::{Acting, Form, PairMark, User, Users, reach},
};

/// A change of the other user of a pair, at one server.
pub(super) struct Reconciliation<'a> {
    pair: &'a UserPair,
    owner: &'a PairOwner,
    next: &'a Credentials,
    method: Option<LoginMethod>,
    live_is_clone: bool,
    kind: Kind,
    defect: Option<Defect>,
    setting: Form,
    users: &'a Users,
}

impl<'a> Reconciliation<'a> {
    /// `None` for a user's change of its own password.
    pub(super) fn of(change: &Change<'a>, server: &ServerModel, users: &'a Users) -> Option<Self> {
        let Change::OtherUser { pair, live, next, owner, method } = *change else { return None };
        let (kind, defect, setting) = (server.kind, server.defect, server.setting);
        let live_is_clone = *live == pair.clone;
        Some(Self { pair, owner, next, method, live_is_clone, kind, defect, setting, users })
    }

    /// The statements that give both users what they should have, and the password last.
    /// `by` is the password by which the live user has logged in.
    pub(super) fn statements(&self, by: Option<&str>) -> Result<Vec<Statement>, StatementError> {
        let Some(original) = self.users.get(self.pair.original.as_str()) else {
            return Err(StatementError::new(StatementFault::NoSuchUser));
        };
        let clone = self.users.get(self.pair.clone.as_str());
        let mut statements = Vec::new();
        let had = match clone {
            Some(clone) => {
                self.recognize(original, clone)?;
                let gained = self.gained(original, clone)?;
                statements.extend(self.corrections(original, clone, &gained));
                original.grants.union(&gained).cloned().collect()
            }
            None => {
                let mark = self.mark(BTreeSet::new());
                statements.push(Statement::Create { user: self.clone(), mark });
                let grants = original.grants.iter().cloned();
                statements.extend(grants.map(|grant| Statement::Grant { user: self.clone(), grant }));
                original.grants.clone()
            }
        };
        if self.kind.acts_as_original() && clone.is_none_or(|clone| clone.acting != Acting::Original) {
            statements.push(Statement::Act { user: self.clone() });
        }
        let mark = self.mark(had);
        if clone.is_none_or(|clone| clone.mark.as_ref() != Some(&mark)) {
            statements.push(Statement::Mark { user: self.clone(), mark });
        }
        let form = stored_form(self.method, self.defect, self.setting);
        if self.defect != Some(Defect::KeepsSecondary) {
            statements.extend(self.second_passwords(by, form));
        }
        let (user, password) = (self.next.username.to_string(), self.next.password.expose().into());
        statements.push(Statement::SetPassword { user, password, form });
        Ok(statements)
    }

    /// The statements that end the second passwords of both users. The live user keeps the password with
    /// which it has logged in.
    fn second_passwords(&self, by: Option<&str>, form: Form) -> Vec<Statement> {
        let (next, live) = (&self.next.username, self.pair.other(&self.next.username));
        let mut statements = match self.users.get(live.as_str()).zip(by) {
            Some((user, by)) => end_others(live.as_str(), user, by, form),
            None => Vec::new(),
        };
        if self.users.get(next.as_str()).is_some_and(|next| next.secondary.is_some()) {
            statements.push(Statement::Discard { user: next.to_string() });
        }
        statements
    }

    fn clone(&self) -> String {
        self.pair.clone.to_string()
    }

    /// The mark of the secret, with what both users have.
    fn mark(&self, had: BTreeSet<String>) -> PairMark {
        PairMark { secret: Some(self.owner.secret.as_str().to_owned()), had }
    }

    /// Checks that the user with the clone's name is the clone, and belongs to this secret.
    fn recognize(&self, original: &User, clone: &User) -> Result<(), StatementError> {
        let mark = match &clone.mark {
            _ if self.defect == Some(Defect::IgnoresMark) => return Ok(()),
            None => Mark::None,
            Some(PairMark { secret: None, .. }) => Mark::Unnamed,
            Some(PairMark { secret: Some(secret), .. }) => Mark::Of(secret),
        };
        let (has, may) = (original.holds(), clone.holds());
        let rights = if has == may {
            Equality::Equal
        } else if may.is_subset(&has) {
            Equality::Less
        } else {
            Equality::Differs
        };
        let next_is_original = self.live_is_clone;
        recognize(mark, self.owner, rights, next_is_original).map_err(StatementError::new)
    }

    /// What a live clone has gained since the last rotation, and the original gets.
    fn gained(&self, original: &User, clone: &User) -> Result<BTreeSet<String>, StatementError> {
        let blind = matches!(self.defect, Some(Defect::AdoptsBlindly | Defect::RevokesFromLive));
        if !self.live_is_clone || blind {
            return Ok(BTreeSet::new());
        }
        let more: BTreeSet<_> = clone.grants.difference(&original.grants).cloned().collect();
        let nothing = BTreeSet::new();
        let had = clone.mark.as_ref().map_or(&nothing, |mark| &mark.had);
        let (user, other) = (&self.pair.original, &self.pair.clone);
        if let Some(lost) = more.intersection(had).next() {
            let needed = format!("grant {lost} to {user}, or revoke {lost} from {other}");
            return Err(exceeds(lost, needed));
        }
        let reached = reach(self.users, user.as_str());
        let out_of_reach =
            clone.owns.iter().find(|object| !reached.contains(*object) && !more.contains(*object));
        match out_of_reach {
            Some(object) => Err(exceeds(object, format!("grant {object} to {user}"))),
            None => Ok(more),
        }
    }

    fn corrections(&self, original: &User, clone: &User, gained: &BTreeSet<String>) -> Vec<Statement> {
        let grant = |user: &Username, grant: &String| {
            let (user, grant) = (user.to_string(), grant.clone());
            Statement::Grant { user, grant }
        };
        let mut statements: Vec<_> =
            original.grants.difference(&clone.grants).map(|one| grant(&self.pair.clone, one)).collect();
        statements.extend(gained.iter().map(|one| grant(&self.pair.original, one)));
        if !self.live_is_clone || self.defect == Some(Defect::RevokesFromLive) {
            let revoke = |grant: &String| Statement::Revoke { user: self.clone(), grant: grant.clone() };
            statements.extend(clone.grants.difference(&original.grants).map(revoke));
        }
        if !self.live_is_clone && !clone.owns.is_empty() {
            statements.push(Statement::Reassign { user: self.clone(), to: self.pair.original.to_string() });
        }
        statements
    }
}

/// The statements that end every password of a user but the one with which it has logged in. Where that is
/// the second one, it first becomes the first, so that it always logs in.
pub(super) fn end_others(name: &str, user: &User, by: &str, form: Form) -> Vec<Statement> {
    if user.secondary.is_none() {
        return Vec::new();
    }
    let name = || name.to_owned();
    let set = Statement::SetPassword { user: name(), password: by.to_owned(), form };
    let first = user.password.as_deref() != Some(by);
    first.then_some(set).into_iter().chain([Statement::Discard { user: name() }]).collect()
}

/// The form that the method of the present login can use.
pub(super) fn stored_form(method: Option<LoginMethod>, defect: Option<Defect>, setting: Form) -> Form {
    match method {
        Some(method) if defect != Some(Defect::FormBySetting) => Form::used_by(method),
        _ => setting,
    }
}

fn exceeds(what: &str, needed: String) -> StatementError {
    StatementError::new(StatementFault::CloneExceeds { what: what.to_owned(), needed })
}
