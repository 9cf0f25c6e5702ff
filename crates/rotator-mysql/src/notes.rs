//! The notes in the outcome of a change, and how far the clone had drifted.

use crate::{
    hosts::Place,
    listing::MOST_LISTED,
    pair::{Next, Pair},
};

const ADOPTED: &str =
    "the clone had no mark of this secret and was taken over because ADOPT_CLONES names this secret";
const RECOGNIZED: &str = "the clone had no mark of a secret and was recognized by its equal rights";
const UNMARKABLE: &str =
    "the server keeps no attributes of accounts: two secrets of one user cannot be distinguished";
const MISSING_HOSTS: &str =
    "the clone is in use and has no account for some hosts of the original; the next rotation makes them";

impl Pair {
    /// In how many rights and options the existing accounts differed from the original's; a missing account
    /// for a host counts as one. A clone that did not exist at all has not drifted.
    pub(crate) fn drift(&self, next: Next) -> usize {
        if self.clones.is_empty() {
            return 0;
        }
        let differences = self.twins().map(|twins| {
            let clauses = match next {
                Next::Clone => twins.original.options.clauses_for(&twins.clone.options),
                Next::Original => twins.clone.options.admissions_beyond(&twins.original.options),
            };
            twins.original.rights.symmetric_difference(&twins.clone.rights).count()
                + usize::from(clauses.is_some())
        });
        let hosts = match next {
            Next::Clone => {
                let locked = self.surplus_hosts().filter(|(host, clone)| {
                    self.place(host) == Place::Apart && self.is_ours(clone) && !clone.options.is_locked
                });
                self.missing_hosts().count() + locked.count()
            }
            Next::Original => 0,
        };
        differences.sum::<usize>() + hosts
    }

    /// A message for operators.
    pub(crate) fn notes(&self, next: Next) -> Vec<String> {
        let mut notes: Vec<_> = self.move_notes().collect();
        let can_be_marked = self.dialect.is_mariadb() || self.dialect.has_attributes();
        if !can_be_marked {
            notes.push(UNMARKABLE.to_owned());
        } else if self.twins().any(|twins| !self.is_ours(twins.clone)) {
            if self.owner.adopt {
                notes.push(ADOPTED.to_owned());
            } else if self.twins().any(|twins| twins.clone.marks.is_empty() && !twins.clone.options.is_locked)
            {
                notes.push(RECOGNIZED.to_owned());
            }
        }
        match next {
            Next::Clone => notes.extend(self.losses()),
            Next::Original if self.missing_hosts().next().is_some() => notes.push(MISSING_HOSTS.to_owned()),
            Next::Original => {}
        }
        let entries = self.surplus_hosts().take(MOST_LISTED);
        notes.extend(entries.map(|(host, clone)| self.entry_note(host, self.is_ours(clone), next)));
        match self.definitions.routines_of_original {
            0 => {}
            count => notes.push(format!(
                "the original defines {count} routines, whose bodies the clone cannot read (SHOW CREATE); it \
                 can run them as before"
            )),
        }
        notes
    }

    /// What happens to an account of the clone for a host for which the original has none.
    fn entry_note(&self, host: &str, is_ours: bool, next: Next) -> String {
        let account = self.clone_at(host).sql();
        let done = match (next, self.place(host)) {
            (_, Place::Apart) if !is_ours => {
                return format!("{account} is not known to be the clone and was left alone");
            }
            (Next::Original, _) => "is in use and was left as it is".to_owned(),
            (Next::Clone, Place::Within(original)) => {
                format!("lets in clients of {} and was kept equal to it", self.original_at(original).sql())
            }
            (Next::Clone, Place::Apart | Place::Unclear) => {
                "lets in clients that the original does not, and was locked".to_owned()
            }
        };
        format!(
            "{account} {done}; the original has no account for that host. Once nothing needs it: {}",
            self.dropping(host)
        )
    }
}
