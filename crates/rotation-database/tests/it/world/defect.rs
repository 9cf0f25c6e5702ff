//! Defects that an engine may have, reintroduced on purpose.

/// What the model's engine does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Defect {
    /// A login at another port of the same host counts as one at the master's: only hosts are compared.
    HostAlone,
    /// A proxy's greeting counts as a login, and its own refusal as the server's.
    GreetingCounts,
    /// A password is stored in the form that the server's setting names.
    FormBySetting,
    /// The clone is made equal to the original even while it is live.
    RevokesFromLive,
    /// A clone is adopted even if it holds what the original cannot reach.
    AdoptsBlindly,
    /// A second password that was kept is not ended.
    KeepsSecondary,
    /// Another secret's mark is ignored.
    IgnoresMark,
    /// Nothing checks as which user the session of a clone acts.
    TrustsSession,
}
