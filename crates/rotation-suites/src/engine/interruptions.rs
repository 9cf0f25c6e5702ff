//! The connection cut at every message of setSecret, before the server hears it or before its answer comes.

use rotation_database::codes;
use test_servers::{
    Proxy, TestLogin,
    proxy::{Action, Fault, Point},
};

use super::{attempt::Attempt, causes::at, scene::EngineScene};
use crate::{
    DatabaseError,
    scene::ATTEMPTS,
    verdict::{Failure, Verdict, ensure},
};

/// No setSecret needs more connections, or more messages on one.
const MOST: usize = 200;
/// A sweep that meets fewer messages has not seen a login and a change.
const FEWEST: usize = 6;

/// From where setSecret begins.
#[derive(Clone, Copy, Debug)]
enum Beginning {
    OwnPassword,
    NewClone,
    ClonesTurn,
    OriginalsTurn,
}

/// Where a connection ends: at this message of this connection.
#[derive(Clone, Copy, Debug)]
struct Cut {
    connection: usize,
    message: usize,
    action: Action,
}

pub(super) async fn hold<S: EngineScene>(start: &impl AsyncFn() -> Result<S, DatabaseError>) -> Verdict {
    let sweep = |beginning: Beginning| async move {
        sweep(start, beginning).await.map_err(at(&format!("{beginning:?}")))
    };
    let (own, new, clones, originals) = tokio::join!(
        sweep(Beginning::OwnPassword),
        sweep(Beginning::NewClone),
        sweep(Beginning::ClonesTurn),
        sweep(Beginning::OriginalsTurn),
    );
    own.and(new).and(clones).and(originals)
}

/// Cuts at each message of each connection until there is none.
async fn sweep<S: EngineScene>(
    start: &impl AsyncFn() -> Result<S, DatabaseError>,
    beginning: Beginning,
) -> Verdict {
    let mut met = 0;
    for connection in 0..MOST {
        let mut messages = 0;
        'messages: for message in 1..MOST {
            for action in [Action::Cut, Action::CutReply] {
                let cut = Cut { connection, message, action };
                let was_met =
                    one_cut(&start().await?, beginning, cut).await.map_err(at(&format!("{cut:?}")))?;
                if !was_met {
                    break 'messages;
                }
            }
            messages = message;
        }
        if messages == 0 {
            break;
        }
        met += messages;
    }
    ensure!(met >= FEWEST, "the connection was cut at {met} messages only");
    Ok(())
}

/// Whether setSecret came as far as that.
async fn one_cut<S: EngineScene>(scene: &S, beginning: Beginning, cut: Cut) -> Result<bool, Failure> {
    let attempt = begin(scene, beginning).await?;
    let server = scene.login(&attempt.live);
    let proxy = Proxy::before("127.0.0.1", server.port, S::PREFACE).await?;
    let fault = Fault::At(Point::Message(cut.message), cut.action);
    proxy.script(std::iter::repeat_n(Fault::None, cut.connection).chain([fault]));
    let outcome = attempt.apply(scene, proxy.port()).await;
    if proxy.faults() == 0 {
        outcome?;
        return Ok(false);
    }
    proxy.set_fault(Fault::None);

    check_after(scene, beginning, &attempt, outcome.is_err()).await?;
    again(scene, &attempt, proxy.port()).await.map_err(at("the next attempt"))?;
    attempt.verify(scene, proxy.port()).await.map_err(|error| at("testSecret")(error.into()))?;
    if !attempt.is_single_user() {
        ensure!(scene.lets_in(&attempt.live).await?, "the live user is refused after the next attempt");
        if matches!(beginning, Beginning::OriginalsTurn) {
            // From a live clone nothing is taken, and it need not gain; its own turn makes it equal.
            scene.change_to(&attempt.live).await?;
        }
        are_equal(scene, &attempt).await.map_err(at("after the next attempt"))?;
    }
    Ok(true)
}

/// What holds at any moment after the cut.
async fn check_after<S: EngineScene>(
    scene: &S,
    beginning: Beginning,
    attempt: &Attempt,
    has_failed: bool,
) -> Verdict {
    let next_logs_in = scene.lets_in(&attempt.next).await?;
    ensure!(next_logs_in || has_failed, "a success is reported, and the new password is refused");
    let live_logs_in = scene.lets_in(&attempt.live).await?;
    if attempt.is_single_user() {
        ensure!(live_logs_in || next_logs_in, "neither the old nor the new password logs in");
    } else {
        ensure!(live_logs_in, "the live user is refused");
    }
    if next_logs_in && matches!(beginning, Beginning::NewClone | Beginning::ClonesTurn) {
        are_equal(scene, attempt).await.map_err(at("before the next attempt"))?;
    }
    Ok(())
}

/// setSecret once more; as the service does, several times where a busy machine lets a login run out of time.
async fn again<S: EngineScene>(scene: &S, attempt: &Attempt, port: u16) -> Verdict {
    for _ in 1..ATTEMPTS {
        match attempt.apply(scene, port).await {
            Err(error) if error.code() == codes::NET_DB_TIMED_OUT => {}
            outcome => return Ok(outcome.map(drop)?),
        }
    }
    Ok(attempt.apply(scene, port).await.map(drop)?)
}

async fn begin<S: EngineScene>(scene: &S, beginning: Beginning) -> Result<Attempt, Failure> {
    let (original, clone) = (scene.original().clone(), scene.clone());
    let new =
        |login: &TestLogin| TestLogin { password: format!("Second-2-{}", login.password), ..login.clone() };
    Ok(match beginning {
        Beginning::OwnPassword => Attempt { next: new(&original), live: original },
        Beginning::NewClone => Attempt { live: original, next: clone },
        Beginning::ClonesTurn => {
            scene.change_to(&clone).await?;
            scene.give(&original.username).await?;
            scene.give(&clone.username).await?;
            Attempt { live: original, next: new(&clone) }
        }
        Beginning::OriginalsTurn => {
            scene.change_to(&clone).await?;
            scene.give(&original.username).await?;
            Attempt { next: new(&original), live: clone }
        }
    })
}

async fn are_equal<S: EngineScene>(scene: &S, attempt: &Attempt) -> Verdict {
    let (live, next) = (scene.rights(&attempt.live).await?, scene.rights(&attempt.next).await?);
    ensure!(live == next, "who logs in has other rights: live\n{live}\nnext\n{next}");
    Ok(())
}
