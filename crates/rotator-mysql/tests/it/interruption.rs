//! The connection is cut at every message of a change, before or after the server has received it.

use crate::fixture::owner;
use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use rotation_database::{
    Change, Credentials, Engine, Login, Session, StatementError, StatementFault, Transport, Turn,
};
use rotator_mysql::{DualPassword, Settings};
use test_servers::{MysqlFlavor, TestLogin};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinSet,
};

use crate::{
    alternating::{check_equal, rights},
    fixture::{Lab, at, deadline, engine, password, username},
};

/// Where a connection ends, by the messages of the client: a request for TLS, then TLS records.
#[derive(Clone, Copy, Debug)]
struct Cut {
    message: usize,
    /// Whether the server receives the message, and only its answer is lost.
    heard: bool,
}

/// A relay in front of a server, which cuts its connections as instructed.
struct Relay {
    port: u16,
    cut: Arc<Mutex<Option<Cut>>>,
    _tasks: JoinSet<()>,
}

impl Relay {
    async fn start(server: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let cut = Arc::new(Mutex::new(None));
        let shared = Arc::clone(&cut);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            loop {
                let Ok((client, _)) = listener.accept().await else { return };
                let cut = *shared.lock().unwrap();
                tokio::spawn(async move { drop(relay(client, server, cut).await) });
            }
        });
        Self { port, cut, _tasks: tasks }
    }

    fn set(&self, cut: Option<Cut>) {
        *self.cut.lock().unwrap() = cut;
    }
}

async fn relay(client: TcpStream, server: u16, cut: Option<Cut>) -> io::Result<()> {
    let server = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], server))).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ((from_client, mut to_client), (mut from_server, to_server)) =
        (client.into_split(), server.into_split());
    tokio::select! {
        outcome = forward(from_client, to_server, cut) => outcome,
        outcome = tokio::io::copy(&mut from_server, &mut to_client) => outcome.map(drop),
    }
}

/// Passes messages on until the cut; its end closes both sides.
async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, cut: Option<Cut>) -> io::Result<()> {
    for message in 1.. {
        let mut bytes = if message == 1 { vec![0; 36] } else { vec![0; 5] };
        from.read_exact(&mut bytes).await?;
        if message > 1 {
            let length = usize::from(u16::from_be_bytes([bytes[3], bytes[4]]));
            bytes.resize(5 + length, 0);
            from.read_exact(&mut bytes[5..]).await?;
        }
        match cut {
            Some(cut) if cut.message == message && !cut.heard => return Ok(()),
            Some(cut) if cut.message == message => {
                to.write_all(&bytes).await?;
                // Time for the server to act before it finds the client gone.
                tokio::time::sleep(std::time::Duration::from_millis(40)).await;
                return Ok(());
            }
            _ => to.write_all(&bytes).await?,
        }
    }
    Ok(())
}

fn through(lab: &Lab, relay: &Relay, login: &TestLogin) -> Login {
    Login { port: relay.port, ..lab.login(login) }
}

/// Sets the next user's password through the relay. `None` where the login failed.
async fn rotate(lab: &Lab, relay: &Relay, next: &TestLogin) -> Option<Result<(), StatementError>> {
    let pair = lab.pair();
    let credentials = Credentials { username: username(&next.username), password: password(&next.password) };
    let live = pair.other(&credentials.username);
    let engine = engine(lab.server, Settings::default());
    let login = through(lab, relay, &lab.master);
    let mut session = engine.connect(&login, Transport::Tls, deadline()).await.ok()?;
    let change = Change::OtherUser { pair: &pair, live, next: &credentials, owner: &owner(), method: None };
    let outcome = async {
        session.stage(&change, &Turn::default(), deadline()).await?;
        session.commit().await.map(drop)
    };
    Some(outcome.await)
}

async fn opens(lab: &Lab, login: &TestLogin) -> bool {
    lab.connect(login).await.is_ok()
}

