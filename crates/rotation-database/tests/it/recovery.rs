//! The advice for every state of labels and logins.

use rotation_core::{LabelMove, SecretId, StagingLabel, diagnosis::Access};
use rotation_doctor::{Advice, KnownVersion, Remedy, Situation, StuckState, Unfinished, Unlabeled};

use crate::world::{ARN, version};

const CURRENT: usize = 1;
const PENDING: usize = 2;
const PREVIOUS: usize = 3;
const UNLABELED: usize = 4;

fn known(number: usize, access: Access) -> KnownVersion {
    let labels = match number {
        CURRENT => vec![StagingLabel::Current],
        PENDING => vec![StagingLabel::Pending],
        PREVIOUS => vec![StagingLabel::Previous],
        _ => Vec::new(),
    };
    KnownVersion { id: version(number), labels, access }
}

/// A secret with rotation on and these versions.
fn situation(versions: &[(usize, Access)]) -> Situation {
    let versions = versions.iter().map(|(number, access)| known(*number, *access)).collect();
    let secret = SecretId::new(ARN).unwrap();
    Situation {
        secret,
        deleted: false,
        rotation_enabled: true,
        versions,
        unlabeled: Unlabeled::All,
        hindered: false,
    }
}

fn off(situation: Situation) -> Situation {
    Situation { rotation_enabled: false, ..situation }
}

#[track_caller]
fn check(situation: &Situation, state: StuckState, remedy: &Remedy) {
    check_with(situation, Unfinished::Keep, state, remedy);
}

#[track_caller]
fn check_with(situation: &Situation, unfinished: Unfinished, state: StuckState, remedy: &Remedy) {
    let advice = situation.advise(unfinished);
    assert_eq!((advice.state, &advice.remedy), (state, remedy), "{}", situation.words());
}

/// A fault that makes every rotation fail must be fixed, although AWSCURRENT logs in.
#[test]
fn healthy_secret_that_never_rotates() {
    let hindered = Situation { hindered: true, ..situation(&[(CURRENT, Access::LogsIn)]) };
    check(&hindered, StuckState::Healthy, &Remedy::FixFirst);
}

/// Moves AWSCURRENT to a version, which must log in.
fn current_to(from: Option<usize>, to: usize) -> Remedy {
    let label_move =
        LabelMove { label: StagingLabel::Current, from: from.map(version), to: Some(version(to)) };
    Remedy::Move { label_move, keeps: version(to) }
}

fn give_up() -> Remedy {
    let label_move = LabelMove { label: StagingLabel::Pending, from: Some(version(PENDING)), to: None };
    Remedy::Move { label_move, keeps: version(CURRENT) }
}

const AGAIN: Remedy = Remedy::RotateAgain { by_service: true };
const BY_HAND: Remedy = Remedy::RotateAgain { by_service: false };

/// Every stuck state has one safe piece of advice.
#[test]
fn one_safe_advice_for_every_stuck_state() {
    use Access::{LogsIn, NoValue, Refused, Unknown, Unusable};
    use StuckState as State;
    // Nothing is stuck.
    check(&situation(&[(CURRENT, LogsIn)]), State::Healthy, &Remedy::None);
    check(&situation(&[(CURRENT, LogsIn), (PREVIOUS, Refused)]), State::Healthy, &Remedy::None);
    let mut left = situation(&[(CURRENT, LogsIn)]);
    left.versions[0].labels.push(StagingLabel::Pending);
    check(&left, State::Healthy, &Remedy::None);
    check(&off(left), State::Healthy, &Remedy::None);
    // Interrupted, and applications are not affected.
    check(&situation(&[(CURRENT, LogsIn), (PENDING, NoValue)]), State::PendingEmpty, &AGAIN);
    check(&off(situation(&[(CURRENT, LogsIn), (PENDING, NoValue)])), State::PendingEmpty, &give_up());
    let half = situation(&[(CURRENT, LogsIn), (PENDING, Refused)]);
    check(&half, State::PendingRefused, &AGAIN);
    check_with(&half, Unfinished::Abandon, State::PendingRefused, &give_up());
    check(&off(half), State::PendingRefused, &give_up());
    let both = situation(&[(CURRENT, LogsIn), (PENDING, LogsIn)]);
    check(&both, State::BothLogIn, &AGAIN);
    check_with(&both, Unfinished::Abandon, State::BothLogIn, &AGAIN);
    check(&off(both), State::BothLogIn, &BY_HAND);
    let unknown = situation(&[(CURRENT, LogsIn), (PENDING, Unknown)]);
    check_with(&unknown, Unfinished::Abandon, State::PendingUnknown, &AGAIN);
    check(&off(unknown), State::PendingUnknown, &BY_HAND);
    // Applications cannot log in, and moving a label helps.
    for access in [Refused, Unusable, NoValue] {
        let pending = situation(&[(CURRENT, access), (PENDING, LogsIn), (PREVIOUS, LogsIn)]);
        check(&pending, State::OnlyPendingLogsIn, &current_to(Some(CURRENT), PENDING));
        check(&off(pending), State::OnlyPendingLogsIn, &current_to(Some(CURRENT), PENDING));
        let previous = situation(&[(CURRENT, access), (PENDING, Refused), (PREVIOUS, LogsIn)]);
        check(&previous, State::OnlyPreviousLogsIn, &current_to(Some(CURRENT), PREVIOUS));
        let unlabeled = situation(&[(CURRENT, access), (PREVIOUS, Refused), (UNLABELED, LogsIn)]);
        check(&unlabeled, State::OnlyUnlabeledLogsIn, &current_to(Some(CURRENT), UNLABELED));
    }
    let unknown = situation(&[(CURRENT, Refused), (PENDING, Unknown), (PREVIOUS, LogsIn)]);
    check(&unknown, State::OnlyPreviousLogsIn, &current_to(Some(CURRENT), PREVIOUS));
    check(
        &situation(&[(PENDING, Refused), (PREVIOUS, LogsIn)]),
        State::OnlyPreviousLogsIn,
        &current_to(None, PREVIOUS),
    );
    check(&situation(&[(PENDING, LogsIn)]), State::OnlyPendingLogsIn, &current_to(None, PENDING));
    // Moving a label does not help.
    let version = Some(version(CURRENT));
    let nothing = situation(&[(CURRENT, Refused), (PENDING, Refused), (PREVIOUS, Refused)]);
    check(&nothing, State::NoVersionLogsIn, &Remedy::SetPassword { version });
    check(&situation(&[(PENDING, Refused)]), State::NoVersionLogsIn, &Remedy::SetPassword { version: None });
    check(&situation(&[(CURRENT, Unknown), (PREVIOUS, LogsIn)]), State::Unknown, &Remedy::FixFirst);
    check(&situation(&[(CURRENT, Refused), (PREVIOUS, Unknown)]), State::Unknown, &Remedy::FixFirst);
    let deleted = Situation { deleted: true, ..situation(&[(CURRENT, Unknown)]) };
    check(&deleted, State::Deleted, &Remedy::Restore);
}

