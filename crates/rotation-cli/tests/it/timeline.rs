//! The timeline: from events to rows, and from rows to lines of text.

#![expect(clippy::needless_raw_string_hashes, reason = "expect-test writes its snapshots so")]

use std::time::{Duration, SystemTime};

use expect_test::{Expect, expect};
use rotation_cli::timeline::{
    Carried, Event, Glyphs, Login, LoginOutcome, Mark, Source, Timeline, WIDTH, What, text_lines,
};

/// 2026-11-30 14:02:05 UTC
const NOON: Duration = Duration::from_secs(1_796_047_325);

fn at(milliseconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + NOON + Duration::from_millis(milliseconds)
}

fn mark(milliseconds: u64, name: &str) -> Mark {
    Mark { at: at(milliseconds), name: name.to_owned() }
}

fn event(milliseconds: u64, version: &str, what: What) -> Event {
    Event { at: at(milliseconds), version: version.to_owned(), what }
}

fn labels(labels: &[&str]) -> What {
    What::Labels(labels.iter().map(|&label| label.to_owned()).collect(), Source::Read)
}

fn login(outcome: LoginOutcome) -> What {
    What::Login(Login { outcome, words: outcome.words().to_owned() })
}

/// Two users take turns, looked at after every step.
pub(crate) fn alternating() -> Timeline {
    const OLD: &str = "b8e2972a-46ea-43cc-b7c3-f609ccfdb233";
    const NEW: &str = "f0383ea6-dfd1-49cd-aa5e-54c89cb9aca2";
    let (mut marks, mut events) = (Vec::new(), Vec::new());
    let mut look = |time, name: &str, old: &[&str], new: Option<(&[&str], LoginOutcome)>| {
        marks.push(mark(time, name));
        events.push(event(time, OLD, labels(old)));
        events.push(event(time, OLD, What::User("checkout".to_owned())));
        events.push(event(time, OLD, login(LoginOutcome::LogsIn)));
        if let Some((new, outcome)) = new {
            events.push(event(time, NEW, labels(new)));
            events.push(event(time, NEW, What::User("checkout_clone".to_owned())));
            events.push(event(time, NEW, login(outcome)));
        }
    };
    let (pending, in_) = (&["AWSPENDING"][..], LoginOutcome::LogsIn);
    look(0, "before", &["AWSCURRENT"], None);
    look(107, "createSecret", &["AWSCURRENT"], Some((pending, LoginOutcome::Refused)));
    look(413, "setSecret", &["AWSCURRENT"], Some((pending, in_)));
    look(649, "testSecret", &["AWSCURRENT"], Some((pending, in_)));
    look(730, "finishSecret", &["AWSPREVIOUS"], Some((&["AWSCURRENT", "AWSPENDING"], in_)));
    look(777, "after", &["AWSPREVIOUS"], Some((&["AWSCURRENT"], in_)));
    Timeline::new(marks, events)
}

fn lines(timeline: &Timeline, glyphs: Glyphs) -> String {
    let lines = text_lines(timeline, glyphs, &|_, text| text.to_owned());
    let text = lines.join("\n") + "\n";
    for line in text.lines() {
        assert!(line.chars().count() <= WIDTH, "{} characters: {line}", line.chars().count());
    }
    text
}

#[track_caller]
fn check(timeline: &Timeline, glyphs: Glyphs, expected: &Expect) {
    expected.assert_eq(&lines(timeline, glyphs));
}

/// Events become rows that carry the labels on.
#[test]
fn rows_carry_labels_on() {
    let timeline = Timeline::new(
        vec![mark(20, "late"), mark(0, "early"), mark(20, "late"), mark(20, "last")],
        vec![
            event(20, "b", login(LoginOutcome::Refused)),
            event(10, "b", What::Created),
            event(0, "a", labels(&["AWSCURRENT"])),
            event(20, "a", labels(&["AWSPREVIOUS"])),
            event(20, "a", labels(&[])),
            event(20, "a", What::User("app".to_owned())),
        ],
    );
    let names: Vec<_> = timeline.moments().iter().map(|moment| moment.name.as_str()).collect();
    assert_eq!(names, ["early", "", "late, last"]);
    let [a, b] = timeline.rows() else { panic!("{:?}", timeline.rows()) };
    let carried = |labels: &[&str]| {
        Carried::Labels(labels.iter().map(|&label| label.to_owned()).collect(), Source::Read)
    };
    assert_eq!((a.version.as_str(), a.user.as_deref()), ("a", Some("app")));
    let lives: Vec<_> = a.cells.iter().map(|cell| cell.carried.clone()).collect();
    assert_eq!(lives, [carried(&["AWSCURRENT"]), carried(&["AWSCURRENT"]), carried(&[])]);
    assert_eq!((b.version.as_str(), b.user.as_deref()), ("b", None));
    let lives: Vec<_> = b.cells.iter().map(|cell| cell.carried.clone()).collect();
    assert_eq!(lives, [Carried::Absent, Carried::Unknown, Carried::Unknown]);
    let created: Vec<_> = b.cells.iter().map(|cell| cell.created).collect();
    assert_eq!(created, [false, true, false]);
    let news =
        |row: &rotation_cli::timeline::Row| (0..3).map(|index| row.has_news(index)).collect::<Vec<_>>();
    assert_eq!(news(a), [true, false, true], "a label that stays is no news");
    assert_eq!(news(b), [false, true, true]);
}

