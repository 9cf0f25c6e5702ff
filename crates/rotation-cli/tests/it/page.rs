//! The page of a timeline, in a real Chromium.

use std::time::{Duration, SystemTime};

use rotation_cli::timeline::{Event, Login, LoginOutcome, Page, Section, Source, Timeline, What};
use test_servers::{Chromium, ColorScheme, Visit};

use crate::{
    timeline::alternating,
    world::{SECRET, World},
};

fn page(heading: &str, timeline: &Timeline) -> String {
    let note = ("State".to_owned(), "AWSCURRENT logs in".to_owned());
    let section = Section { heading: heading.to_owned(), timeline, notes: vec![note] };
    let made = SystemTime::UNIX_EPOCH + Duration::from_secs(1_796_047_325);
    Page { title: "Labels and logins", about: "Of a test.", made, sections: vec![section] }.to_html()
}

/// What Chromium makes of a page; `None` where Chromium may be missing, and is.
async fn visit(html: &str) -> Option<Visit> {
    Some(Chromium::open(html).unwrap()?.visit().await.unwrap())
}

/// The page loads nothing and breaks no rule of its own policy.
#[track_caller]
fn expect_quiet(visit: &Visit) {
    assert_eq!(visit.requests, Vec::<String>::new());
    assert_eq!(visit.console, Vec::<String>::new());
}

/// What stands between the first `start` and the next `end`, for each place in the text.
fn between<'a>(text: &'a str, start: &str, end: &str) -> Vec<&'a str> {
    text.split(start).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0)).collect()
}

/// Every row and every label is in the page.
#[tokio::test]
async fn every_row_and_label_is_in_it() {
    let Some(visit) = visit(&page("shop/checkout", &alternating())).await else { return };
    expect_quiet(&visit);
    let dom = &visit.dom;
    assert_eq!(between(dom, "<h1>", "</h1>"), ["Labels and logins"]);
    assert_eq!(between(dom, "<h2 id=\"secret-1\">", "</h2>"), ["shop/checkout"]);
    assert_eq!(between(dom, "<th scope=\"col\">", "</th>").len(), 6);
    // One version at first, two at each of the five moments after it.
    let rows = between(between(dom, "<tbody>", "</tbody>")[0], "<tr>", "</tr>");
    assert_eq!(rows.len(), 11, "{rows:#?}");
    let finish: Vec<_> = rows.iter().filter(|row| row.contains("<td>finishSecret</td>")).collect();
    assert_eq!(finish.len(), 2);
    assert!(finish[0].contains("b8e2972a-46ea-43cc-b7c3-f609ccfdb233") && finish[0].contains("AWSPREVIOUS"));
    assert!(finish[1].contains("AWSCURRENT, AWSPENDING") && finish[1].contains("checkout_clone"));
    assert!(rows[2].contains("is refused") && rows[4].contains("logs in"), "{rows:#?}");
    // The chart has a bar for each run of a label, and a sign with a title for each login.
    let chart = between(dom, "<div class=\"chart\">", "</div>").concat();
    let bars: Vec<_> = between(&chart, "<rect class=\"label ", "\"");
    assert_eq!(bars, ["current", "previous", "pending", "current", "pending", "current"]);
    assert_eq!(chart.matches("<g class=\"login logs-in\"><title>").count(), 10);
    assert_eq!(chart.matches("<g class=\"login refused\"><title>").count(), 1);
    assert!(chart.contains("<title>createSecret f0383ea6 is refused</title>"), "{chart}");
    assert!(dom.contains("lang=\"en\"") && !dom.contains("<script"));
}

/// Names of a secret are text, and nothing else.
#[tokio::test]
async fn names_of_a_secret_are_text_alone() {
    let evil = "</title><script>document.title='x'</script><img src=x onerror=alert(1)>\"'&\u{202e}\u{1b}[2J";
    let at = SystemTime::UNIX_EPOCH;
    let event = |what| Event { at, version: evil.to_owned(), what };
    let timeline = Timeline::new(
        vec![rotation_cli::timeline::Mark { at, name: evil.to_owned() }],
        vec![
            event(What::Created),
            event(What::User(evil.to_owned())),
            event(What::Labels(vec![evil.to_owned()], Source::Inferred)),
            event(What::Login(Login { outcome: LoginOutcome::Unknown, words: evil.to_owned() })),
        ],
    );
    let html = page(evil, &timeline);
    assert!(!html.contains(['\u{202e}', '\u{1b}']), "{html}");
    let Some(visit) = visit(&html).await else { return };
    expect_quiet(&visit);
    assert!(!visit.dom.contains("<script") && !visit.dom.contains("<img"), "{}", visit.dom);
    // As Chromium writes the text back: every character of the name, and what steers as its escape.
    let text = evil.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let text = text.replace('\u{202e}', r"\u{202e}").replace('\u{1b}', r"\u{1b}");
    assert_eq!(between(&visit.dom, "<h2 id=\"secret-1\">", "</h2>"), [&text]);
    assert_eq!(between(&visit.dom, "<code>", "</code>"), [&text]);
    assert!(visit.dom.contains(&format!("<td>{text} (inferred)</td><td>{text}</td>")), "{}", visit.dom);
}

