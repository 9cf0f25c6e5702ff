//! Tags.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Model, ServiceError, Timestamp};

/// The most tags that one secret may have.
const TAGS_LIMIT: usize = 50;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Tag {
    key: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct TagResource {
    secret_id: String,
    tags: Vec<Tag>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UntagResource {
    secret_id: String,
    tag_keys: Vec<String>,
}

impl Model {
    pub(super) fn tag_resource(
        &mut self,
        request: TagResource,
        now: Timestamp,
    ) -> Result<Value, ServiceError> {
        check_tags(&request.tags)?;
        let secret = self.find_live(&request.secret_id)?;
        let mut tags = secret.tags.clone();
        tags.extend(request.tags.into_iter().map(Tag::into_pair));
        if tags.len() > TAGS_LIMIT {
            return Err(ServiceError::limit(format!("A secret can have at most {TAGS_LIMIT} tags.")));
        }
        secret.tags = tags;
        secret.changed = now;
        Ok(json!({}))
    }

    /// What a service of AWS does with a secret that it manages: its own tags begin with `aws:`, which
    /// clients may not set.
    pub(crate) fn give_to_service(
        &mut self,
        secret: &str,
        service: &str,
        tags: &[(&str, &str)],
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let secret = self.find_live(secret)?;
        secret.owner = Some(service.to_owned());
        secret.tags.extend(tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())));
        secret.changed = now;
        Ok(())
    }

    pub(super) fn untag_resource(
        &mut self,
        request: &UntagResource,
        now: Timestamp,
    ) -> Result<Value, ServiceError> {
        let secret = self.find_live(&request.secret_id)?;
        secret.tags.retain(|key, _| !request.tag_keys.contains(key));
        secret.changed = now;
        Ok(json!({}))
    }
}

impl Tag {
    pub(super) fn into_pair(self) -> (String, String) {
        (self.key, self.value)
    }
}

pub(super) fn check_tags(tags: &[Tag]) -> Result<(), ServiceError> {
    let right = |tag: &Tag| {
        (1..=128).contains(&tag.key.chars().count())
            && tag.value.chars().count() <= 256
            && !tag.key.starts_with("aws:")
    };
    if tags.len() <= TAGS_LIMIT && tags.iter().all(right) {
        return Ok(());
    }
    Err(ServiceError::invalid_parameter(
        "Tags must be at most 50, with keys of 1-128 characters that do not begin with aws: and values of at \
         most 256 characters.",
    ))
}