/// No advice moves AWSCURRENT to what does not log in, or drops the only password that works.
/// Every combination of accesses under the three labels and without one, with rotation on and off.
#[test]
fn advice_never_risks_the_working_login() {
    let accesses = [
        None,
        Some(Access::LogsIn),
        Some(Access::Refused),
        Some(Access::NoValue),
        Some(Access::Unusable),
        Some(Access::Unknown),
    ];
    let mut seen = std::collections::BTreeSet::new();
    let mut moves = 0;
    for code in 0..accesses.len().pow(4) {
        let digit = |place: u32| accesses[code / accesses.len().pow(place) % accesses.len()];
        let versions: Vec<_> = [CURRENT, PENDING, PREVIOUS, UNLABELED]
            .into_iter()
            .zip(0..)
            .filter_map(|(number, place)| Some((number, digit(place)?)))
            .collect();
        let access = |number| versions.iter().find(|(held, _)| *held == number).map(|(_, access)| *access);
        for (enabled, unfinished) in
            [(true, Unfinished::Keep), (true, Unfinished::Abandon), (false, Unfinished::Keep)]
        {
            let advice = Situation { rotation_enabled: enabled, ..situation(&versions) }.advise(unfinished);
            seen.insert(advice.state);
            let Remedy::Move { label_move, keeps } = advice.remedy else { continue };
            moves += 1;
            let kept = versions.iter().find(|(number, _)| version(*number) == keeps);
            assert_eq!(kept.map(|(_, access)| *access), Some(Access::LogsIn), "{versions:?}");
            match label_move.label {
                StagingLabel::Current => {
                    assert_eq!(label_move.to.as_ref(), Some(&keeps), "{versions:?}");
                    assert!(
                        !matches!(access(CURRENT), Some(Access::LogsIn | Access::Unknown)),
                        "{versions:?}"
                    );
                }
                _ => {
                    assert_eq!(label_move.to, None, "{versions:?}");
                    assert_eq!(access(CURRENT), Some(Access::LogsIn), "{versions:?}");
                    let given_up = access(PENDING);
                    assert!(matches!(given_up, Some(Access::Refused | Access::NoValue)), "{versions:?}");
                }
            }
        }
    }
    // No current that logs in, and one of three others that does; a current that logs in, next to a pending
    // that does not.
    let (helped, given_up) = (4 * (6_usize.pow(3) - 5_usize.pow(3)), 2 * 6_usize.pow(2));
    assert_eq!(moves, helped * 3 + given_up * 2, "the combinations that a label helps");
    let unseen: Vec<_> = StuckState::ALL.iter().filter(|state| !seen.contains(state)).collect();
    assert_eq!(unseen, [&StuckState::Deleted]);
}

