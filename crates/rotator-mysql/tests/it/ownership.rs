//! Which secret a pair belongs to: the mark on both users, and pairs without one.

use rotation_database::{Change, PairOwner, Session, StatementError, StatementFault, Turn};
use rotation_suites::EngineScene;
use test_servers::{MysqlFlavor, MysqlServer, MysqlVersion, TestLogin};

use crate::{
    alternating::{opens, rights},
    fixture::{Lab, at, deadline, owner, owner_named, password},
};

fn with(login: &TestLogin, password: &str) -> TestLogin {
    TestLogin { password: password.to_owned(), ..login.clone() }
}

/// What the server stores about both users, passwords and marks included.
async fn snapshot(lab: &Lab) -> String {
    let names = format!("'{}', '{}'", lab.app.username, lab.clone().username);
    let sql = match lab.server.flavor() {
        MysqlFlavor::MySql => format!(
            "SELECT User, authentication_string, account_locked, User_attributes FROM mysql.user \
             WHERE User IN ({names})"
        ),
        MysqlFlavor::MariaDb => format!(
            "SELECT User, Priv, (SELECT GROUP_CONCAT(Role ORDER BY Role) FROM mysql.roles_mapping r WHERE \
             r.User = g.User) FROM mysql.global_priv g WHERE User IN ({names})"
        ),
    };
    let rights =
        [rights(lab.server, &lab.app.username).await, rights(lab.server, &lab.clone().username).await];
    format!("{:?} {rights:?}", lab.server.query(&sql).await.unwrap())
}

/// The rotation is refused with this fault, and nothing is changed.
async fn refused(lab: &Lab, owner: &PairOwner, next: &TestLogin, expected: &StatementFault) {
    let (version, before) = (lab.server.version(), snapshot(lab).await);
    assert_eq!(lab.changed_for(owner, next).await.unwrap_err().fault, *expected, "{version}");
    assert_eq!(snapshot(lab).await, before, "{version}: nothing may be written");
}

/// The marks of a user: attributes, or roles.
async fn marks(server: &MysqlServer, user: &str) -> Vec<String> {
    let sql = match server.flavor() {
        MysqlFlavor::MySql => format!(
            "SELECT ATTRIBUTE->'$.rotation' FROM information_schema.USER_ATTRIBUTES \
             WHERE USER = '{user}' ORDER BY HOST"
        ),
        MysqlFlavor::MariaDb => format!(
            "SELECT Role FROM mysql.roles_mapping WHERE User = '{user}' \
             AND Role RLIKE '^(rotation|clone):' ORDER BY Role"
        ),
    };
    server.query(&sql).await.unwrap().into_iter().filter_map(|row| row[0].clone()).collect()
}

/// How the server's marks name this secret.
fn shown(flavor: MysqlFlavor, name: &str) -> StatementFault {
    let secret = match flavor {
        MysqlFlavor::MySql => format!("123456789012:{name}"),
        MysqlFlavor::MariaDb => name.to_owned(),
    };
    StatementFault::OtherSecret { secret }
}

async fn change_own(lab: &Lab, user: &TestLogin, owner: Option<&PairOwner>) -> Result<(), StatementError> {
    let mut session = lab.connect(user).await.unwrap();
    if let Some(owner) = owner {
        session.act_for(owner);
    }
    let new = password("a-password-of-its-own-1A");
    session.stage(&Change::OwnPassword { new: &new }, &Turn::default(), deadline()).await?;
    session.commit().await.map(drop)
}

/// Both users carry the mark of the secret.
/// Both users carry it, neither can write it, and what operators keep in attributes stays.
#[tokio::test]
async fn both_users_carry_the_mark() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let clone = lab.clone();
        lab.rotate_to(&clone).await.unwrap();
        let mark = marks(lab.server, &lab.app.username).await;
        assert_eq!(marks(lab.server, &clone.username).await, mark, "{version}");
        assert!(mark.len() == 1 && mark[0].contains("shop/checkout"), "{version}: {mark:?}");
        for user in [&lab.app, &clone] {
            let writes = match version.flavor() {
                MysqlFlavor::MySql => vec![format!("ALTER USER USER() ATTRIBUTE '{{\"rotation\": null}}'")],
                MysqlFlavor::MariaDb => vec![
                    format!("GRANT `{}` TO {}", mark[0], at(&lab.master.username, "%")),
                    format!("REVOKE `{}` FROM {}", mark[0], at(&clone.username, "%")),
                    format!("DROP ROLE `{}`", mark[0]),
                ],
            };
            for sql in &writes {
                lab.server.query_as(user, &[sql]).await.unwrap_err();
            }
        }
        for next in [with(&lab.app, "second-password-1A"), with(&clone, "third-password-1A")] {
            lab.rotate_to(&next).await.unwrap();
        }
        assert_eq!(marks(lab.server, &clone.username).await, mark, "{version}: it is written once");
        lab.admin(&[&format!("GRANT PROCESS ON *.* TO {}", at(&lab.app.username, "%"))]).await;
        lab.rotate_to(&clone).await.unwrap();
        let now = marks(lab.server, &clone.username).await;
        assert!(now != mark && now.len() == 1, "{version}: it follows the rights: {now:?}");
        assert_eq!(marks(lab.server, &lab.app.username).await, now, "{version}");
    }
}

