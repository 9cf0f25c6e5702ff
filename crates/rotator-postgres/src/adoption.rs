//! What a clone holds in its own name: made by another rotation function, or while `SET role` was off.

use postgres_session::{Statement, quote_identifier};

use crate::{
    CloneObjects,
    correction::{Correction, Otherwise},
    pair::{Held, Holding, Pair, Role},
};

impl Pair {
    /// The kind of the statement that waits for sessions that use the objects.
    pub(crate) const HAND_OVER: &'static str = "reassign owned";

    /// Hands the objects of the clone over to the original, as far as this database reaches them.
    ///
    /// `REASSIGN OWNED` requires the privileges of both users. A master that lacks them grants them to itself
    /// and revokes them within the same transaction, so no other session ever sees the master with them.
    ///
    /// The statement locks each object exclusively until the commit, and later sessions queue behind its lock
    /// request. It therefore waits only briefly for sessions that use the objects.
    pub(crate) fn hand_over(&self) -> Option<Correction> {
        let objects = self.aim.objects;
        let clone =
            self.clone.as_ref().filter(|_| self.owned_here() > 0 && objects == CloneObjects::Original)?;
        let mut statements = Vec::new();
        let lacking: Vec<&Role> = [clone, &self.original].into_iter().filter(|user| !user.used).collect();
        statements.extend(lacking.iter().map(|user| self.borrow(user)));
        let (from, to) = (quote_identifier(&clone.name), quote_identifier(&self.original.name));
        statements.push(Statement::new(Self::HAND_OVER, format!("REASSIGN OWNED BY {from} TO {to}")));
        statements.extend(lacking.iter().rev().filter_map(|user| self.give_back(user)));
        let state = "the objects of the clone could not be handed to the original";
        let otherwise = Otherwise::note(state, "the server refused it");
        Some(Correction { statements, otherwise, removal: None })
    }

    /// How many objects of the clone can be handed over from this database.
    pub(crate) fn owned_here(&self) -> usize {
        let owned = self.holdings.iter().filter(|holding| holding.held == Held::Owned && holding.here);
        owned
            .map(|holding| holding.count.parse::<usize>().unwrap_or(usize::MAX))
            .fold(0, usize::saturating_add)
    }

    fn borrow(&self, user: &Role) -> Statement {
        let options = if self.major >= 16 { " WITH INHERIT TRUE, SET TRUE" } else { "" };
        let (role, master) = (quote_identifier(&user.name), quote_identifier(&self.master.name));
        Statement::new("grant role", format!("GRANT {role} TO {master}{options}"))
    }

    /// The opposite of [`borrow`](Self::borrow): restores what the master had granted itself before.
    fn give_back(&self, user: &Role) -> Option<Statement> {
        let (role, master) = (quote_identifier(&user.name), quote_identifier(&self.master.name));
        let mut own = self.memberships.iter().filter(|held| {
            held.member == self.master.name
                && held.role == user.name
                && (self.major < 16 || held.grantor.as_ref() == Some(&self.master.name))
        });
        match own.next() {
            None => Some(Statement::new("revoke role", format!("REVOKE {role} FROM {master}"))),
            Some(_) if self.major < 16 => None,
            Some(held) => {
                let word = |option: bool| if option { "TRUE" } else { "FALSE" };
                let (inherit, set) = (word(held.inherit), word(held.set));
                let sql = format!("GRANT {role} TO {master} WITH INHERIT {inherit}, SET {set}");
                Some(Statement::new("grant role", sql))
            }
        }
    }

    /// A message for operators: what the clone still holds in its own name, by database.
    pub(crate) fn drift(&self) -> Vec<String> {
        let objects = self.aim.objects;
        let reported = |holding: &&Holding| match holding.held {
            Held::Owned => objects == CloneObjects::Original,
            Held::Granted => true,
            Held::Personal => false,
        };
        self.holdings.iter().filter(reported).map(describe).collect()
    }
}

fn describe(holding: &Holding) -> String {
    let count = &holding.count;
    let place = match &holding.database {
        None => "shared by all databases".to_owned(),
        Some(database) => format!("in the database {}", quote_identifier(database)),
    };
    if holding.held == Held::Owned {
        format!("{count} objects {place} belong to the clone: run REASSIGN OWNED there as an administrator")
    } else {
        format!("the clone has grants of its own on {count} objects {place}, which the original may not have")
    }
}
