//! A defect, in one sentence.

use std::{collections::BTreeMap, fmt};

use rotation_core::Step;

/// A rule that a target or an issuer breaks.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Defect {
    ChangedByStep(Step),
    ChangedByStale(Step),
    ChangedByRepeat(Step),
    ChangedByDryRun,
    DryRunFails,
    SetWithoutEffect,
    TestWithoutProof,
    SameCredential,
    OtherField(String),
    UnknownCredential,
    CurrentLocked,
    TooMany,
    Orphan,
    NeverEnds(Step),
    HealthyFails(Step),
    RepeatFails(Step),
    TextShowsSecret(&'static str),
}

impl Defect {
    /// Whether the defect is a failure, for which an error's code tells more.
    pub(crate) fn is_failure(&self) -> bool {
        matches!(self, Self::DryRunFails | Self::NeverEnds(_) | Self::HealthyFails(_) | Self::RepeatFails(_))
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChangedByStep(step) => write!(f, "{step} changed which credentials the service accepts"),
            Self::ChangedByStale(step) => write!(
                f,
                "{step} changed the service although its token could no longer act: ask authority.confirm \
                 right before the change"
            ),
            Self::ChangedByRepeat(step) => write!(f, "{step} changed something when it was repeated"),
            Self::ChangedByDryRun => f.write_str("a dry run changed the service"),
            Self::DryRunFails => f.write_str("a dry run fails although the rotation would not"),
            Self::SetWithoutEffect => {
                f.write_str("setSecret succeeded although AWSPENDING does not open the service")
            }
            Self::TestWithoutProof => {
                f.write_str("testSecret succeeded although AWSPENDING does not open the service")
            }
            Self::SameCredential => f.write_str("createSecret stored the credential of AWSCURRENT again"),
            Self::OtherField(field) => write!(
                f,
                "createSecret changed `{field}`, which is not among the rotated fields: a doctor treats the \
                 version as one of another service"
            ),
            Self::UnknownCredential => {
                f.write_str("setSecret left the service with a credential that no version holds")
            }
            Self::CurrentLocked => f.write_str("AWSCURRENT does not open the service"),
            Self::TooMany => f.write_str("the service accepts more than two credentials"),
            Self::Orphan => {
                f.write_str("the next rotation left a credential accepted that no version holds: an orphan")
            }
            Self::NeverEnds(step) => {
                write!(f, "the rotation does not end although its steps are called again: {step} fails")
            }
            Self::HealthyFails(step) => write!(f, "{step} fails although nothing was stopped"),
            Self::RepeatFails(step) => write!(f, "{step} fails when it is repeated"),
            Self::TextShowsSecret(text) => write!(f, "{text} shows a secret"),
        }
    }
}

/// A broken rule, and the point at which it was first seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub(crate) defect: Defect,
    point: String,
    /// The number of points at which it was seen.
    times: usize,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.defect, self.point)?;
        match self.times {
            1 => Ok(()),
            2 => f.write_str(", and at one more point"),
            times => write!(f, ", and at {} more points", times - 1),
        }
    }
}

/// Findings of one topic, each rule once.
#[derive(Default)]
pub(crate) struct Findings(BTreeMap<Defect, (String, usize)>);

impl Findings {
    pub(crate) fn add(&mut self, defect: Defect, point: impl FnOnce() -> String) {
        self.0.entry(defect).or_insert_with(|| (point(), 0)).1 += 1;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn list(self) -> Vec<Finding> {
        let finding = |(defect, (point, times))| Finding { defect, point, times };
        self.0.into_iter().map(finding).collect()
    }
}
