//! Rotates the access keys of one user. The service creates them, at most two at a time; a user manages its
//! keys with a key of its own.
//!
//! Secret: `{"user": "…", "keyId": "…", "secretKey": "…"}`.

use std::rc::Rc;

use rotation_core::{
    Code, DocumentError, Issuer, Reader, RotationError, SecretDocument, StagingLabel, TargetError, VersionId,
};
use rotation_lambda::HttpError;
use serde_json::{Value, json};

use crate::http::Http;

rotation_core::codes! {
    /// The service does not accept the access key.
    KEY_REFUSED = Failed;
    /// The user has as many access keys as the service allows.
    KEY_LIMIT = Failed;
    /// The service does not answer, or not as expected.
    KEY_SERVICE_SILENT = Retryable;
}

/// Texts hold no key, so that they may be logged.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyError {
    #[error("the service refused the access key")]
    Refused,
    #[error("the user has as many access keys as the service allows")]
    Limit,
    #[error("the service answered with the status {0}")]
    Status(u16),
    #[error(transparent)]
    Http(#[from] HttpError),
}

impl TargetError for KeyError {
    fn code(&self) -> Code {
        match self {
            Self::Refused => KEY_REFUSED,
            Self::Limit => KEY_LIMIT,
            Self::Status(_) | Self::Http(_) => KEY_SERVICE_SILENT,
        }
    }

    fn remediation(&self, reader: Reader) -> String {
        let fix = match self {
            Self::Refused => "Create an access key for the user, and put it into AWSCURRENT.",
            Self::Limit => "Delete the access key that no version of the secret holds.",
            Self::Status(_) | Self::Http(_) => "Look at the service.",
        };
        format!("{fix} {}", reader.again())
    }

    fn is_refusal(&self) -> bool {
        *self == Self::Refused
    }
}

/// The issuer, for one invocation.
pub struct AccessKeys<H> {
    pub http: Rc<H>,
}

fn text(document: &SecretDocument, field: &'static str) -> Result<String, RotationError> {
    let document_error =
        |error: DocumentError| RotationError::Document { label: StagingLabel::Current, error };
    Ok(document.required_text(field).map_err(document_error)?.to_string())
}

impl<H: Http> AccessKeys<H> {
    /// A request that is signed with the key of a document.
    async fn send(
        &self,
        call: &'static str,
        document: &SecretDocument,
        body: Value,
    ) -> Result<Value, RotationError> {
        let key = format!("Key {}:{}", text(document, "keyId")?, text(document, "secretKey")?);
        match self.http.send(call, key, body).await.map_err(KeyError::from)? {
            (200..=299, answer) => Ok(answer),
            (401, _) => Err(KeyError::Refused.into()),
            (409, _) => Err(KeyError::Limit.into()),
            (status, _) => Err(KeyError::Status(status).into()),
        }
    }
}

impl<H: Http> Issuer for AccessKeys<H> {
    type Id = String;

    fn id(&self, document: &SecretDocument) -> Result<String, RotationError> {
        text(document, "keyId")
    }

    fn rotated_fields(&self) -> &'static [&'static str] {
        &["keyId", "secretKey"]
    }

    async fn list(&self, current: &SecretDocument) -> Result<Vec<String>, RotationError> {
        let answer = self.send("GET /keys", current, Value::Null).await?;
        let ids = answer["keys"].as_array().into_iter().flatten();
        Ok(ids.filter_map(|id| id.as_str().map(str::to_owned)).collect())
    }

    async fn issue(&self, current: &SecretDocument, _: &VersionId) -> Result<SecretDocument, RotationError> {
        let answer = self.send("POST /keys", current, Value::Null).await?;
        let member = |name: &str| answer[name].as_str().ok_or(KeyError::Http(HttpError::Unanswered));
        Ok(current.clone().with_text("keyId", member("keyId")?).with_text("secretKey", member("secretKey")?))
    }

    async fn revoke(&self, current: &SecretDocument, id: &String) -> Result<(), RotationError> {
        match self.send("DELETE /keys", current, json!({ "keyId": id })).await {
            // It is gone.
            Err(error) if error.target() == Some(&KeyError::Status(404)) => Ok(()),
            other => other.map(|_| ()),
        }
    }

    async fn verify(&self, document: &SecretDocument) -> Result<Vec<String>, RotationError> {
        self.send("GET /whoami", document, Value::Null).await.map(|_| Vec::new())
    }
}
