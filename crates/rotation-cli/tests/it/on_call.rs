//! The ten questions of docs/how-to/operations.md: each answer is on the first screen of what the document
//! names, over real output of the command.

use std::{fs, path::Path};

use local_aws::secrets_manager::Operation;
use serde_json::json;

use crate::world::{SECRET, World};

/// Lines and columns of a terminal of the usual size.
const SCREEN: (usize, usize) = (24, 110);

/// A row of the table: where the answer is, and what must be read there.
struct Question {
    number: usize,
    at: String,
    answer: String,
}

fn document() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join("docs/how-to/operations.md")).unwrap()
}

fn questions() -> Vec<Question> {
    let document = document();
    let section = document.split("\n## Ten questions\n").nth(1).expect("the ten questions");
    let rows = section.split("\n## ").next().unwrap().lines().filter(|line| line.starts_with("| "));
    rows.filter_map(|row| {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        let number = cells[1].parse().ok()?;
        // What is quoted first is what must be read; the rest explains it.
        let answer = cells[4].split('`').nth(1).unwrap_or_default().to_owned();
        Some(Question { number, at: cells[3].to_owned(), answer })
    })
    .collect()
}

/// What fits on a screen without scrolling; long lines take several of its lines.
fn first_screen(text: &str, (lines, columns): (usize, usize)) -> String {
    let mut left = lines;
    let mut seen = String::new();
    for line in text.lines() {
        let takes = line.chars().count().div_ceil(columns).max(1);
        if takes > left {
            break;
        }
        left -= takes;
        seen.push_str(line);
        seen.push('\n');
    }
    seen
}

/// A secret in the situation of a question; the last ones need none.
async fn asked(number: usize) -> World {
    let world = World::new().await;
    let user = world.user.username.clone();
    let half_way = "interrupted-0123456789";
    match number {
        // setSecret has changed the password, and finishSecret has not run.
        1 | 2 => {
            world.put_pending(half_way);
            world.admin(&format!("ALTER ROLE {user} PASSWORD '{half_way}'")).await;
        }
        // The password was changed in the database.
        3 | 4 => world.admin(&format!("ALTER ROLE {user} PASSWORD 'of-an-administrator'")).await,
        5 => {
            let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            world.put(&["AWSCURRENT"], &world.document(&world.user, &json!({"port": port})));
        }
        6 => world.admin(&format!("ALTER ROLE {user} NOLOGIN")).await,
        7 => {
            let master = world.server.create_role("CREATEROLE").await.unwrap();
            let value = world.document(&master, &json!({}));
            let arn = world.service.create_secret("master", &value).unwrap();
            world.put(&["AWSCURRENT"], &world.document(&world.user, &json!({"masterarn": arn})));
        }
        _ => {}
    }
    world
}

/// Each on-call question is answered on the first screen.
#[tokio::test]
async fn first_screen_answers_each_question() {
    let questions = questions();
    let numbers: Vec<_> = questions.iter().map(|question| question.number).collect();
    assert_eq!(numbers, (1..=10).collect::<Vec<_>>());
    for Question { number, at, answer } in questions {
        let screen = match at.as_str() {
            "`rotate doctor`" => {
                let run = asked(number).await.ask("doctor", &[], &[]).await;
                first_screen(&run.out, SCREEN)
            }
            // A page of a browser shows about twice as many lines as a terminal.
            "this page" => first_screen(&document(), (2 * SCREEN.0, SCREEN.1)),
            other => panic!("question {number}: nothing is known of {other}"),
        };
        assert!(!answer.is_empty() && screen.contains(&answer), "{number}: no {answer:?} in\n{screen}");
    }
}

/// What the decision tree promises about the lines `State` and `Next`.
#[tokio::test]
async fn tree_leads_from_state_to_way_out() {
    // 1. No outage: AWSCURRENT logs in, whatever AWSPENDING does.
    let world = World::new().await;
    world.put_pending("never-to-be-set-0123");
    let run = world.ask("doctor", &[], &[]).await;
    let state = run.out.lines().find(|line| line.starts_with("State ")).expect("a state");
    // The labels stand in the order of their versions, which is drawn.
    assert!(state.contains("AWSCURRENT logs in"), "{state}");
    // 2. An outage with a command that ends it.
    let run = asked(1).await.ask("doctor", &[], &[]).await;
    run.expect_out("AWSCURRENT is refused").expect_out("\n      rotate recover arn:");
    // 3. An outage that no label ends.
    let run = asked(4).await.ask("doctor", &[], &[]).await;
    run.expect_out("AWSCURRENT is refused");
    assert!(!run.out.contains("rotate recover arn:"), "{}", run.out);
    // 4. Not known.
    let run = asked(5).await.ask("doctor", &[], &[]).await;
    assert!(!run.out.contains("AWSCURRENT is refused"), "{}", run.out);
    assert!(!run.out.contains("AWSCURRENT logs in"), "{}", run.out);
    // 5. Doctor itself fails, and names why.
    let world = World::new().await;
    let request = json!({"SecretId": SECRET, "ForceDeleteWithoutRecovery": true});
    world.service.call_inside(Operation::DeleteSecret, request).unwrap();
    let run = world.ask("doctor", &["--engine", "postgres"], &[]).await;
    assert!(run.out.contains("SECRET_") || run.err.contains("code: "), "{}{}", run.out, run.err);
}
