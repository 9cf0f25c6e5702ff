//! `rotate doctor`: every check in one line, the worst first.

use std::process::ExitCode;

use anyhow::Result;
use clap::Args;
use rotation_core::diagnosis::{Finding, Severity};
use rotation_database::{DatabaseLookup, Engine};
use rotation_doctor::Diagnosis;

use super::{Opened, Subject};
use rotation_cli::{Look, Screen};

/// Check a secret from every side and report what is wrong; changes nothing
#[derive(Args, Debug)]
#[command(long_about = ABOUT, after_long_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(super) subject: Subject,

    /// Try no login (default: each labeled version once). For accounts that one more refusal would lock
    #[arg(long)]
    pub(super) no_logins: bool,

    /// Print everything as one JSON object, for programs (default: lines of text)
    #[arg(long)]
    json: bool,
}

const ABOUT: &str = "\
Check a secret from every side and report what is wrong; changes nothing.

Checks the secret and its rotation, what each labeled version holds, the names of users, the way to the \
server (address, connection, certificate), which version logs in, the server, what the strategy needs there, \
and the function: whether Secrets Manager may invoke it and how long it may run (lambda:GetPolicy, \
lambda:GetFunctionConfiguration; where they are denied, a finding names it). The worst finding stands first, \
with its code and what to do about it; the last lines are the state in words and the one safe \
next step. All checks together take at most 60 seconds.

Each labeled version is tried once. The server refuses versions that are out of use, and counts that where \
it locks accounts: use --no-logins where one more refusal would lock the account. Credentials of AWS and the \
settings of the functions are found as `rotate run --help` describes.

The function itself makes the same checks from inside its VPC and with its own role: invoke it with \
{\"doctor\": \"<secret>\"}.

Exit codes: 0 nothing is wrong, 1 the secret could not be looked at, 2 the command line is wrong, 3 there \
are warnings, 4 there are faults.";

const EXAMPLES: &str = "\
Examples:
  rotate doctor prod/shop/reporting
  rotate doctor prod/shop/checkout --master-secret prod/shop/master
  rotate doctor prod/shop/reporting --json | jq .next
  aws lambda invoke --function-name rotator --cli-binary-format raw-in-base64-out \\
      --payload '{\"doctor\": \"<secret>\"}' answer.json";

impl Arguments {
    pub(super) async fn run<E: Engine + Clone, D: DatabaseLookup + Clone>(
        &self,
        subject: &Opened<E, D>,
        screen: &Screen,
    ) -> Result<ExitCode> {
        let diagnosis = subject.diagnose_with_function().await?;
        if self.json {
            screen.json(&diagnosis.to_json(&self.subject.flags()));
        } else {
            show(&diagnosis, &self.subject.flags(), screen);
        }
        Ok(match diagnosis.severity() {
            Severity::Ok | Severity::Note => ExitCode::SUCCESS,
            Severity::Warning => ExitCode::from(3),
            Severity::Fault => ExitCode::from(4),
        })
    }
}

fn show(diagnosis: &Diagnosis, flags: &str, screen: &Screen) {
    screen.line(screen.paint(Look::Strong, format!("Secret {}", diagnosis.secret)));
    for finding in &diagnosis.findings {
        screen.line(line(finding, screen));
        if finding.severity >= Severity::Warning && !finding.remediation.is_empty() {
            screen.line(screen.paint(Look::Faint, format!("           {}", finding.remediation)));
        }
    }
    screen.line("");
    next(diagnosis, flags, screen);
}

fn line(finding: &Finding, screen: &Screen) -> String {
    let look = match finding.severity {
        Severity::Ok => Look::Good,
        Severity::Note => Look::Faint,
        Severity::Warning => Look::Notable,
        Severity::Fault => Look::Bad,
    };
    let word = screen.paint(look, format!("{:<7}", finding.severity.name()));
    let code = match finding.severity {
        Severity::Ok | Severity::Note => String::new(),
        Severity::Warning | Severity::Fault => format!("{}: ", finding.code.name()),
    };
    format!("  {word}  {:<11}  {code}{}", finding.check.name(), finding.sentence)
}

/// The state in words and the one safe next step.
pub(super) fn next(diagnosis: &Diagnosis, flags: &str, screen: &Screen) {
    let situation = &diagnosis.situation;
    screen.line(format_args!("{} {}", screen.paint(Look::Strong, "State"), situation.words()));
    screen.line(format_args!("{}  {}", screen.paint(Look::Strong, "Next"), diagnosis.next_step()));
    if let Some(command) = diagnosis.next_command(flags) {
        screen.line(format_args!("      {command}"));
    }
}
