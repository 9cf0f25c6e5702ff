//! The service as a pure model: a state, and for each operation a function from a request to an answer.
//!
//! Nothing here waits, reads a clock, draws a random byte or touches a file: time and randomness are passed
//! in as [`Moment`], and what has to be invoked is returned as [`RotationOrder`]s.

mod by_name;
mod deletion;
mod external;
mod listing;
mod metadata;
mod order;
mod password;
mod rotation;
mod rotation_token;
mod schedule;
mod secret;
mod stages;
mod tags;
mod values;

// Circle: the model is one state, and each file below holds some of its operations.
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{ErrorCode, Operation, ServiceError};
pub(crate) use order::{RotationOrder, RotationScope, RotationStanding};
use secret::{Secret, Version};
pub(crate) use secret::{SecretArn, Timestamp, VersionId};

/// A source of random bytes.
pub(crate) trait Entropy {
    fn fill(&mut self, bytes: &mut [u8]);

    /// A number below `bound`, each equally likely.
    fn below(&mut self, bound: usize) -> usize {
        let bound = u32::try_from(bound).expect("no set here has four billion members");
        // Numbers in the last, incomplete span are drawn again, since they would favor the low ones.
        let limit = u32::MAX - u32::MAX % bound;
        loop {
            let mut bytes = [0; 4];
            self.fill(&mut bytes);
            let number = u32::from_le_bytes(bytes);
            if number < limit {
                return (number % bound) as usize;
            }
        }
    }

    /// `length` characters out of `alphabet`, which is ASCII.
    fn text(&mut self, alphabet: &[u8], length: usize) -> String {
        (0..length).map(|_| char::from(alphabet[self.below(alphabet.len())])).collect()
    }
}

/// The context of a request: the time and a source of randomness.
pub(crate) struct Moment<'a> {
    pub(crate) now: Timestamp,
    pub(crate) entropy: &'a mut dyn Entropy,
}

/// The whole state of the service in one account and region.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Model {
    region: String,
    account: String,
    secrets: BTreeMap<SecretArn, Secret>,
    /// The functions that may be invoked; each process registers them again.
    #[serde(skip)]
    functions: BTreeSet<String>,
    #[serde(skip)]
    orders: Vec<RotationOrder>,
    /// The rotations that are driven in this process.
    #[serde(skip)]
    running: BTreeSet<(SecretArn, VersionId)>,
    #[serde(skip)]
    rotation_token_required: bool,
}

impl Model {
    pub(crate) fn new(region: &str, account: &str) -> Self {
        Self {
            region: region.to_owned(),
            account: account.to_owned(),
            secrets: BTreeMap::new(),
            functions: BTreeSet::new(),
            orders: Vec::new(),
            running: BTreeSet::new(),
            rotation_token_required: false,
        }
    }

    /// Answers one request. A refused request leaves the state unchanged.
    pub(crate) fn call(
        &mut self,
        operation: Operation,
        request: Value,
        moment: &mut Moment<'_>,
    ) -> Result<Value, ServiceError> {
        self.forget_deleted(moment.now);
        match operation {
            Operation::CancelRotateSecret => self.cancel_rotate_secret(&parse(request)?),
            Operation::CreateSecret => self.create_secret(parse(request)?, moment),
            Operation::DeleteSecret => self.delete_secret(&parse(request)?, moment),
            Operation::DescribeSecret => self.describe_secret(&parse(request)?),
            Operation::GetRandomPassword => password::random_password(&parse(request)?, moment.entropy),
            Operation::GetSecretValue => self.get_secret_value(&parse(request)?, moment.now),
            Operation::ListSecretVersionIds => self.list_secret_version_ids(&parse(request)?),
            Operation::ListSecrets => self.list_secrets(&parse(request)?),
            Operation::PutSecretValue => self.put_secret_value(parse(request)?, moment.now),
            Operation::RestoreSecret => self.restore_secret(&parse(request)?, moment.now),
            Operation::RotateSecret => self.rotate_secret(parse(request)?, moment),
            Operation::TagResource => self.tag_resource(parse(request)?, moment.now),
            Operation::UntagResource => self.untag_resource(&parse(request)?, moment.now),
            Operation::UpdateSecret => self.update_secret(parse(request)?, moment.now),
            Operation::UpdateSecretVersionStage => {
                self.update_secret_version_stage(&parse(request)?, moment.now)
            }
        }
    }

    /// From now on rotations may name this function.
    pub(crate) fn allow_function(&mut self, arn: &str) {
        self.functions.insert(arn.to_owned());
    }

    /// From now on a `PutSecretValue` for a rotation must pass that rotation's token, as across accounts.
    pub(crate) fn require_rotation_token(&mut self, required: bool) {
        self.rotation_token_required = required;
    }

    /// The rotations that earlier requests have ordered and that have not been taken yet.
    pub(crate) fn take_orders(&mut self) -> Vec<RotationOrder> {
        std::mem::take(&mut self.orders)
    }

    /// The full ARN behind a name, an ARN, or an ARN without its six random characters.
    pub(crate) fn resolve(&self, id: &str) -> Option<SecretArn> {
        let secret = match self.secrets.get(id) {
            Some(secret) => secret,
            None => self.secrets.values().find(|secret| secret.name == id || secret.arn.is_partly(id))?,
        };
        Some(secret.arn.clone())
    }

    /// A model of one secret alone, as it is.
    pub(crate) fn with_only(&self, arn: &SecretArn) -> Option<Self> {
        let secret = self.secrets.get(arn)?.clone();
        let mut only = Self::new(&self.region, &self.account);
        only.secrets.insert(arn.clone(), secret);
        Some(only)
    }

    fn find(&self, id: &str) -> Result<&Secret, ServiceError> {
        let arn = self.resolve(id).ok_or_else(ServiceError::secret_not_found)?;
        Ok(&self.secrets[&arn])
    }

    fn find_mut(&mut self, id: &str) -> Result<&mut Secret, ServiceError> {
        let arn = self.resolve(id).ok_or_else(ServiceError::secret_not_found)?;
        Ok(self.secrets.get_mut(&arn).expect("a resolved ARN is a key"))
    }

    /// A secret that is not marked for deletion.
    fn find_live(&mut self, id: &str) -> Result<&mut Secret, ServiceError> {
        let secret = self.find_mut(id)?;
        secret.refuse_if_deleted()?;
        Ok(secret)
    }
}

/// Parses a request as its operation's type. The message contains no value of the request, which may be a
/// secret.
fn parse<T: DeserializeOwned>(request: Value) -> Result<T, ServiceError> {
    serde_json::from_value(request).map_err(|error| {
        let text = error.to_string();
        match text.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
            Some(member) => ServiceError::new(
                ErrorCode::ValidationException,
                format!(
                    "1 validation error detected: Value null at '{member}' failed to satisfy constraint: \
                     Member must not be null"
                ),
            ),
            None => ServiceError::new(
                ErrorCode::SerializationException,
                "the body is not a JSON object that fits the operation",
            ),
        }
    })
}

/// The answer of the operations that return a secret's name and nothing more.
fn named(secret: &Secret) -> Value {
    json!({"ARN": secret.arn, "Name": secret.name})
}
