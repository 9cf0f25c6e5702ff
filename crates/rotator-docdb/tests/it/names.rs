//! Names and passwords with every character that needs an escape somewhere.

use rotation_suites::EngineScene;
use test_servers::TestLogin;

use crate::fixture::{HOME, Lab, create_app_as, fresh, opens, server};

const ODD: &str = "@:/%$.\"'\\ ?#[]{}&+;<>|`~!*()^-_";

fn odd_names() -> Vec<String> {
    let number = fresh("").username;
    let mut names: Vec<_> = ODD.chars().map(|odd| format!("odd{odd}name{number}")).collect();
    names.push(format!("{ODD}{number}"));
    names.push(format!("n\u{e4}me-\u{65e5}\u{672c}-\u{1f511}{number}"));
    names.push(format!("%40%00$where{number}"));
    names
}

/// Odd names and passwords are set exactly, and no other user is changed.
#[tokio::test]
async fn odd_users_and_passwords() {
    let bystander = Lab::new().await;
    let before = bystander.snapshot().await;
    for (index, name) in odd_names().into_iter().enumerate() {
        let first = TestLogin { username: name.clone(), password: format!("first {ODD} {index}") };
        create_app_as(server(), HOME, &first).await.unwrap();
        let mut lab = Lab::with_app(HOME, first.clone()).await;
        let passwords = [
            format!("{ODD}{index}"),
            format!("p\u{e4}ss-\u{65e5}\u{672c}-{index}"),
            "%40%00$where".to_owned(),
        ];
        for password in passwords {
            lab.change_own(&password).await.unwrap();
            let next = TestLogin { password, ..first.clone() };
            assert!(opens(&next, HOME).await, "{name}");
            assert!(!opens(&lab.app, HOME).await, "{name}");
            lab.app = next;
        }
        let clone = TestLogin { password: format!("clone {ODD}\u{e9}"), ..lab.clone() };
        lab.rotate_to(&clone).await.unwrap();
        assert!(opens(&clone, HOME).await, "{}", clone.username);
        assert_eq!(lab.roles(&clone.username).await, lab.roles(&name).await);
    }
    assert_eq!(before, bystander.snapshot().await, "no other user is changed");
}