/// A session that logs in as the clone has all privileges: at no cut is the password set before them. The
/// live user is never touched, and repeating the change converges.
#[tokio::test]
async fn a_cut_anywhere_leaves_no_clone_that_opens_without_its_rights() {
    for flavor in MysqlFlavor::ALL.into_iter().filter(|flavor| flavor.is_to_be_tested()) {
        let mut cuts = 0;
        'messages: for message in 1..100 {
            for heard in [false, true] {
                let lab = Lab::new(flavor, "WITH MAX_USER_CONNECTIONS 9").await;
                let user = at(&lab.app.username, "%");
                lab.admin(&[
                    &format!("GRANT SELECT ON *.* TO {user}"),
                    &format!("GRANT INSERT, UPDATE ON `{}`.* TO {user} WITH GRANT OPTION", lab.app.username),
                ])
                .await;
                let relay = Relay::start(lab.server.port()).await;
                relay.set(Some(Cut { message, heard }));
                let clone = lab.clone();
                match rotate(&lab, &relay, &clone).await {
                    Some(Ok(())) => {
                        assert!(cuts > 10, "{flavor}: the connection was cut {cuts} times only");
                        break 'messages;
                    }
                    Some(Err(error)) => assert_eq!(error.fault, StatementFault::ConnectionLost, "{message}"),
                    None => {}
                }
                cuts += 1;
                assert!(opens(&lab, &lab.app).await, "{flavor}, {message} {heard}: the live user is out");
                if opens(&lab, &clone).await {
                    check_equal(&lab).await;
                }
                relay.set(None);
                rotate(&lab, &relay, &clone).await.unwrap().unwrap();
                check_equal(&lab).await;
                assert!(opens(&lab, &clone).await && opens(&lab, &lab.app).await);
                assert!(!rights(lab.server, &clone.username).await.is_empty());
            }
        }
    }
}

/// With two passwords, `AWSCURRENT` logs in whatever is cut and however often the change is repeated.
#[tokio::test]
async fn a_cut_anywhere_leaves_the_password_in_use_as_it_is() {
    let mut cuts = 0;
    'messages: for message in 1..100 {
        for heard in [false, true] {
            let lab = Lab::new(MysqlFlavor::MySql, "").await;
            let user = at(&lab.app.username, "%");
            lab.admin(&[&format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {user}")]).await;
            let relay = Relay::start(lab.server.port()).await;
            let engine = engine(lab.server, Settings::default());
            let login = through(&lab, &relay, &lab.app);
            let new = password("pending-password-1A");
            relay.set(Some(Cut { message, heard }));
            for attempt in 0..3 {
                if let Ok(mut session) = engine.connect(&login, Transport::Tls, deadline()).await {
                    let outcome = async {
                        session
                            .stage(&Change::OwnPassword { new: &new }, &Turn::default(), deadline())
                            .await?;
                        session.commit().await
                    };
                    if outcome.await.is_ok() && attempt == 0 {
                        assert!(cuts > 5, "the connection was cut {cuts} times only");
                        break 'messages;
                    }
                }
                cuts += 1;
                assert!(lab.opens(&lab.app.password).await, "{message} {heard}: AWSCURRENT is out");
            }
            relay.set(None);
            lab.change(&lab.app.password, new.expose()).await.unwrap();
            assert!(lab.opens(&lab.app.password).await && lab.opens(new.expose()).await);
        }
    }
}

/// Where the former password is discarded, some labeled version logs in after each cut, and the next
/// setSecret ends all others.
#[tokio::test]
async fn a_cut_anywhere_ends_with_the_new_password_alone() {
    const NEW: &str = "pending-password-1A";
    let mut cuts = 0;
    'messages: for message in 1..100 {
        for heard in [false, true] {
            let mut lab = Lab::new(MysqlFlavor::MySql, "").await;
            let user = at(&lab.app.username, "%");
            lab.admin(&[
                &format!("GRANT APPLICATION_PASSWORD_ADMIN ON *.* TO {user}"),
                &format!("ALTER USER {user} IDENTIFIED BY 'before-1' RETAIN CURRENT PASSWORD"),
            ])
            .await;
            let left = std::mem::replace(&mut lab.app.password, "before-1".to_owned());
            lab.settings = Settings { dual_password: DualPassword::Off, ..Settings::default() };
            let relay = Relay::start(lab.server.port()).await;
            relay.set(Some(Cut { message, heard }));
            let new = password(NEW);
            let login = through(&lab, &relay, &lab.app);
            let opened = engine(lab.server, lab.settings).connect(&login, Transport::Tls, deadline()).await;
            if let Ok(mut session) = opened {
                let change = Change::OwnPassword { new: &new };
                let outcome = async {
                    session.stage(&change, &Turn::default(), deadline()).await?;
                    session.commit().await
                };
                if outcome.await.is_ok() {
                    assert!(cuts > 10, "the connection was cut {cuts} times only");
                    break 'messages;
                }
            }
            cuts += 1;
            assert!(lab.opens("before-1").await || lab.opens(NEW).await, "{message} {heard}: nothing opens");
            lab.set_secret(NEW).await.unwrap_or_else(|error| panic!("{message} {heard}: {error:?}"));
            assert!(lab.opens(NEW).await, "{message} {heard}");
            for old in ["before-1", &left] {
                assert!(!lab.opens(old).await, "{message} {heard}: an old password logs in");
            }
        }
    }
}
