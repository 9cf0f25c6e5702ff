//! A master changes the other user of a pair.

use rotation_core::Password;
use rotation_database::{Necessity, PlannedStatement, Purpose, StatementError, StatementFault, Username};
use zeroize::Zeroizing;

use crate::{
    authentication::Authentication,
    checked_password::{self, alike, set_passwords},
    entry::Entry,
    idle::unlock,
    mark::BaselineKind,
    pair::{Next, Pair},
    statement::{Draft, Statement},
};

/// A change of the other user of a pair, for which nothing is left to read.
#[derive(Debug)]
pub(crate) struct OtherChange {
    /// Both users as they were read.
    pub(crate) pair: Pair,
    next: Next,
    /// Marks the pair and makes its users equal, in this order.
    first: Vec<(Purpose, Statement)>,
    /// Marks it as equal, as foreseen, where it cannot be marked so before.
    remark: Vec<Statement>,
    /// Lets the next user in, and sets its password, in this order.
    last: Vec<Statement>,
    /// Whether the server gets the password instead of a hash, so that its plugin can check it.
    pub(crate) is_checked: bool,
    /// The password of the next user.
    password: Password,
}

impl OtherChange {
    /// The change that the pair needs.
    pub(crate) fn new(
        pair: Pair,
        next: Next,
        password: &Password,
        hashes: bool,
    ) -> Result<Self, StatementError> {
        let nobodys;
        let pending = Authentication { dialect: pair.dialect, password, hashes };
        let is_checked = pair.dialect.is_mariadb() && !hashes;
        // An account that cannot be locked has a password that nobody knows until it is complete.
        let made = if is_checked {
            nobodys = alike(password)?;
            Authentication { password: &nobodys, ..pending }
        } else if pair.dialect.has_account_lock() {
            pending
        } else {
            nobodys = random_password()?;
            Authentication { password: &nobodys, ..pending }
        };
        let baseline = pair.baseline_meanwhile(next);
        let marking = pair.marking(&baseline);
        let unlock = unlock(&pair.unlockable(next, is_checked));
        // Where an account is created with a password that is not its last one, it is unlocked last.
        let last: Vec<_> = if is_checked {
            set_passwords(&pair, next, &pending, &made)?.into_iter().chain(unlock).collect()
        } else {
            unlock.into_iter().chain(set_password(&pair, next, &pending)?).collect()
        };
        let (made, corrections) = match next {
            Next::Clone => (pair.creations(&made, &marking)?, pair.equalities()),
            Next::Original => (Vec::new(), pair.gifts()),
        };
        let remark = if baseline.kind == BaselineKind::Union {
            remarking(&pair.with_gifts().with_mark(&marking, &baseline))
        } else {
            Vec::new()
        };
        // A mark by itself is no difference between the two users.
        let purposed = |purpose| move |statement| (purpose, statement);
        let moving = pair.moving()?.into_iter().map(purposed(Purpose::Password));
        let mut first: Vec<_> = moving.collect();
        first.extend(marking.make.into_iter().map(purposed(Purpose::Password)));
        // A password that the server's policy refuses is refused before anything else is changed.
        first.extend(made.into_iter().map(purposed(Purpose::Equality)));
        first.extend(marking.mark.into_iter().map(purposed(Purpose::Password)));
        first.extend(corrections.into_iter().map(purposed(Purpose::Equality)));
        first.extend(marking.after.into_iter().map(purposed(Purpose::Password)));
        Ok(Self { pair, next, first, remark, last, is_checked, password: password.clone() })
    }

    pub(crate) fn first(&self) -> impl Iterator<Item = &Statement> {
        self.first.iter().map(|(_, statement)| statement)
    }

    pub(crate) fn last(&self) -> &[Statement] {
        &self.last
    }

    pub(crate) fn next_name(&self) -> &Username {
        match self.next {
            Next::Original => &self.pair.names.original,
            Next::Clone => &self.pair.names.clone,
        }
    }

