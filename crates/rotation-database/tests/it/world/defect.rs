//! Defects that an engine may have, put back on purpose.

/// What the model's engine does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Defect {
    /// A login at another port of the same host counts as one at the master's: hosts alone are compared.
    HostAlone,
    /// A proxy's greeting counts as a login, and its own refusal as the server's.
    GreetingCounts,
    /// A password is stored in the form that the server's setting names.
    FormBySetting,
    /// The clone becomes equal to the original also while it is live.
    RevokesFromLive,
    /// A clone is taken in whatever it holds that the original cannot reach.
    AdoptsBlindly,
    /// The password that was kept next to the old one stays.
    KeepsSecondary,
    /// Another secret's mark is not looked at.
    IgnoresMark,
    /// Nobody asks whose the session of a clone is.
    TrustsSession,
}
