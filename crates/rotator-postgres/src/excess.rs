//! What the clone holds and the original cannot use.
//!
//! Sessions of a clone that acts as the original can do what the original may. So before a clone begins to
//! act as the original, and before the original takes over from a live clone, the original must be able to
//! use whatever the clone holds by itself. Otherwise something that works today would stop working.

use postgres_session::{Row, quote_identifier};
use rotation_database::{StatementError, StatementFault};

use crate::{
    CloneObjects,
    pair::{Held, Pair, unexpected},
};

/// The most objects that an error lists.
const MOST: usize = 20;

/// Something that the clone holds in this database, or that all databases share, and the original cannot use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excess {
    pub(crate) kind: ExcessKind,
    /// Its name as the server gives it: `table public.orders`.
    what: String,
    /// The statement that would give it to the original. Empty where ownership alone does, and for an owned
    /// object that the original may already use.
    grant: String,
}

/// Everything of the kind, as far as the server listed it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Surplus {
    pub(crate) list: Vec<Excess>,
    /// The number of those that are not listed.
    pub(crate) cut: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExcessKind {
    /// It belongs to the clone.
    Owned,
    /// The clone may use it, by a grant or a row policy.
    Granted,
    /// Default privileges: they take effect only while the session is the clone itself.
    Personal,
    /// A user mapping: likewise.
    Mapping,
}

/// What the clone is about to become. It decides what the original must be able to use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takeover {
    /// The clone is idle and its sessions act as the original, or are its own by setting: nothing is lost.
    Settled,
    /// The clone's sessions begin to act as the original.
    Begins,
    /// The clone is live, acts as the original, and the original takes over.
    Ends,
    /// The clone is live and acts as itself, and the original takes over (`CLONE_OBJECTS=own`).
    EndsItself,
}

impl Surplus {
    pub(crate) fn parse(rows: &[Row]) -> Result<Self, StatementError> {
        let list = rows.iter().map(Excess::parse).collect::<Result<Vec<_>, _>>()?;
        let total =
            rows.first().and_then(|row| row.get(3)?.as_ref()?.parse::<usize>().ok()).unwrap_or_default();
        Ok(Self { cut: total.saturating_sub(list.len()), list })
    }
}

impl Excess {
    fn parse(row: &Row) -> Result<Self, StatementError> {
        let [Some(kind), Some(what), Some(grant), ..] = &row[..] else { return Err(unexpected()) };
        let kind = match kind.as_str() {
            "owned" => ExcessKind::Owned,
            "granted" => ExcessKind::Granted,
            "personal" => ExcessKind::Personal,
            "mapping" => ExcessKind::Mapping,
            _ => return Err(unexpected()),
        };
        Ok(Self { kind, what: what.clone(), grant: grant.clone() })
    }

    fn matters(&self, takeover: Takeover) -> bool {
        match (takeover, self.kind) {
            (Takeover::Settled, _)
            | (Takeover::Ends, ExcessKind::Personal | ExcessKind::Mapping)
            | (Takeover::EndsItself, ExcessKind::Personal) => false,
            (Takeover::EndsItself, _) => !self.grant.is_empty(),
            (Takeover::Begins, _) | (Takeover::Ends, ExcessKind::Owned | ExcessKind::Granted) => true,
        }
    }
}

impl Pair {
    /// The role of the clone after this change.
    pub(crate) fn takeover(&self) -> Takeover {
        let acts = self.acts_as_original();
        match (&self.clone, self.aim.objects) {
            (None, _) => Takeover::Settled,
            (Some(_), CloneObjects::Original) if !acts => Takeover::Begins,
            (Some(_), _) if !self.aim.clone_is_live => Takeover::Settled,
            (Some(_), CloneObjects::Original) => Takeover::Ends,
            (Some(_), CloneObjects::Own) => Takeover::EndsItself,
        }
    }

    /// Whether the clone holds anything that has to be checked.
    pub(crate) fn holds_something(&self) -> bool {
        self.clone.is_some() && !self.holdings.is_empty()
    }