/// The second secret of a user is refused on both turns, and takes over where the operator names it.
#[tokio::test]
async fn second_secret_of_a_pair_is_refused() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let clone = lab.clone();
        lab.rotate_to(&clone).await.unwrap();
        let mut second = owner_named("shop/second");
        for next in [with(&clone, "of-the-second-1A"), with(&lab.app, "of-the-second-1A")] {
            refused(&lab, &second, &next, &shown(version.flavor(), "shop/checkout")).await;
        }
        assert!(opens(&lab, &clone).await && opens(&lab, &lab.app).await);
        second.adopt = true;
        let taken = with(&lab.app, "of-the-second-1A");
        let notes = lab.changed_for(&second, &taken).await.unwrap().notes;
        assert!(notes.iter().any(|note| note.contains("ADOPT_CLONES")), "{version}: {notes:?}");
        second.adopt = false;
        lab.changed_for(&second, &with(&clone, "of-the-second-2B")).await.unwrap();
        refused(&lab, &owner(), &lab.app, &shown(version.flavor(), "shop/second")).await;
        assert!(opens(&lab, &taken).await);
    }
}

/// A master other than the one that created the pair goes on with it.
#[tokio::test]
async fn another_master_continues_a_pair() {
    for version in MysqlVersion::to_be_tested() {
        let mut lab = Lab::new(version, "").await;
        let clone = lab.clone();
        lab.rotate_to(&clone).await.unwrap();
        lab.master = crate::fixture::create_master(lab.server).await;
        lab.rotate_to(&lab.app).await.unwrap();
        let app = &lab.app.username;
        lab.admin(&[
            &format!("GRANT PROCESS ON *.* TO {}", at(app, "%")),
            &format!("CREATE USER {} IDENTIFIED BY 'x-1A-x-1A'", at(app, "10.%")),
        ])
        .await;
        lab.rotate_to(&clone).await.unwrap();
        // A clone that an administrator dropped in part is created again, with the mark that the rest of the
        // pair has.
        lab.admin(&[&format!("DROP USER {}", at(&clone.username, "10.%"))]).await;
        lab.rotate_to(&clone).await.unwrap();
        let all = marks(lab.server, &clone.username).await;
        assert!(all.len() == 2 && all[0] == all[1], "{version}: {all:?}");
        assert_eq!(marks(lab.server, app).await, all, "{version}");
        assert!(opens(&lab, &clone).await);
    }
}

/// A user of a pair is no single user.
/// A single user's secret would lock out the secret of the pair.
#[tokio::test]
async fn pair_user_is_no_single_user() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let clone = lab.clone();
        lab.rotate_to(&clone).await.unwrap();
        let fault = shown(version.flavor(), "shop/checkout");
        let mut other = owner_named("other");
        for user in [&lab.app, &clone] {
            let before = snapshot(&lab).await;
            for owner in [None, Some(&other)] {
                let error = change_own(&lab, user, owner).await.unwrap_err();
                assert_eq!(error.fault, fault, "{version}");
            }
            assert_eq!(snapshot(&lab).await, before, "{version}");
            let facts = lab.connect(user).await.unwrap().facts(None).await.unwrap();
            assert_eq!(facts.hindrance, Some(fault.clone()), "{version}: doctor reports it in advance");
        }
        // The secret of the pair itself may change to the other strategy, and another secret by the
        // operator's setting.
        change_own(&lab, &lab.app, Some(&owner())).await.unwrap();
        other.adopt = true;
        change_own(&lab, &clone, Some(&other)).await.unwrap();
    }
}

/// Makes the pair what a former version left: a mark that names no secret.
async fn forget_secret(lab: &Lab) {
    let (app, clone) = (lab.app.username.clone(), at(&lab.clone().username, "%"));
    if lab.server.flavor() == MysqlFlavor::MySql {
        let both = format!("{}, {clone}", at(&app, "%"));
        lab.admin(&[
            &format!("ALTER USER {both} ATTRIBUTE '{{\"rotation\": null}}'"),
            &format!("ALTER USER {clone} ATTRIBUTE '{{\"rotation\": {{\"cloneOf\": \"{app}\"}}}}'"),
        ])
        .await;
        return;
    }
    for role in marks(lab.server, &app).await {
        lab.admin(&[&format!("DROP ROLE `{role}`")]).await;
    }
    let role = format!("`clone:{app}`");
    lab.admin(&[&format!("CREATE ROLE {role}"), &format!("GRANT {role} TO {clone}")]).await;
}

