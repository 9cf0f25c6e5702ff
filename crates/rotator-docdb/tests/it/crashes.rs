//! The function ends, or the connection does, before and after each command.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use rotation_core::Password;
use rotation_database::{Change, Session, Turn};
use serde_json::json;
use test_servers::{ProxyAction, TestLogin};

use crate::fixture::{HOME, Lab, deadline, opens, owner, server};

/// Where the connection ends.
#[derive(Clone, Copy, Debug)]
struct End {
    /// At this command, counted from 0.
    command: usize,
    /// Whether the server has executed it.
    executed: bool,
}

/// The following connections end there. Returns the number of commands that were received.
fn end_at(lab: &Lab, end: End) -> Arc<AtomicUsize> {
    let count = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&count);
    lab.recorder.set_script(move |_, reply| {
        let index = match reply {
            None => counting.fetch_add(1, Ordering::SeqCst),
            Some(_) => counting.load(Ordering::SeqCst) - 1,
        };
        if index == end.command && reply.is_some() == end.executed {
            ProxyAction::Cut
        } else {
            ProxyAction::Pass
        }
    });
    count
}

/// All ends of a change that needs at most this many commands.
fn ends() -> impl Iterator<Item = End> {
    (0..13).flat_map(|command| [false, true].map(|executed| End { command, executed }))
}

async fn try_other(lab: &Lab, next: &TestLogin) -> bool {
    let Ok(mut session) = lab.connect_master().await else { return false };
    let pair = lab.pair();
    let credentials = rotation_database::Credentials {
        username: crate::fixture::username(&next.username),
        password: Password::parse(&next.password).unwrap(),
    };
    let live = pair.other(&credentials.username);
    let change = Change::OtherUser { pair: &pair, live, next: &credentials, owner: &owner(), method: None };
    session.stage(&change, &Turn::default(), deadline()).await.is_ok() && session.commit().await.is_ok()
}

/// At every end: the live user logs in, a session that logs in with the next password may do what the
/// original may, and a second attempt converges.
async fn check_other(lab: &Lab, live: &TestLogin, next: &TestLogin, end: End) -> bool {
    let count = end_at(lab, end);
    let done = try_other(lab, next).await;
    let reached = count.load(Ordering::SeqCst) > end.command;
    lab.recorder.clear_script();
    assert_eq!(done, !reached, "{end:?}");
    assert!(opens(live, HOME).await, "the live user logs in: {end:?}");
    if opens(next, HOME).await {
        let (ours, theirs) = (lab.roles(&lab.app.username).await, lab.roles(&lab.clone().username).await);
        assert_eq!(ours, theirs, "no login has fewer privileges than it should: {end:?}");
    }
    lab.rotate_to(next).await.unwrap();
    assert!(opens(live, HOME).await && opens(next, HOME).await, "{end:?}");
    let (ours, theirs) = (lab.roles(&lab.app.username).await, lab.roles(&lab.clone().username).await);
    assert_eq!(ours, theirs, "{end:?}");
    reached
}

#[tokio::test]
async fn a_clone_that_is_being_made_is_whole_or_absent() {
    let lab = Lab::new().await;
    let clone = lab.clone();
    let mut reached = 0;
    for end in ends() {
        reached += usize::from(check_other(&lab, &lab.app, &clone, end).await);
        server().command(HOME, json!({"dropUser": clone.username})).await.unwrap();
    }
    // Greeting, two of SCRAM, two reads, one write; before and after each.
    assert_eq!(reached, 12);
}

#[tokio::test]
async fn a_clone_that_drifted_never_logs_in_by_its_new_password_before_its_rights() {
    let lab = Lab::new().await;
    let mut clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    let mut reached = 0;
    for (round, end) in ends().enumerate() {
        // One privilege missing and one too many.
        let added = json!([{"role": "read", "db": format!("added{round}")}]);
        let grant = json!({"grantRolesToUser": lab.app.username, "roles": added});
        server().command(HOME, grant).await.unwrap();
        lab.rotate_to(&clone).await.unwrap();
        let revoke = json!({"revokeRolesFromUser": lab.app.username, "roles": added});
        server().command(HOME, revoke).await.unwrap();
        clone.password = format!("password-of-round-{round}");
        reached += usize::from(check_other(&lab, &lab.app, &clone, end).await);
    }
    // Greeting, two of SCRAM, two reads, a correction, another read, the password.
    assert_eq!(reached, 16);
}

