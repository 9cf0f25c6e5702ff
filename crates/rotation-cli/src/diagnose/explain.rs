//! `rotate explain`: the versions of a secret, the timeline of their labels, and what they come to.

use std::{process::ExitCode, time::Duration};

use anyhow::Result;
use clap::Args;
use rotation_config::Environment;
use rotation_core::diagnosis::{Access, Check, Severity};
use rotation_database::{DatabaseLookup, Engine};
use rotation_doctor::{Diagnosis, VersionSeen};

use super::{Opened, Subject, doctor};
use rotation_cli::{
    Look, Screen,
    timeline::{Page, Section, TimelineFlags, history, text_lines},
};

/// Show which version carried which label over time and which version logs in now; changes nothing
#[derive(Args, Debug)]
#[command(long_about = ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) subject: Subject,

    #[command(flatten)]
    timeline: TimelineFlags,

    /// Try no login (default: each labeled version once). For accounts that one more refusal would lock
    #[arg(long)]
    pub(super) no_logins: bool,
}

const ABOUT: &str = "\
Show which version carried which label over time and which version logs in now; changes nothing.

Prints each version with its labels, its user and its login, the oldest first, and draws the labels over \
time. Secrets Manager keeps no history of labels: those of the past are inferred from the dates of the \
versions and of the last rotation, and drawn as inferred. The lines below explain how \
the secret got into this state and what to do next.

Each labeled version is tried once, as `rotate doctor` does it.";

const EXAMPLES: &str = "\
Examples:
  rotate explain prod/shop/reporting
  rotate explain prod/shop/reporting --html reporting.html
  rotate explain prod/shop/reporting --no-logins --ascii";

/// The description on the page.
const ABOUT_LOGINS: &str = "Drawn by rotate explain from the dates and labels in Secrets Manager and from \
                            one login with each labeled version.";
const ABOUT_LABELS: &str =
    "Drawn by rotate explain from the dates and labels in Secrets Manager. No login was tried.";

impl Arguments {
    pub(super) async fn run<E: Engine + Clone, D: DatabaseLookup + Clone>(
        &self,
        subject: &Opened<E, D>,
        environment: &Environment,
        screen: &Screen,
    ) -> Result<ExitCode> {
        let diagnosis = subject.diagnose().await?;
        screen.line(screen.paint(Look::Strong, format!("Secret {}", diagnosis.secret)));
        screen.line("");
        for version in &diagnosis.versions {
            screen.line(picture(version, screen));
        }
        screen.line("");
        let drawn = history(&diagnosis.dates, &diagnosis.versions);
        let paint = |look, text: &str| screen.paint(look, text);
        for line in text_lines(&drawn.timeline, self.timeline.glyphs(environment), &paint) {
            screen.line(line);
        }
        if drawn.left_out > 0 {
            screen.line(format_args!("{} older versions without labels are not shown.", drawn.left_out));
        }
        screen.line("");
        let mut notes = notes(&diagnosis);
        for (term, text) in &notes {
            screen.line(format_args!("{}  {text}", screen.paint(Look::Strong, format!("{term:<6}"))));
        }
        doctor::next(&diagnosis, &self.subject.flags(), screen);
        notes.push(("State".to_owned(), diagnosis.situation.words()));
        notes.push(("Next".to_owned(), diagnosis.next_step()));
        let page = || Page {
            title: "Labels and logins of a secret",
            about: if self.no_logins { ABOUT_LABELS } else { ABOUT_LOGINS },
            made: diagnosis.dates.looked_at,
            sections: vec![Section {
                heading: diagnosis.secret.to_string(),
                timeline: &drawn.timeline,
                notes,
            }],
        };
        self.timeline.write(page, screen)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// What is wrong on the way to a login, how the state comes about, and how it is left. What is in the way of
/// a login had a result other than that none was possible.
fn notes(diagnosis: &Diagnosis) -> Vec<(String, String)> {
    let way = [Check::Address, Check::Connection, Check::Certificate, Check::Document];
    let wrong = diagnosis
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Fault && way.contains(&finding.check))
        .map(|finding| ("Wrong".to_owned(), format!("{}: {}", finding.code.name(), finding.sentence)));
    let state = diagnosis.advice.state;
    let own = [("Origin", state.origin()), ("Way out", state.way_out())];
    wrong.chain(own.map(|(term, text)| (term.to_owned(), text.to_owned()))).collect()
}

/// One version: `* 1f0c...  12 days old  AWSCURRENT  app  logs in`.
pub(super) fn picture(version: &VersionSeen, screen: &Screen) -> String {
    let (mark, look) = match version.access {
        Access::LogsIn => ("*", Look::Good),
        Access::Refused | Access::Unusable => ("x", Look::Bad),
        Access::NoValue => ("o", Look::Notable),
        Access::NoSession | Access::Unknown | Access::NotTried => ("?", Look::Notable),
    };
    let labels: Vec<_> = version.labels.iter().map(rotation_core::StagingLabel::name).collect();
    let labels = if labels.is_empty() { "no label".to_owned() } else { labels.join(" ") };
    let age = version.age.map_or("age unknown".to_owned(), age);
    let user = version.username.as_deref().unwrap_or("-");
    let code = version.code.map(|code| format!(" ({code})")).unwrap_or_default();
    let access = screen.paint(look, format!("{}{code}", version.access.words()));
    format!("  {}  {}  {age:<14}  {labels:<21}  {user:<16}  {access}", screen.paint(look, mark), version.id)
}

fn age(age: Duration) -> String {
    let seconds = age.as_secs();
    let (number, unit) = match seconds {
        0..60 => (seconds, "second"),
        60..3600 => (seconds / 60, "minute"),
        3600..86400 => (seconds / 3600, "hour"),
        _ => (seconds / 86400, "day"),
    };
    format!("{number} {unit}{} old", if number == 1 { "" } else { "s" })
}