/// An empty timeline has a legend alone.
#[test]
fn empty_one_has_a_legend_alone() {
    let timeline = Timeline::new(Vec::new(), Vec::new());
    assert!(timeline.moments().is_empty() && timeline.rows().is_empty());
    check(
        &timeline,
        Glyphs::ASCII,
        &expect![[r#"
        * logs in  x is refused  o no value or user  ? not known  + created  = labels  - inferred  . labels not known
    "#]],
    );
}

/// A rotation is drawn step by step.
#[test]
fn rotation_is_drawn_step_by_step() {
    check(
        &alternating(),
        Glyphs::ASCII,
        &expect![[r#"
                                      before       createSecret setSecret    testSecret   finishSecret     after
            2026-11-30 UTC            14:02:05.000 14:02:05.107 14:02:05.413 14:02:05.649 14:02:05.730     14:02:05.777
            b8e2972a  checkout        *CURRENT=====*============*============*============*PREVIOUS========*
            f0383ea6  checkout_clone               xPENDING=====*============*============*CURRENT+PENDING=*CURRENT

            * logs in  x is refused  o no value or user  ? not known  + created  = labels  - inferred  . labels not known
        "#]],
    );
}

/// A UTF-8 terminal gets other signs in the same places.
#[test]
fn utf8_signs_take_the_same_places() {
    check(
        &alternating(),
        Glyphs::UTF8,
        &expect![[r#"
                                      before       createSecret setSecret    testSecret   finishSecret     after
            2026-11-30 UTC            14:02:05.000 14:02:05.107 14:02:05.413 14:02:05.649 14:02:05.730     14:02:05.777
            b8e2972a  checkout        ●CURRENT━━━━━●━━━━━━━━━━━━●━━━━━━━━━━━━●━━━━━━━━━━━━●PREVIOUS━━━━━━━━●
            f0383ea6  checkout_clone               ✗PENDING━━━━━●━━━━━━━━━━━━●━━━━━━━━━━━━●CURRENT+PENDING━●CURRENT

            ● logs in  ✗ is refused  ○ no value or user  ? not known  ┣ created  ━ labels  ╌ inferred  · labels not known
        "#]],
    );
}

/// What does not fit in a line follows below it.
#[test]
fn overlong_text_follows_below() {
    let mut events = Vec::new();
    for version in 0..9_u64 {
        let name = format!("{version}{version}{version}{version}5555-0000-0000-0000-000000000000");
        events.push(event(version * 86_400_000, &name, What::Created));
        let label = match version {
            7 => &["AWSPREVIOUS", "a-label-of-ours-that-is-far-too-long-to-be-shown"][..],
            8 => &["AWSCURRENT"],
            _ => &[],
        };
        events.push(event(9 * 86_400_000, &name, labels(label)));
    }
    events.push(event(9 * 86_400_000, "88885555-0000-0000-0000-000000000000", What::User("u".repeat(300))));
    check(
        &Timeline::new(vec![mark(9 * 86_400_000, "now")], events),
        Glyphs::ASCII,
        &expect![[r#"

                                    2026-11-30  2026-12-01  2026-12-02  2026-12-03  2026-12-04  2026-12-05
        UTC                         14:02:05    14:02:05    14:02:05    14:02:05    14:02:05    14:02:05
        00005555  -                 +.......................................................................
        11115555  -                             +...........................................................
        22225555  -                                         +...............................................
        33335555  -                                                     +...................................
        44445555  -                                                                 +.......................
        55555555  -                                                                             +...........

                                                                        now
                                    2026-12-06  2026-12-07  2026-12-08  2026-12-09
        UTC                         14:02:05    14:02:05    14:02:05    14:02:05
        00005555  -                 .................................... no label
        11115555  -                 .................................... no label
        22225555  -                 .................................... no label
        33335555  -                 .................................... no label
        44445555  -                 .................................... no label
        55555555  -                 .................................... no label
        66665555  -                 +................................... no label
        77775555  -                             +.......................=PREVIOUS+a-label-of-ours-that~
        88885555  uuuuuuuuuuuuuuu~                          +...........=CURRENT

        * logs in  x is refused  o no value or user  ? not known  + created  = labels  - inferred  . labels not known
    "#]],
    );
}

/// No line is too long, whatever the names are.
#[test]
fn no_line_is_too_long() {
    for length in [0, 1, 8, 16, 17, 40, 400] {
        for moments in [1, 2, 7, 30] {
            let name = "n".repeat(length);
            let marks = (0..moments).map(|moment| mark(moment, &name)).collect();
            let events = (0..moments).flat_map(|moment| {
                let version = format!("{moment}{name}");
                [
                    event(moment, &version, labels(&[&name, "AWSCURRENT"])),
                    event(moment, &version, What::User(name.clone())),
                ]
            });
            lines(&Timeline::new(marks, events.collect()), Glyphs::UTF8);
        }
    }
}

/// A name neither steers the terminal nor shifts a column.
#[test]
fn names_steer_no_terminal_or_column() {
    let timeline = Timeline::new(
        vec![mark(0, "now")],
        vec![
            event(0, "00000000", What::User("a\u{1b}[2J\u{202e}".to_owned())),
            event(0, "00000000", labels(&["AWSCURRENT"])),
            event(0, "\u{1b}1111111", labels(&["\n"])),
        ],
    );
    check(
        &timeline,
        Glyphs::ASCII,
        &expect![[r#"
                                        now
            2026-11-30 UTC              14:02:05.000
            00000000  a\u{1b}[2J\u{20~  =CURRENT
            \u{1b}1~  -                 =\n

            * logs in  x is refused  o no value or user  ? not known  + created  = labels  - inferred  . labels not known
        "#]],
    );
}
