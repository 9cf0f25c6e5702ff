//! The connection is cut at every message of a change that keeps or ends a second password.

use rotation_database::{Change, Engine, Login, Session, Transport, Turn};
use rotation_suites::EngineScene;
use rotator_mysql::{DualPassword, Settings};
use test_servers::{
    MysqlFlavor, Proxy, TestLogin,
    proxy::{Action, Fault, Point, Preface},
};

use crate::fixture::{Lab, at, deadline, engine, password};

/// Before the server hears a message, and before its answer comes.
const CUTS: [Action; 2] = [Action::Cut, Action::CutReply];

async fn proxy(lab: &Lab, message: usize, action: Action) -> Proxy {
    let proxy = Proxy::before("127.0.0.1", lab.server.port(), Preface::Mysql).await.unwrap();
    proxy.set_fault(Fault::At(Point::Message(message), action));
    proxy
}

fn through(lab: &Lab, proxy: &Proxy, login: &TestLogin) -> Login {
    Login { port: proxy.port(), ..lab.login(login) }
}

/// A cut anywhere leaves the password in use as it is.
/// With two passwords, `AWSCURRENT` logs in whatever is cut and however often the change is repeated.
#[tokio::test]
async fn password_in_use_stays() {
    let mut cuts = 0;
    'messages: for message in 1..100 {
        for action in CUTS {
            let lab = Lab::new(MysqlFlavor::MySql, "").await;
            let user = at(&lab.app.username, "%");
            lab.admin(&[&format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {user}")]).await;
            let proxy = proxy(&lab, message, action).await;
            let engine = engine(lab.server, Settings::default());
            let login = through(&lab, &proxy, &lab.app);
            let new = password("pending-password-1A");
            for attempt in 0..3 {
                if let Ok(mut session) = engine.connect(&login, Transport::Tls, deadline()).await {
                    let outcome = async {
                        session
                            .stage(&Change::OwnPassword { new: &new }, &Turn::default(), deadline())
                            .await?;
                        session.commit().await
                    };
                    if outcome.await.is_ok() && attempt == 0 && proxy.faults() == 0 {
                        assert!(cuts > 5, "the connection was cut {cuts} times only");
                        break 'messages;
                    }
                }
                cuts += 1;
                assert!(lab.opens(&lab.app.password).await, "{message} {action:?}: AWSCURRENT is out");
            }
            lab.change(&lab.app.password, new.expose()).await.unwrap();
            assert!(lab.opens(&lab.app.password).await && lab.opens(new.expose()).await);
        }
    }
}

/// A cut anywhere ends with the new password alone.
/// Where the former password is discarded, some labeled version logs in after each cut, and the next
/// setSecret ends all others.
#[tokio::test]
async fn new_password_alone_in_the_end() {
    const NEW: &str = "pending-password-1A";
    let mut cuts = 0;
    'messages: for message in 1..100 {
        for action in CUTS {
            let mut lab = Lab::new(MysqlFlavor::MySql, "").await;
            let user = at(&lab.app.username, "%");
            lab.admin(&[
                &format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {user}"),
                &format!("ALTER USER {user} IDENTIFIED BY 'before-1' RETAIN CURRENT PASSWORD"),
            ])
            .await;
            let left = std::mem::replace(&mut lab.app.password, "before-1".to_owned());
            lab.settings = Settings { dual_password: DualPassword::Off, ..Settings::default() };
            let proxy = proxy(&lab, message, action).await;
            let new = password(NEW);
            let login = through(&lab, &proxy, &lab.app);
            let opened = engine(lab.server, lab.settings).connect(&login, Transport::Tls, deadline()).await;
            if let Ok(mut session) = opened {
                let change = Change::OwnPassword { new: &new };
                let outcome = async {
                    session.stage(&change, &Turn::default(), deadline()).await?;
                    session.commit().await
                };
                if outcome.await.is_ok() && proxy.faults() == 0 {
                    assert!(cuts > 10, "the connection was cut {cuts} times only");
                    break 'messages;
                }
            }
            cuts += 1;
            assert!(
                lab.opens("before-1").await || lab.opens(NEW).await,
                "{message} {action:?}: nothing opens"
            );
            lab.set_secret(NEW).await.unwrap_or_else(|error| panic!("{message} {action:?}: {error:?}"));
            assert!(lab.opens(NEW).await, "{message} {action:?}");
            for old in ["before-1", &left] {
                assert!(!lab.opens(old).await, "{message} {action:?}: an old password opens");
            }
        }
    }
}
