//! A function that rotates something other than a database: its service is a file that holds the one valid
//! ticket. `tests/it/own_target.rs` runs it.

use std::{fs, path::PathBuf, process::ExitCode};

use rotation_core::{
    Applied, Authority, ChangeReport, Code, Invocation, Password, PasswordPolicy, PasswordRule, Reader,
    RelatedSecrets, RotationError, SecretDocument, SecretStore, StagingLabel, Target, TargetError, Versions,
};
use rotation_lambda::{ConfigError, FunctionName, password_policy, serve};
use thiserror::Error;

/// The tickets that the office accepts.
const TICKETS: PasswordRule =
    PasswordRule { shortest: 8, longest: 64, forbidden: "", required: &[], default_exclusions: "" };

fn main() -> ExitCode {
    let name = FunctionName { engine: "ticket_office", strategy: "single_ticket" };
    serve(name, |environment, _| {
        const FILE: &str = "TICKET_FILE";
        let file = environment.text(FILE).ok_or(ConfigError::new(FILE, "must name a file"))?;
        let (file, policy) = (PathBuf::from(file), password_policy(environment, &TICKETS)?);
        Ok(move |_: &Invocation| Ticket { file: file.clone(), policy: policy.clone() })
    })
}

rotation_core::codes! {
    /// The office refuses the ticket.
    TICKET_REFUSED = Failed;
    /// The office cannot be asked.
    TICKET_OFFICE_CLOSED = Retryable;
}

#[derive(Debug, Error)]
enum TicketError {
    #[error("the office refuses the ticket")]
    Refused,
    #[error("the office is closed: {0}")]
    Closed(std::io::ErrorKind),
}

impl TargetError for TicketError {
    fn code(&self) -> Code {
        match self {
            Self::Refused => TICKET_REFUSED,
            Self::Closed(_) => TICKET_OFFICE_CLOSED,
        }
    }

    fn remediation(&self, _: Reader) -> String {
        "Ask at the office.".to_owned()
    }

    fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused)
    }
}

struct Ticket {
    file: PathBuf,
    policy: PasswordPolicy,
}

impl Ticket {
    fn is_valid(&self, ticket: &Password) -> Result<bool, TicketError> {
        let valid = fs::read_to_string(&self.file).map_err(|error| TicketError::Closed(error.kind()))?;
        Ok(valid == ticket.expose())
    }
}

fn ticket(label: StagingLabel, document: &SecretDocument) -> Result<Password, RotationError> {
    let text = document.required_text("ticket").and_then(|text| Password::parse(&text));
    text.map_err(|error| RotationError::Document { label, error })
}

impl Target for Ticket {
    async fn propose(
        &self,
        current: &SecretDocument,
        _: &impl SecretStore,
    ) -> Result<SecretDocument, RotationError> {
        Ok(current.clone().with_text("ticket", self.policy.generate()?.expose()))
    }

    async fn apply(
        &self,
        versions: &Versions,
        authority: &impl Authority,
        _: &impl RelatedSecrets,
    ) -> Result<Applied, RotationError> {
        let pending = ticket(StagingLabel::Pending, &versions.pending)?;
        if self.is_valid(&pending)? {
            return Ok(Applied::AlreadySet);
        }
        if !self.is_valid(&ticket(StagingLabel::Current, &versions.current)?)? {
            return Err(TicketError::Refused.into());
        }
        authority.confirm().await?;
        fs::write(&self.file, pending.expose()).map_err(|error| TicketError::Closed(error.kind()))?;
        Ok(Applied::Changed(ChangeReport::default()))
    }

    async fn verify(&self, pending: &SecretDocument) -> Result<Vec<String>, RotationError> {
        let is_valid = self.is_valid(&ticket(StagingLabel::Pending, pending)?)?;
        if is_valid { Ok(Vec::new()) } else { Err(TicketError::Refused.into()) }
    }

    fn rotated_fields(&self) -> &'static [&'static str] {
        &["ticket"]
    }
}
