//! The clone is live: nothing is taken from it, and the original, which is to take its place, gets what it
//! lacks.
//!
//! The reference is what both users had when they were last equal, of which the mark keeps a digest. Where
//! the original still has all of that, the live clone has gained since whatever it has beyond the original,
//! and the original gets it too. Otherwise the original may have lost a privilege by a manual change, and an
//! administrator has to decide which of the two is right. One case is always a gain: what the clone got by
//! creating a routine that it defines. Applications drop routines and create them again, and the digest no
//! longer matches once a dropped routine has removed its privileges.

use std::collections::BTreeSet;

use rotation_database::StatementFault;

use crate::{
    correction::{corrections, is_covered, is_part},
    grants::{Account, Object, Right, Rights},
    listing::listed,
    mark::{Baseline, BaselineKind, Mark},
    pair::{Next, Pair, Twins},
    statement::Statement,
};

/// What a live account of the clone has and the original's does not have, in effect.
struct Excess {
    /// In words.
    what: Vec<String>,
    /// The statement that gives it to the original.
    give: Vec<Statement>,
    /// The statement that takes it from the clone.
    take: Vec<Statement>,
}

impl Pair {
    /// Whether the original can take the live clone's place with what it is about to get.
    ///
    /// # Errors
    /// [`StatementFault::CloneExceeds`], with the statements for either side.
    pub(crate) fn check_excess(&self) -> Result<(), StatementFault> {
        let gained = self.is_gained();
        let mut excess = Excess { what: Vec::new(), give: Vec::new(), take: Vec::new() };
        for twins in self.twins() {
            self.add_excess(&twins, gained, &mut excess);
        }
        if excess.what.is_empty() {
            return Ok(());
        }
        Err(StatementFault::CloneExceeds {
            what: listed(&excess.what),
            needed: either(&texts(&excess.give), &texts(&excess.take)),
        })
    }

    /// Whether the original gets anything: then the change is not one statement, and an attempt may end
    /// in the middle of it.
    pub(crate) fn gives_to_original(&self) -> bool {
        self.twins().any(|twins| {
            !self.gift(&twins.clone.rights, &twins.original.rights).is_subset(&twins.original.rights)
                || twins.clone.options.admissions_beyond(&twins.original.options).is_some()
        })
    }

    /// The statements that give either user what the other has.
    pub(crate) fn gifts(&self) -> Vec<Statement> {
        let mut statements = Vec::new();
        for (host, original) in &self.originals {
            let wanted = self.wanted_at(host);
            let account = self.original_at(host);
            statements.extend(corrections(&wanted, &original.rights, &account, self.dialect));
            for twins in self.twins_of(host) {
                let clauses = twins.clone.options.admissions_beyond(&original.options);
                statements.extend(clauses.map(|clauses| alter(&account, &clauses)));
            }
            for twins in self.twins_of(host) {
                let theirs = self.gift(&wanted, &twins.clone.rights);
                let account = self.clone_at(twins.host);
                statements.extend(corrections(&theirs, &twins.clone.rights, &account, self.dialect));
            }
        }
        statements
    }

    /// The expected state of the pair once the gifts are given.
    pub(crate) fn with_gifts(&self) -> Self {
        let mut after = self.clone();
        for (host, state) in &mut after.originals {
            state.rights = self.wanted_at(host);
            let whole = state.rights.clone();
            state.rights.retain(|right| !is_part(right, &whole));
            for twins in self.twins_of(host) {
                state.options.admit_beyond(&twins.clone.options);
            }
        }
        after
    }

    /// What the original should have at a host: its own, and what the clone has there.
    pub(crate) fn wanted_at(&self, host: &str) -> Rights {
        let own = self.originals.get(host).map(|state| state.rights.clone()).unwrap_or_default();
        self.twins_of(host).fold(own, |wanted, twins| self.gift(&twins.clone.rights, &wanted))
    }

    /// What an account with the rights `own` has after it also got the rights `other`. Nothing is lost.
    fn gift(&self, other: &Rights, own: &Rights) -> Rights {
        let has_default = own.iter().any(|right| matches!(right, Right::DefaultRole(_)));
        let mut all = own.clone();
        all.extend(
            other
                .iter()
                .filter(|right| !is_part(right, own))
                .filter(|right| match right {
                    Right::Restriction { .. } => false,
                    // MariaDB's accounts have one.
                    Right::DefaultRole(_) => !(has_default && self.dialect.is_mariadb()),
                    _ => true,
                })
                .cloned(),
        );
        let lifted = lifted(other, own);
        all.retain(|right| !lifted.contains(right));
        // A privilege that is new to an account comes with its restrictions.
        let restrictions = other.iter().filter(|right| match right {
            Right::Restriction { name, .. } => !has_global(own, name),
            _ => false,
        });
        all.extend(restrictions.cloned());
        all
    }