/// A pair of the former version gets the mark at its next rotation, whichever user's turn it is, if the
/// privileges are equal.
#[tokio::test]
async fn former_pair_gets_the_mark() {
    for version in MysqlVersion::to_be_tested() {
        for original_is_next in [false, true] {
            let lab = Lab::new(version, "").await;
            let clone = lab.clone();
            lab.rotate_to(&clone).await.unwrap();
            forget_secret(&lab).await;
            let next = if original_is_next { &lab.app } else { &clone };
            lab.rotate_to(&with(next, "second-password-1A")).await.unwrap();
            for user in [&lab.app, &clone] {
                let mark = marks(lab.server, &user.username).await;
                assert!(mark.len() == 1 && mark[0].contains("shop/checkout"), "{version}: {mark:?}");
            }
            let other = owner_named("other");
            refused(&lab, &other, &clone, &shown(version.flavor(), "shop/checkout")).await;
        }
    }
}

/// A clone that the former version had begun to reconcile is finished. Before the original is changed, the
/// clone must be equal.
#[tokio::test]
async fn former_rotation_is_finished() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let clone = lab.clone();
        lab.rotate_to(&clone).await.unwrap();
        forget_secret(&lab).await;
        lab.admin(&[&format!("GRANT PROCESS ON *.* TO {}", at(&lab.app.username, "%"))]).await;
        refused(&lab, &owner(), &lab.app, &StatementFault::CloneNotRecognized).await;
        lab.rotate_to(&with(&clone, "second-password-1A")).await.unwrap();
        crate::alternating::check_equal(&lab).await;
    }
}

/// Fewer privileges, or privileges that the users granted each other, make no user a clone.
#[tokio::test]
async fn mutual_grants_prove_nothing() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let (app, other) = (at(&lab.app.username, "%"), lab.clone());
        let account = at(&other.username, "%");
        let data = format!("`{}`.*", lab.app.username);
        lab.admin(&[
            &format!("CREATE DATABASE `{}`", lab.app.username),
            &format!("CREATE USER {account} IDENTIFIED BY '{}'", other.password),
            &format!("GRANT SELECT ON {data} TO {app} WITH GRANT OPTION"),
            "CREATE ROLE IF NOT EXISTS passed_on",
            &format!("GRANT passed_on TO {app} WITH ADMIN OPTION"),
        ])
        .await;
        let unknown = StatementFault::CloneNotRecognized;
        let turns = [with(&other, "another-password-1A"), with(&lab.app, "another-password-1A")];
        for given in [
            &[][..],
            &[
                format!("GRANT SELECT ON {data} TO {account} WITH GRANT OPTION"),
                format!("GRANT passed_on TO {account} WITH ADMIN OPTION"),
            ],
        ] {
            for sql in given {
                lab.server.query_as(&lab.app, &[sql]).await.unwrap();
            }
            for next in &turns {
                refused(&lab, &owner(), next, &unknown).await;
            }
        }
        assert!(opens(&lab, &other).await && opens(&lab, &lab.app).await);
        // One privilege that only an administrator can have granted identifies a clone.
        lab.admin(&[
            &format!("GRANT PROCESS ON *.* TO {app}"),
            &format!("GRANT PROCESS ON *.* TO {account}"),
        ])
        .await;
        let notes = lab.rotate_to(&turns[0]).await.unwrap();
        assert!(notes.iter().any(|note| note.contains("equal rights")), "{version}: {notes:?}");
    }
}

/// A user that has an account with the clone's name only for another host does not get the original's
/// password.
#[tokio::test]
async fn account_for_another_host_is_no_clone() {
    for version in MysqlVersion::to_be_tested() {
        let lab = Lab::new(version, "").await;
        let (app, other) = (&lab.app.username, lab.clone());
        lab.admin(&[
            &format!("RENAME USER {} TO {}", at(app, "%"), at(app, "192.168.%")),
            &format!("CREATE USER {} IDENTIFIED BY '{}'", at(&other.username, "%"), other.password),
        ])
        .await;
        refused(&lab, &owner(), &with(&lab.app, "another-1A-one"), &StatementFault::CloneNotRecognized).await;
        // On its own turn it is left alone.
        let notes = lab.rotate_to(&with(&other, "another-1A-one")).await.unwrap();
        assert!(notes.iter().any(|note| note.contains("was left alone")), "{version}: {notes:?}");
        assert!(opens(&lab, &other).await, "{version}");
    }
}