/// A page that requests something from elsewhere is detected.
#[tokio::test]
async fn external_requests_are_noticed() {
    let plain = page("shop/checkout", &alternating());
    let image = "<img src=\"http://pictures.example/x.png\"></main>";
    let asking = plain.replace("</main>", image);
    let Some(caught) = visit(&asking).await else { return };
    assert_eq!(caught.requests, Vec::<String>::new(), "the page's own policy keeps it from asking");
    assert!(caught.console.iter().any(|line| line.contains("Content Security Policy")), "{caught:?}");
    // Without its policy the request leaves the browser.
    let Some((before, rest)) = asking.split_once("<meta http-equiv") else { panic!("no policy: {asking}") };
    let open = format!("{before}{}", rest.split_once('>').unwrap().1);
    let caught = visit(&open).await.unwrap();
    assert!(caught.requests.iter().any(|line| line.contains("http://pictures.example/x.png")), "{caught:?}");
    let script = open.replace(image, "<script>console.error('noticed')</script></main>");
    let caught = visit(&script).await.unwrap();
    assert!(caught.console.iter().any(|line| line.contains("noticed")), "{caught:?}");
}

/// The page is drawn in light and dark, and on paper.
#[tokio::test]
async fn light_dark_and_on_paper() {
    let html = page("shop/checkout", &alternating());
    let Some(chromium) = Chromium::open(&html).unwrap() else { return };
    let light = chromium.picture(ColorScheme::Light, 1200, 900).await.unwrap();
    let dark = chromium.picture(ColorScheme::Dark, 1200, 900).await.unwrap();
    for picture in [&light, &dark] {
        assert!(picture.starts_with(b"\x89PNG") && picture.len() > 20_000, "{} bytes", picture.len());
    }
    assert_ne!(light, dark, "the page follows the preferred colors");
    let paper = chromium.print().await.unwrap();
    assert!(paper.starts_with(b"%PDF") && paper.len() > 10_000, "{} bytes", paper.len());
}

/// `--explain` writes a page without a password.
#[tokio::test]
async fn explain_writes_no_password() {
    let world = World::new().await;
    let pending = world.put_pending("never-to-be-set-0123");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("explain.html");
    let run = world.ask("explain", &["--html", file.to_str().unwrap()], &[]).await;
    run.expect_code(0).expect_out("The timeline is in ");
    let html = std::fs::read_to_string(&file).unwrap();
    for password in [&world.user.password, "never-to-be-set-0123"] {
        assert!(!html.contains(password), "{html}");
    }
    assert!(html.contains(&pending) && html.contains("DB_AUTH_REFUSED"), "{html}");
    // A file that cannot be written is an error, after everything else was shown.
    let run = world.ask("explain", &["--html", folder.path().to_str().unwrap()], &[]).await;
    run.expect_code(1).expect_out("Way out").expect_err("(--html) cannot be written");
    let Some(visit) = visit(&html).await else { return };
    expect_quiet(&visit);
    let rows = between(between(&visit.dom, "<tbody>", "</tbody>")[0], "<tr>", "</tr>");
    let now: Vec<_> = rows.iter().filter(|row| row.contains("<td>now</td>")).collect();
    assert_eq!(now.len(), 2, "{rows:#?}");
    assert!(now[0].contains("AWSCURRENT") && now[0].contains("logs in"), "{rows:#?}");
    assert!(now[1].contains("AWSPENDING") && now[1].contains("is refused"), "{rows:#?}");
    assert!(rows.iter().any(|row| row.contains("AWSPENDING (inferred)")), "{rows:#?}");
    let heading = &between(&visit.dom, "<h2 id=\"secret-1\">", "</h2>")[0];
    assert!(heading.contains(SECRET), "{heading}");
}