    /// What the clone can do and the original could not, as an error with the statements that fix it. `kept`
    /// is the reason why the objects were not handed over, where that was tried.
    ///
    /// # Errors
    /// [`StatementFault::CloneExceeds`].
    pub(crate) fn check_excess(
        &self,
        takeover: Takeover,
        surplus: &Surplus,
        kept: Option<&str>,
    ) -> Result<(), StatementFault> {
        let (mut what, mut needed) = (Vec::new(), Vec::new());
        let mut left_out = surplus.cut;
        if takeover != Takeover::Settled {
            self.attributes_of_live_clone(&mut what, &mut needed);
            self.settings_of_live_clone(&mut what, &mut needed);
            self.elsewhere(takeover, &mut what, &mut needed);
        }
        let matters: Vec<_> = surplus.list.iter().filter(|excess| excess.matters(takeover)).collect();
        let by_ownership =
            |excess: &Excess| excess.kind == ExcessKind::Owned && self.aim.objects == CloneObjects::Original;
        if matters.iter().any(|excess| by_ownership(excess)) {
            let reason = kept.map(|reason| format!(" ({reason})")).unwrap_or_default();
            what.push(format!("it owns objects in this database{reason}"));
            needed.push(self.reassign());
        }
        for excess in matters {
            if what.len() >= MOST {
                left_out += 1;
                continue;
            }
            what.push(excess.what.clone());
            if !by_ownership(excess) && !excess.grant.is_empty() {
                needed.push(excess.grant.clone());
            }
        }
        if what.is_empty() {
            return Ok(());
        }
        if left_out > 0 {
            what.push(format!("and {left_out} more"));
        }
        Err(StatementFault::CloneExceeds { what: what.join(", "), needed: needed.join("; ") })
    }

    fn reassign(&self) -> String {
        let clone = quote_identifier(self.names.clone.as_str());
        let original = quote_identifier(self.names.original.as_str());
        format!("REASSIGN OWNED BY {clone} TO {original}")
    }

    /// What cannot be inspected from here: objects and grants in other databases. Where the clone already
    /// acts as the original, its grants have no effect.
    fn elsewhere(&self, takeover: Takeover, what: &mut Vec<String>, needed: &mut Vec<String>) {
        for holding in self.holdings.iter().filter(|holding| !holding.here) {
            let Some(database) = holding.database.as_deref().map(quote_identifier) else { continue };
            let count = &holding.count;
            let counts = match (holding.held, takeover) {
                (_, Takeover::Settled | Takeover::EndsItself)
                | (Held::Granted | Held::Personal, Takeover::Ends) => continue,
                (Held::Owned, _) => format!("{count} objects in the database {database}"),
                (Held::Granted, Takeover::Begins) => {
                    format!("grants on {count} objects in the database {database}")
                }
                (Held::Personal, Takeover::Begins) => {
                    format!("{count} default privileges or user mappings in the database {database}")
                }
            };
            what.push(counts);
            let clone = quote_identifier(self.names.clone.as_str());
            let reassign = self.reassign();
            needed.push(match holding.held {
                Held::Owned => format!("in the database {database}: {reassign}"),
                Held::Granted | Held::Personal => format!(
                    "in the database {database}, once the original was granted the same: {reassign}; \
                     DROP OWNED BY {clone}"
                ),
            });
        }
    }

    /// Attributes that the live clone has and the original lacks. Only an operator knows which of the two is
    /// right.
    fn attributes_of_live_clone(&self, what: &mut Vec<String>, needed: &mut Vec<String>) {
        let Some(clone) = self.clone.as_ref().filter(|_| self.aim.clone_is_live) else { return };
        let (original_name, clone_name) =
            (quote_identifier(&self.original.name), quote_identifier(&clone.name));
        for (name, of) in crate::pair::ATTRIBUTES {
            if of(clone) && !of(&self.original) {
                what.push(name.to_owned());
                needed.push(either(
                    format!("ALTER ROLE {original_name} {name}"),
                    &format!("ALTER ROLE {clone_name} NO{name}"),
                ));
            }
        }
    }

    /// Settings that the live clone has and the original lacks, and that may decide what a session sees.
    fn settings_of_live_clone(&self, what: &mut Vec<String>, needed: &mut Vec<String>) {
        if !self.aim.clone_is_live {
            return;
        }
        let has = |setting: &crate::setting::Setting| {
            self.original_settings.iter().any(|of_original| of_original.same_place(setting))
        };
        let surplus = self.clone_settings.iter().filter(|setting| {
            setting.name != crate::setting::Setting::ROLE && !setting.is_harmless() && !has(setting)
        });
        for setting in surplus {
            what.push(format!("the setting {}", quote_identifier(&setting.name)));
            let copied = setting.copied(&self.names.clone, &self.names.original);
            needed.push(either(copied, &setting.reset(&self.names.clone).sql));
        }
    }
}

/// A statement, with the opposite one in a comment: only an operator knows which is intended.
pub(crate) fn either(statement: String, other: &str) -> String {
    if other.contains("*/") || other.contains("/*") {
        return statement;
    }
    format!("{statement} /* or: {other} */")
}
