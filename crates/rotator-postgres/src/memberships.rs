//! The memberships of both users: the clone's in the original, and those that only one of them has.

use postgres_session::{Statement, quote_identifier};

use crate::{
    correction::{Correction, Otherwise},
    excess::either,
    pair::{Membership, Pair},
};

impl Pair {
    /// The membership in the original, by which the clone may do what the original may.
    pub(crate) fn join_original(&self) -> Option<Correction> {
        let held = || self.memberships_in_original();
        // Options of several grants add up.
        if held().any(|held| held.inherit) && held().any(|held| held.set) {
            return None;
        }
        let options = if self.major >= 16 { " WITH INHERIT TRUE, SET TRUE" } else { "" };
        let original = quote_identifier(self.names.original.as_str());
        let clone = quote_identifier(self.names.clone.as_str());
        let statement = Statement::new("grant role", format!("GRANT {original} TO {clone}{options}"));
        Some(Correction::new(statement, Otherwise::Fail))
    }

    /// Direct memberships other than the one in the original. Where the original has the same membership, the
    /// clone has it through the original, and would keep its own when the original's is revoked.
    pub(crate) fn leave_others(&self) -> Vec<Correction> {
        let mut corrections = Vec::new();
        for membership in self.clone_memberships() {
            let name = quote_identifier(&membership.role);
            if membership.role != self.original.name {
                let (revoke, what) = (self.revoke("", membership), self.granted(membership));
                let otherwise = if membership.reached {
                    let advice = self.advised_revoke(membership);
                    let state =
                        format!("the clone keeps its own {what} until an administrator runs {advice}");
                    Otherwise::note(state, "the master may not revoke it")
                } else {
                    let (taken, given) = (self.advised_revoke(membership), self.give(membership).sql);
                    // First what takes nothing from other users.
                    let passed_on = membership.passed_on;
                    let needed = if passed_on { either(given, &taken) } else { either(taken, &given) };
                    Otherwise::Exceeds { what, needed }
                };
                let removal = format!("membership in {name}");
                corrections.push(Correction::new(revoke, otherwise).removing(&removal));
            } else if membership.admin {
                let revoke = self.revoke("ADMIN OPTION FOR ", membership);
                let state = format!(
                    "the clone may grant the original to others by its {} until an administrator runs {}",
                    self.granted(membership),
                    revoke.sql
                );
                let otherwise = Otherwise::note(state, "the master may not take that");
                corrections.push(Correction::new(revoke, otherwise));
            }
        }
        corrections
    }

    /// What was granted to the live clone and does not reach the original in any way: the original gets it.
    pub(crate) fn give_memberships(&self) -> Vec<Correction> {
        let lacking =
            self.clone_memberships().filter(|held| held.role != self.original.name && !held.reached);
        let gifts = lacking.map(|held| {
            let give = self.give(held);
            let needed = either(give.sql.clone(), &self.advised_revoke(held));
            Correction::new(give, Otherwise::Exceeds { what: self.granted(held), needed })
        });
        gifts.collect()
    }

    /// The same membership for the original.
    fn give(&self, held: &Membership) -> Statement {
        let (role, original) = (quote_identifier(&held.role), quote_identifier(&self.original.name));
        let options = if self.major >= 16 {
            let word = |option: bool| if option { "TRUE" } else { "FALSE" };
            let (admin, inherit, set) = (word(held.admin), word(held.inherit), word(held.set));
            format!(" WITH ADMIN {admin}, INHERIT {inherit}, SET {set}")
        } else if held.admin {
            " WITH ADMIN OPTION".to_owned()
        } else {
            String::new()
        };
        Statement::new("grant role", format!("GRANT {role} TO {original}{options}"))
    }

    /// A message for operators: a membership, and its grantor where only that role, or one with its
    /// privileges, can revoke it.
    fn granted(&self, held: &Membership) -> String {
        let role = quote_identifier(&held.role);
        match &held.grantor {
            Some(grantor) if self.major >= 16 && *grantor != self.master.name => {
                format!("membership in {role}, granted by {}", quote_identifier(grantor))
            }
            _ => format!("membership in {role}"),
        }
    }

    /// The statement by which an administrator revokes a membership, including the grants of it that the
    /// clone has made to others: the server revokes both or nothing. A rotation takes nothing from other
    /// users.
    fn advised_revoke(&self, held: &Membership) -> String {
        let cascade = if held.passed_on { " CASCADE" } else { "" };
        self.revoke("", held).sql + cascade
    }

    /// Revokes one grant of a membership. From version 16 on each grantor has a grant of its own, and a
    /// statement that does not name the grantor revokes the grant of the user that runs it. Where there is
    /// none, the server only warns.
    fn revoke(&self, what: &str, membership: &Membership) -> Statement {
        let by = match &membership.grantor {
            Some(grantor) if self.major >= 16 => format!(" GRANTED BY {}", quote_identifier(grantor)),
            _ => String::new(),
        };
        let role = quote_identifier(&membership.role);
        let member = quote_identifier(&membership.member);
        Statement::new("revoke role", format!("REVOKE {what}{role} FROM {member}{by}"))
    }
}
