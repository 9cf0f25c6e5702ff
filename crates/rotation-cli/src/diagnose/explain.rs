//! `rotate explain`: the versions of a secret as a picture, and what they mean.

use std::{process::ExitCode, time::Duration};

use anyhow::Result;
use clap::Args;
use rotation_core::diagnosis::{Access, Check, Severity};
use rotation_database::{DatabaseLookup, Engine};
use rotation_doctor::VersionSeen;

use super::{Subject, doctor};
use rotation_cli::{Look, Screen};

/// Show the versions of a secret, which of them log in, and how it came to that; changes nothing
#[derive(Args, Debug)]
#[command(long_about = ABOUT, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) subject: Subject,

    /// Try no login, where one more refusal would lock an account
    #[arg(long)]
    pub(super) no_logins: bool,
}

const ABOUT: &str = "\
Show the versions of a secret, which of them log in, and how it came to that; changes nothing.

The oldest version stands on top. Where a rotation is stuck, the lines below say how that comes about and \
how it is left. Each labeled version is tried once, as with `rotate doctor`.";

const EXAMPLES: &str = "\
Examples:
  rotate explain prod/shop/reporting
  rotate explain prod/shop/reporting --no-logins";

impl Arguments {
    pub(super) async fn run<E: Engine + Clone, D: DatabaseLookup + Clone>(
        &self,
        subject: &Subject<E, D>,
        screen: &Screen,
    ) -> Result<ExitCode> {
        let diagnosis = subject.diagnose().await?;
        screen.line(screen.paint(Look::Strong, format!("Secret {}", diagnosis.secret)));
        screen.line("");
        for (at, version) in diagnosis.versions.iter().enumerate() {
            if at > 0 {
                screen.line("  |");
            }
            screen.line(picture(version, screen));
        }
        screen.line("");
        // The cause that prevents a login is more useful than the fact that none was possible.
        let way = [Check::Address, Check::Connection, Check::Certificate, Check::Document];
        for finding in &diagnosis.findings {
            if finding.severity == Severity::Fault && way.contains(&finding.check) {
                let text = format!("{}: {}", finding.code.name(), finding.sentence);
                screen.line(format_args!("{}  {text}", screen.paint(Look::Strong, "Wrong ")));
            }
        }
        let state = diagnosis.advice.state;
        screen.line(format_args!("{}  {}", screen.paint(Look::Strong, "Origin"), state.origin()));
        screen.line(format_args!("{}  {}", screen.paint(Look::Strong, "Way out"), state.way_out()));
        doctor::next(&diagnosis, &self.subject.flags(), screen);
        Ok(ExitCode::SUCCESS)
    }
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