#[tokio::test]
async fn a_single_user_logs_in_by_the_old_password_or_the_new_one() {
    let mut lab = Lab::new().await;
    let (mut reached, mut lost) = (0, 0);
    for (round, end) in ends().enumerate() {
        let next = TestLogin { password: format!("password-of-round-{round}"), ..lab.app.clone() };
        let count = end_at(&lab, end);
        let new = Password::parse(&next.password).unwrap();
        let change = Change::OwnPassword { new: &new };
        let done = match lab.connect(&lab.app).await {
            Err(_) => false,
            Ok(mut session) => {
                session.stage(&change, &Turn::default(), deadline()).await.is_ok()
                    && session.commit().await.is_ok()
            }
        };
        let was_reached = count.load(Ordering::SeqCst) > end.command;
        lab.recorder.clear_script();
        assert_eq!(done, !was_reached, "{end:?}");
        reached += usize::from(was_reached);
        let (old, new) = (opens(&lab.app, HOME).await, opens(&next, HOME).await);
        assert!(old != new, "exactly one of the two logs in: {end:?}");
        assert!(!done || new, "what was reported is true: {end:?}");
        lost += usize::from(!done && new);
        if !new {
            lab.change_own(&next.password).await.unwrap();
        }
        lab.app = next;
    }
    assert_eq!((reached, lost), (10, 1), "the reply to the change was lost once");
}

/// The live clone gains what the original did, and its mark, before the original's password: at every end
/// both log in and neither may do less than before.
#[tokio::test]
async fn an_original_that_drifted_is_whole_before_its_password() {
    let lab = Lab::new().await;
    let clone = lab.clone();
    lab.rotate_to(&clone).await.unwrap();
    let mut original = lab.app.clone();
    let mut reached = 0;
    for (round, end) in ends().enumerate() {
        for (username, what) in [(&lab.app.username, "own"), (&clone.username, "of-the-clone")] {
            let added = json!([{"role": "read", "db": format!("{what}{round}")}]);
            let grant = json!({"grantRolesToUser": username, "roles": added});
            server().command(HOME, grant).await.unwrap();
        }
        original.password = format!("password-of-round-{round}");
        reached += usize::from(check_other(&lab, &clone, &original, end).await);
        // The next round begins where the clone is live again.
        lab.rotate_to(&clone).await.unwrap();
    }
    // Greeting, two of SCRAM, two reads, two corrections, two reads, the mark, the password.
    assert_eq!(reached, 22);
}

/// The error of a failed command reports whether more than the password is left undone: a login with the
/// password would not find that out. A write that the server has executed without its majority leaves nothing
/// else.
#[tokio::test]
async fn an_error_tells_whether_the_password_alone_is_left() {
    let lab = Lab::new().await;
    lab.rotate_to(&lab.clone()).await.unwrap();
    let roles = json!([{"role": "read", "db": "elsewhere"}]);
    let restrictions = json!([{"clientSource": ["127.0.0.0/8"]}]);
    for (name, change, code, left_out) in [
        ("grantRolesToUser", json!({"grantRolesToUser": lab.app.username, "roles": roles}), 79, true),
        ("updateUser", json!({"grantRolesToUser": lab.app.username, "roles": roles}), 79, false),
        (
            "updateUser",
            json!({"updateUser": lab.app.username, "authenticationRestrictions": restrictions}),
            31,
            true,
        ),
    ] {
        lab.server.command(HOME, change).await.unwrap();
        lab.recorder.set_script(move |command, reply| match reply {
            None if command.get(name).is_some() => {
                ProxyAction::Answer(json!({"ok": 0, "code": code, "errmsg": "refused"}))
            }
            _ => ProxyAction::Pass,
        });
        let error = lab.rotate_to(&lab.clone()).await.unwrap_err();
        assert_eq!(error.is_before_password, left_out, "{name}: {error:?}");
        lab.recorder.clear_script();
        if left_out {
            assert!(!lab.plan(&lab.clone()).await.unwrap().statements.is_empty());
        }
    }
}