    fn add_excess(&self, twins: &Twins<'_>, gained: bool, excess: &mut Excess) {
        let (own, original) = (&twins.clone.rights, &twins.original.rights);
        let beyond = own.difference(original);
        let beyond = beyond.filter(|right| !matches!(right, Right::Restriction { .. }));
        let mut beyond: Rights = beyond.filter(|right| !is_covered(right, original)).cloned().collect();
        let (mut free, mut clauses) =
            (lifted(own, original), twins.clone.options.admissions_beyond(&twins.original.options));
        if gained {
            // The original gets it, except what it cannot have in addition to its own.
            let wanted = self.wanted_at(twins.original_host);
            beyond.retain(|right| !wanted.contains(right));
            free.clear();
            clauses = None;
        }
        // A routine of the clone's own: the original gets its privileges, whatever else happened to either
        // user.
        beyond.retain(|right| !self.definitions.brought(twins.host, right));
        if beyond.is_empty() && free.is_empty() && clauses.is_none() {
            return;
        }
        excess.what.extend(beyond.iter().map(ToString::to_string));
        excess.what.extend(free.iter().map(|right| right.to_string().replacen("no ", "", 1)));
        let mut with = original.clone();
        if self.dialect.is_mariadb() && beyond.iter().any(|right| matches!(right, Right::DefaultRole(_))) {
            with.retain(|right| !matches!(right, Right::DefaultRole(_)));
        }
        with.extend(beyond.iter().cloned());
        with.retain(|right| !free.contains(right));
        let mut without: Rights = own.difference(&beyond).cloned().collect();
        // Of a right with an option, or of all privileges, the original's part is not beyond it.
        without.extend(original.iter().filter(|right| is_part(right, &beyond)).cloned());
        without.extend(free);
        let (to, from) = (self.original_at(twins.original_host), self.clone_at(twins.host));
        excess.give.extend(corrections(&with, original, &to, self.dialect));
        excess.take.extend(corrections(&without, own, &from, self.dialect));
        if let Some(clauses) = clauses {
            excess.give.push(alter(&to, &clauses));
            excess.what.push(clauses);
            let stricter = twins.original.options.admissions_for(&twins.clone.options).unwrap_or_default();
            excess.take.push(alter(&from, &stricter));
        }
    }

    /// Whether the clone gained all that it has beyond the original since both were last equal: whether the
    /// original has lost nothing.
    fn is_gained(&self) -> bool {
        let marks = self.twins().flat_map(|twins| &twins.clone.marks);
        let mut baselines = marks.filter_map(|mark| match mark {
            Mark::Of { baseline, .. } => baseline.as_ref(),
            Mark::Unnamed => None,
        });
        baselines.any(|baseline| match baseline.kind {
            BaselineKind::Both => {
                baseline.digest == self.digest_of_original() || baseline.digest == self.digest_in_common()
            }
            BaselineKind::Union => baseline.digest == self.digest_of_union(),
        })
    }

    /// The mark's baseline while this change is made. One that gives the original several things may end in
    /// the middle of them; what both have together stays the same all the while.
    pub(crate) fn baseline_meanwhile(&self, next: Next) -> Baseline {
        if next == Next::Original && self.gives_to_original() {
            return Baseline { digest: self.digest_of_union(), kind: BaselineKind::Union };
        }
        self.baseline_afterwards()
    }

    /// The baseline of a pair that is equal.
    pub(crate) fn baseline_afterwards(&self) -> Baseline {
        Baseline { digest: self.digest_of_original(), kind: BaselineKind::Both }
    }

    fn digest_of_original(&self) -> String {
        let texts = self.originals.iter().flat_map(|(host, state)| {
            let rights = state.rights.iter().map(ToString::to_string);
            rights.chain(state.options.admissions()).map(move |text| format!("{host}\n{text}"))
        });
        digest(&texts.collect())
    }

    /// The baseline of what both users have, where the clone has an account at all.
    fn digest_in_common(&self) -> String {
        let mut all = BTreeSet::new();
        for (host, original) in &self.originals {
            if self.twins_of(host).next().is_none() {
                continue;
            }
            let is_common =
                |right: &&Right| self.twins_of(host).all(|twins| twins.clone.rights.contains(right));
            let rights = original.rights.iter().filter(is_common).map(ToString::to_string);
            all.extend(rights.chain(original.options.admissions()).map(|text| format!("{host}\n{text}")));
        }
        digest(&all)
    }

    /// The baseline of what either has, without what is a part of something else.
    fn digest_of_union(&self) -> String {
        let mut all = BTreeSet::new();
        for (host, original) in &self.originals {
            let mut rights = original.rights.clone();
            rights.extend(self.twins_of(host).flat_map(|twins| twins.clone.rights.iter().cloned()));
            let whole = rights.iter().filter(|right| !is_part(right, &rights));
            all.extend(whole.map(|right| format!("{host}\n{right}")));
        }
        digest(&all)
    }
}

fn digest(texts: &BTreeSet<String>) -> String {
    Baseline::digest_of(texts.iter().map(String::as_str))
}

/// The restrictions among the rights `restricted` that do not bind an account with the rights `free`.
fn lifted(free: &Rights, restricted: &Rights) -> Rights {
    let is_free = |right: &&Right| match right {
        Right::Restriction { name, .. } => has_global(free, name) && !free.contains(right),
        _ => false,
    };
    restricted.iter().filter(is_free).cloned().collect()
}

fn has_global(rights: &Rights, name: &str) -> bool {
    rights.contains(&Right::Privilege { on: Object::Global, name: name.to_owned(), column: None })
}

pub(crate) fn alter(account: &Account, clauses: &str) -> Statement {
    Statement::new("alter user", format!("ALTER USER {} {clauses}", account.sql()))
}

fn texts(statements: &[Statement]) -> String {
    let texts: Vec<_> = statements.iter().filter_map(Statement::whole).collect();
    texts.join("; ")
}

/// Statements, and the opposite ones in a comment: only an administrator knows which are intended.
pub(crate) fn either(statements: &str, others: &str) -> String {
    if others.contains("*/") || others.contains("/*") {
        return statements.to_owned();
    }
    format!("{statements} /* or: {others} */")
}
