//! `ListSecrets` and `ListSecretVersionIds`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{ErrorCode, Model, Secret, ServiceError};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListSecrets {
    #[serde(default)]
    filters: Vec<Filter>,
    #[serde(default)]
    include_planned_deletion: bool,
    sort_order: Option<String>,
    #[serde(flatten)]
    page: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListSecretVersionIds {
    secret_id: String,
    #[serde(default)]
    include_deprecated: bool,
    #[serde(flatten)]
    page: Page,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Filter {
    key: String,
    values: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    max_results: Option<usize>,
    next_token: Option<String>,
}

impl Model {
    pub(super) fn list_secrets(&self, request: &ListSecrets) -> Result<Value, ServiceError> {
        for filter in &request.filters {
            filter.check()?;
        }
        let mut secrets: Vec<_> = self
            .secrets
            .values()
            .filter(|secret| request.include_planned_deletion || secret.deletion.is_none())
            .filter(|secret| request.filters.iter().all(|filter| filter.accepts(secret)))
            .collect();
        secrets.sort_by_key(|secret| secret.created);
        if request.sort_order.as_deref() != Some("asc") {
            secrets.reverse();
        }
        let entries = secrets.into_iter().map(|secret| {
            let mut entry = secret.outline();
            let labeled = secret.labeled_versions();
            if !labeled.is_empty() {
                entry.insert("SecretVersionsToStages".to_owned(), Value::Object(labeled));
            }
            Value::Object(entry)
        });
        let (entries, next) = request.page.cut(entries.collect())?;
        Ok(with_next(json!({"SecretList": entries}), next))
    }

    pub(super) fn list_secret_version_ids(
        &self,
        request: &ListSecretVersionIds,
    ) -> Result<Value, ServiceError> {
        let secret = self.find(&request.secret_id)?;
        let key = secret.kms_key_id.as_deref().unwrap_or("DefaultEncryptionKey");
        let shown = secret.versions.iter().filter(|version| {
            version.value.is_some() && (request.include_deprecated || !version.stages.is_empty())
        });
        let entries = shown.map(|version| {
            let mut entry = json!({
                "VersionId": version.id,
                "CreatedDate": version.created,
                "KmsKeyIds": [key],
            });
            if !version.stages.is_empty() {
                entry["VersionStages"] = json!(version.stages);
            }
            if let Some(accessed) = version.accessed {
                entry["LastAccessedDate"] = json!(accessed);
            }
            entry
        });
        let (entries, next) = request.page.cut(entries.collect())?;
        Ok(with_next(json!({"Versions": entries, "ARN": secret.arn, "Name": secret.name}), next))
    }
}

impl Filter {
    const KEYS: [&str; 7] =
        ["description", "name", "tag-key", "tag-value", "primary-region", "owning-service", "all"];

    fn check(&self) -> Result<(), ServiceError> {
        if Self::KEYS.contains(&self.key.as_str()) && (1..=10).contains(&self.values.len()) {
            return Ok(());
        }
        Err(ServiceError::invalid_parameter("A filter needs one of the documented keys and 1-10 values."))
    }

    /// Any of the values is enough; one that begins with `!` accepts what the rest of it does not.
    fn accepts(&self, secret: &Secret) -> bool {
        self.values.iter().any(|value| match value.strip_prefix('!') {
            Some(rest) => !self.matches(secret, rest),
            None => self.matches(secret, value),
        })
    }

    /// Prefixes; only the description and `all` ignore case, as AWS documents it.
    fn matches(&self, secret: &Secret, value: &str) -> bool {
        let name = || secret.name.starts_with(value);
        let description = || secret.description.as_deref().is_some_and(|text| has_word(text, value));
        let key = || secret.tags.keys().any(|key| key.starts_with(value));
        let tag = || secret.tags.values().any(|tag| tag.starts_with(value));
        match self.key.as_str() {
            "name" => name(),
            "description" => description(),
            "tag-key" => key(),
            "tag-value" => tag(),
            "all" => has_word(&secret.name, value) || description() || key() || tag(),
            "primary-region" => {
                secret.primary_region.as_deref().is_some_and(|region| region.starts_with(value))
            }
            "owning-service" => secret.owner.as_deref().is_some_and(|owner| owner.starts_with(value)),
            _ => false,
        }
    }
}

impl Page {
    /// One page and the token of the next, which is the position where it begins.
    fn cut(&self, mut entries: Vec<Value>) -> Result<(Vec<Value>, Option<usize>), ServiceError> {
        let size = self.max_results.unwrap_or(100);
        if !(1..=100).contains(&size) {
            return Err(ServiceError::invalid_parameter("MaxResults must be between 1 and 100."));
        }
        let start = match &self.next_token {
            None => 0,
            Some(token) => token.parse().ok().filter(|start| *start <= entries.len()).ok_or_else(|| {
                ServiceError::new(ErrorCode::InvalidNextTokenException, "The NextToken value is invalid.")
            })?,
        };
        let next = (start + size < entries.len()).then_some(start + size);
        let page = entries.drain(start..).take(size).collect();
        Ok((page, next))
    }
}

fn has_word(text: &str, prefix: &str) -> bool {
    let prefix = prefix.to_lowercase();
    text.to_lowercase().split([' ', '/', '-', '_', '.']).any(|word| word.starts_with(&prefix))
        || text.to_lowercase().starts_with(&prefix)
}

fn with_next(mut answer: Value, next: Option<usize>) -> Value {
    if let Some(next) = next {
        answer["NextToken"] = json!(next.to_string());
    }
    answer
}