    /// Of the accounts to be unlocked, unlocks only those that are known to have the next password.
    pub(crate) fn unlocking_certain(&self, entries: &[Entry]) -> Option<Statement> {
        let certain = entries.iter().filter(|entry| entry.is_primary(&self.password) == Some(true));
        let certain: Vec<_> = certain.map(|entry| entry.account.sql()).collect();
        let all = self.pair.unlockable(self.next, self.is_checked);
        unlock(&all.into_iter().filter(|account| certain.contains(account)).collect::<Vec<_>>())
    }

    /// The statements that correct what is left in the pair as it is now. Empty where nothing is left, or
    /// where statements cannot correct it.
    pub(crate) fn left_in(&self, now: &Pair) -> Vec<Statement> {
        match self.next {
            Next::Clone if now.missing_hosts().next().is_some() => Vec::new(),
            Next::Clone => now.equalities(),
            Next::Original => now.gifts(),
        }
    }

    /// Whether nothing is left to correct in the pair as it is now.
    pub(crate) fn is_made_in(&self, now: &Pair) -> bool {
        match self.next {
            Next::Clone => now.missing_hosts().next().is_none() && now.equalities().is_empty(),
            Next::Original => now.gifts().is_empty() && now.check_excess().is_ok(),
        }
    }

    /// The statements that mark the pair, as it is now, as equal, where it was not marked so before.
    pub(crate) fn remark(&self, now: &Pair) -> Vec<Statement> {
        if self.remark.is_empty() { Vec::new() } else { remarking(now) }
    }

    /// The statements that would be run.
    pub(crate) fn planned(&self) -> Vec<PlannedStatement> {
        let first = self.first.iter().map(|(purpose, one)| one.planned(*purpose, Necessity::Always));
        let last = self.remark.iter().chain(&self.last);
        first.chain(last.map(|one| one.planned(Purpose::Password, Necessity::Always))).collect()
    }

    /// The number of differences that the corrections remove.
    pub(crate) fn drift(&self) -> usize {
        self.pair.drift(self.next)
    }

    /// A message for operators: how the clone was recognized, what it loses, and what is left as it is.
    pub(crate) fn notes(&self) -> Vec<String> {
        let checked = self.is_checked.then(|| checked_password::NOTE.to_owned());
        self.pair.notes(self.next).into_iter().chain(checked).collect()
    }
}

fn remarking(pair: &Pair) -> Vec<Statement> {
    let marking = pair.marking(&pair.baseline_afterwards());
    marking.make.into_iter().chain(marking.mark).chain(marking.after).collect()
}

/// One statement for all existing accounts; nothing where this change creates all of them.
fn set_password(
    pair: &Pair,
    next: Next,
    authentication: &Authentication<'_>,
) -> Result<Option<Statement>, StatementError> {
    let accounts = pair.next_accounts(next);
    if accounts.is_empty() {
        return Ok(None);
    }
    let mut draft = Draft::new("ALTER USER ");
    for (index, (account, options)) in accounts.into_iter().enumerate() {
        draft.push(if index == 0 { "" } else { ", " });
        draft.push(&account.sql());
        draft.push(" ");
        authentication.write(options, &mut draft)?;
    }
    Ok(Some(draft.finish("set password")))
}

/// The password of an account that must not be used yet and cannot be locked: nobody knows it.
pub(crate) fn random_password() -> Result<Password, StatementError> {
    let failed = || StatementError::new(StatementFault::Other { code: "no randomness".to_owned() });
    let mut bytes = Zeroizing::new([0_u8; 24]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|_| failed())?;
    let mut text = Zeroizing::new(String::from("Aa1-"));
    for byte in bytes.iter() {
        text.push(char::from(b'A' + byte % 16));
        text.push(char::from(b'a' + byte / 16));
    }
    Password::parse(&text).map_err(|_| failed())
}