/// What hinders every rotation is fixed first.
/// The finding makes every rotation fail: abandoning this one gains nothing, unless a person asks for it.
#[test]
fn hindrance_of_all_rotations_goes_first() {
    use Access::{LogsIn, NoValue, Refused};
    use StuckState as State;
    for (pending, state) in
        [(Refused, State::PendingRefused), (NoValue, State::PendingEmpty), (LogsIn, State::BothLogIn)]
    {
        let stuck = Situation { hindered: true, ..situation(&[(CURRENT, LogsIn), (PENDING, pending)]) };
        check(&stuck, state, &Remedy::FixFirst);
        check(&off(stuck.clone()), state, &Remedy::FixFirst);
        if pending != LogsIn {
            let advice = stuck.advise(Unfinished::Abandon);
            assert!(matches!(advice.remedy, Remedy::Move { .. }), "{advice:?}");
        }
    }
}

/// What was not tried is never reported as not logging in.
#[test]
fn untried_is_never_a_refusal() {
    use Access::{LogsIn, NoValue, Refused, Unusable};
    use StuckState as State;
    // A value of a strategy other than the assumed one is not abandoned.
    let half = situation(&[(CURRENT, LogsIn), (PENDING, Unusable)]);
    check(&half, State::PendingUnknown, &Remedy::FixUnusable);
    check_with(&half, Unfinished::Abandon, State::PendingUnknown, &Remedy::FixUnusable);
    check(&off(half), State::PendingUnknown, &Remedy::FixUnusable);
    for versions in [
        &[(CURRENT, Unusable)][..],
        &[(CURRENT, Unusable), (PREVIOUS, Refused)],
        &[(CURRENT, Refused), (PENDING, Unusable)],
        &[(CURRENT, Refused), (PREVIOUS, Unusable)],
    ] {
        check(&situation(versions), State::Unknown, &Remedy::FixUnusable);
    }
    // No login was refused.
    check(&situation(&[]), State::Unknown, &Remedy::FixFirst);
    check(&situation(&[(CURRENT, NoValue)]), State::Unknown, &Remedy::FixFirst);
    // A version without a label is not compared with anything that a rotation would use.
    let version = Some(version(CURRENT));
    let old = situation(&[(CURRENT, Refused), (UNLABELED, Unusable)]);
    check(&old, State::NoVersionLogsIn, &Remedy::SetPassword { version });
    let advice = Advice { state: State::Unknown, remedy: Remedy::FixUnusable };
    assert!(advice.sentence().contains("--strategy"), "{}", advice.sentence());
}

/// Versions that were not listed or not tried may log in.
#[test]
fn unlisted_or_untried_may_log_in() {
    use Access::{LogsIn, Refused};
    for further in [Unlabeled::Newest, Unlabeled::Unread] {
        let with = |versions| Situation { unlabeled: further, ..situation(versions) };
        let refused = with(&[(CURRENT, Refused), (PREVIOUS, Refused)]);
        check(&refused, StuckState::Unknown, &Remedy::LookFurther(further));
        check(&with(&[(CURRENT, LogsIn)]), StuckState::Healthy, &Remedy::None);
        let previous = with(&[(CURRENT, Refused), (PREVIOUS, LogsIn)]);
        check(&previous, StuckState::OnlyPreviousLogsIn, &current_to(Some(CURRENT), PREVIOUS));
    }
    let unread = Advice { state: StuckState::Unknown, remedy: Remedy::LookFurther(Unlabeled::Unread) };
    assert!(unread.sentence().contains("rotate explain"), "{}", unread.sentence());
}

/// Every state explains how it arises and how it is left.
#[test]
fn states_explain_cause_and_way_out() {
    let mut names = std::collections::BTreeSet::new();
    for state in StuckState::ALL {
        assert!(state.origin().ends_with('.') && state.way_out().ends_with('.'), "{}", state.name());
        assert!(names.insert(state.name()), "{} appears twice", state.name());
    }
}

/// What is not known moves no label.
/// Rule 12: a proxy's answer, an expired password or a server that asks for no password move and remove no
/// label, whatever is requested, until the operator accepts the risk explicitly.
#[test]
fn unknown_moves_no_label() {
    for open in [Access::Unknown, Access::NoSession, Access::NotTried] {
        let pending = situation(&[(CURRENT, Access::LogsIn), (PENDING, open)]);
        check_with(&pending, Unfinished::Abandon, StuckState::PendingUnknown, &AGAIN);
        check_with(&pending, Unfinished::AbandonUnknown, StuckState::PendingUnknown, &give_up());
        check_with(&off(pending), Unfinished::Abandon, StuckState::PendingUnknown, &BY_HAND);
        for unfinished in [Unfinished::Keep, Unfinished::Abandon, Unfinished::AbandonUnknown] {
            let both = situation(&[(CURRENT, open), (PENDING, open)]);
            check_with(&both, unfinished, StuckState::Unknown, &Remedy::FixFirst);
            let live = situation(&[(CURRENT, open), (PENDING, Access::LogsIn)]);
            check_with(&live, unfinished, StuckState::Unknown, &Remedy::FixFirst);
            let none = situation(&[(CURRENT, Access::Refused), (PENDING, open)]);
            check_with(&none, unfinished, StuckState::Unknown, &Remedy::FixFirst);
        }
        let unusable = situation(&[(CURRENT, Access::LogsIn), (PENDING, Access::Unusable)]);
        check_with(&unusable, Unfinished::AbandonUnknown, StuckState::PendingUnknown, &Remedy::FixUnusable);
    }
}
