//! The versions of a secret, each traced to a rotation.

use std::collections::BTreeSet;

use local_aws::secrets_manager::{Operation, SecretsManagerHandle};
use serde_json::{Value, json};

use crate::{
    failure::Failure,
    ground::{Engine, Ground, Opens, Strategy},
};

/// The number of replaced passwords that are tried after each rotation: with alternating users, one of each.
const OLDER: usize = 2;

/// A secret and the versions that its rotations created, oldest first; the first is the one with which it was
/// created.
pub(crate) struct Chain {
    pub(crate) secret: String,
    pub(crate) versions: Vec<String>,
}

impl Chain {
    /// Checks that the service has exactly these versions, with the labels where the last two rotations put
    /// them, and that the labeled ones log in as guaranteed. Returns what is wrong.
    pub(crate) async fn explain(
        &self,
        store: &SecretsManagerHandle,
        ground: &dyn Ground,
        engine: Engine,
        strategy: Strategy,
    ) -> Result<Option<String>, Failure> {
        let listed = self.listed(store)?;
        let made: BTreeSet<_> = self.versions.iter().cloned().collect();
        if listed != made {
            let strangers = listed.symmetric_difference(&made).count();
            return Ok(Some(format!("{strangers} versions that no rotation created")));
        }
        let stages = store.stages(&self.secret)?;
        let labeled = |label: &str| stages.iter().find(|(_, labels)| labels.iter().any(|own| own == label));
        let at = |back: usize| self.versions.iter().rev().nth(back);
        if labeled("AWSCURRENT").map(|(version, _)| version) != at(0) {
            return Ok(Some("AWSCURRENT is not the version of the last rotation".to_owned()));
        }
        if labeled("AWSPREVIOUS").map(|(version, _)| version) != at(1) {
            return Ok(Some("AWSPREVIOUS is not the version of the rotation before".to_owned()));
        }
        if labeled("AWSPENDING").is_some() {
            return Ok(Some("AWSPENDING was left behind".to_owned()));
        }
        let mut stages = vec!["AWSCURRENT"];
        if engine.has_no_gap(strategy) && self.versions.len() > 1 {
            stages.push("AWSPREVIOUS");
        }
        for stage in stages {
            let opens = ground.opens(&serde_json::from_str(&store.value(&self.secret, stage)?)?).await?;
            if opens != Opens::Works {
                return Ok(Some(format!("{stage}: {opens:?}")));
            }
        }
        Ok(None)
    }

    /// The number of recent passwords that log in although no label holds them or a single user has replaced
    /// them.
    pub(crate) async fn old_passwords(
        &self,
        store: &SecretsManagerHandle,
        ground: &dyn Ground,
        engine: Engine,
        strategy: Strategy,
    ) -> Result<usize, Failure> {
        let kept = if engine.has_no_gap(strategy) { 2 } else { 1 };
        let mut old = 0;
        for version in self.versions.iter().rev().skip(kept).take(OLDER) {
            let document = serde_json::from_str(&store.version_value(&self.secret, version)?)?;
            old += usize::from(ground.opens(&document).await? != Opens::Refused);
        }
        Ok(old)
    }

    fn listed(&self, store: &SecretsManagerHandle) -> Result<BTreeSet<String>, Failure> {
        let mut versions = BTreeSet::new();
        let mut next = Value::Null;
        loop {
            let mut request = json!({"SecretId": self.secret, "IncludeDeprecated": true, "MaxResults": 100});
            if !next.is_null() {
                request["NextToken"] = next;
            }
            let mut page = store.call_inside(Operation::ListSecretVersionIds, request)?;
            let listed = page["Versions"].as_array().into_iter().flatten();
            versions.extend(listed.filter_map(|version| version["VersionId"].as_str().map(str::to_owned)));
            next = page["NextToken"].take();
            if next.is_null() {
                return Ok(versions);
            }
        }
    }
}
