//! How a command ends, and how a failure is shown: what went wrong with its causes and, where it is a known
//! one, its code and its hint.

use std::process::ExitCode;

use network_discovery::DiscoveryError;
use rotation_core::{Reader, RotationError, with_causes};

use crate::{engine_choice::EngineError, screen::Screen};

/// The exit code of a command with this result: its own, or 1 after its failure was written to standard
/// error. Values of secrets are not written.
pub fn exit_code(outcome: anyhow::Result<ExitCode>, screen: &Screen) -> ExitCode {
    outcome.unwrap_or_else(|error| {
        let (message, more) = lines(&error);
        screen.failure(&message, &more);
        ExitCode::FAILURE
    })
}

/// The error for an operator: the message, and lines below it.
fn lines(error: &anyhow::Error) -> (String, Vec<String>) {
    let message = with_causes(error.as_ref());
    let known = error.chain().find_map(|cause| {
        let rotation = cause.downcast_ref::<RotationError>();
        let rotation = rotation.map(|error| (error.code().name(), error.remediation(Reader::Person)));
        let network = cause.downcast_ref::<DiscoveryError>();
        let network = network.map(|error| (error.code(), error.remediation(Reader::Person)));
        let engine = cause.downcast_ref::<EngineError>();
        let engine = engine.map(|error| (error.code(), error.remediation()));
        rotation.or(network).or(engine)
    });
    let more = known.map(|(code, hint)| vec![format!("code: {code}"), format!("hint: {hint}")]);
    (message, more.unwrap_or_default())
}
