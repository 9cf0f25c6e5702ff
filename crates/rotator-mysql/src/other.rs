//! A master changes the other user of a pair.

use rotation_core::database::{
    Necessity, Password, PlannedStatement, Purpose, StatementError, StatementFault,
};
use zeroize::Zeroizing;

use crate::{
    dialect::Dialect,
    own::native_hash,
    pair::{Next, Pair},
    quote::literal,
    statement::{Draft, Statement},
};

/// A change of the other user of a pair, with nothing left to find out.
#[derive(Debug)]
pub(crate) struct OtherChange {
    /// Both users as they were read.
    pub(crate) pair: Pair,
    next: Next,
    hashes: bool,
    /// What brings the clone to equal, in this order.
    corrections: Vec<Statement>,
    /// Last.
    set_password: Statement,
}

/// How an account is to be authenticated from now on.
pub(crate) struct Authentication<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) password: &'a Password,
    /// Whether the server takes hashes in place of passwords.
    pub(crate) hashes: bool,
}

impl OtherChange {
    /// The change that the pair needs.
    pub(crate) fn new(
        pair: Pair,
        next: Next,
        password: &Password,
        hashes: bool,
    ) -> Result<Self, StatementError> {
        let nobodys = random_password()?;
        let stand_in = Authentication { dialect: pair.dialect, password: &nobodys, hashes };
        let corrections = pair.corrections(next, &stand_in);
        let authentication = Authentication { password, ..stand_in };
        let mut draft = Draft::new("ALTER USER ");
        for (index, (account, plugin)) in pair.next_accounts(next).into_iter().enumerate() {
            draft.push(if index == 0 { "" } else { ", " });
            draft.push(&account.sql());
            draft.push(" ");
            authentication.write(plugin, &mut draft);
        }
        let set_password = draft.finish("set password");
        Ok(Self { pair, next, hashes, corrections, set_password })
    }

    pub(crate) fn corrections(&self) -> &[Statement] {
        &self.corrections
    }

    pub(crate) fn set_password(&self) -> &Statement {
        &self.set_password
    }

    /// Whether nothing is left to correct in the pair as it is now.
    pub(crate) fn is_made_in(&self, now: &Pair) -> bool {
        let nobodys = Password::parse("nobody's").expect("printable");
        let stand_in = Authentication { dialect: now.dialect, password: &nobodys, hashes: self.hashes };
        now.corrections(self.next, &stand_in).is_empty()
    }

    /// What would be run.
    pub(crate) fn planned(&self) -> Vec<PlannedStatement> {
        let corrections = self.corrections.iter();
        let corrections = corrections.map(|one| one.planned(Purpose::Equality, Necessity::Always));
        let set = self.set_password.planned(Purpose::Password, Necessity::Always);
        corrections.chain([set]).collect()
    }

    /// How many differences the corrections end.
    pub(crate) fn drift(&self) -> usize {
        self.pair.drift(self.next)
    }

    /// For people: what is left as it is for now.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.pair.notes(self.next)
    }
}

impl Authentication<'_> {
    /// The clause for an account with this plugin.
    pub(crate) fn write(&self, plugin: Option<&str>, draft: &mut Draft) {
        match (self.dialect, plugin) {
            (Dialect::MariaDb(_), _) if self.hashes => {
                draft.push("IDENTIFIED BY PASSWORD ");
                draft.push_secret(&native_hash(self.password));
            }
            (Dialect::MySql(_), Some(plugin)) => {
                draft.push("IDENTIFIED WITH ");
                draft.push(&literal(plugin));
                draft.push(" BY ");
                draft.push_secret(self.password.expose());
            }
            _ => {
                draft.push("IDENTIFIED BY ");
                draft.push_secret(self.password.expose());
            }
        }
    }
}

/// The password of an account that is being made: nobody knows it, and no policy has anything against it.
fn random_password() -> Result<Password, StatementError> {
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
