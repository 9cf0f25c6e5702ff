//! The connection cut at every message of setSecret, before the server hears it or before its answer comes.

use test_servers::{
    Proxy, TestLogin,
    proxy::{Action, Fault, Point},
};

use super::{attempt::Attempt, causes::at, scene::EngineScene};
use crate::{
    DatabaseError,
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

    let next_logs_in = scene.lets_in(&attempt.next).await?;
    ensure!(next_logs_in || outcome.is_err(), "a success is reported, and the new password is refused");
    let live_logs_in = scene.lets_in(&attempt.live).await?;
    if attempt.is_single_user() {
        ensure!(live_logs_in || next_logs_in, "neither the old nor the new password logs in");
    } else {
        ensure!(live_logs_in, "the live user is refused");
        if next_logs_in {
            are_equal(scene, &attempt).await.map_err(at("before the next attempt"))?;
        }
    }

    attempt.apply(scene, proxy.port()).await.map_err(|error| at("the next attempt")(error.into()))?;
    attempt.verify(scene, proxy.port()).await.map_err(|error| at("testSecret")(error.into()))?;
    if !attempt.is_single_user() {
        ensure!(scene.lets_in(&attempt.live).await?, "the live user is refused after the next attempt");
        are_equal(scene, &attempt).await.map_err(at("after the next attempt"))?;
    }
    Ok(true)
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
