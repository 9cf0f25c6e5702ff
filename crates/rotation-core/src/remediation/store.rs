//! The stable code of a failed call of Secrets Manager, and what to do about it.

use crate::{
    code::Code,
    codes,
    reader::Reader,
    store::{StoreError, StoreFault},
};

/// Of a step that cannot know whether setSecret had run.
pub const PENDING_MAY_BE_LIVE: &str = "Once setSecret has begun, it may be the password under AWSPENDING \
    that logs in: keep that label.";

impl StoreFault {
    /// The stable code.
    pub fn code(self) -> Code {
        match self {
            Self::Unreachable => codes::NET_SM_UNREACHABLE,
            Self::CertificateRefused => codes::NET_SM_CERTIFICATE,
            Self::Throttled => codes::SM_THROTTLED,
            Self::Internal => codes::SM_INTERNAL,
            Self::AccessDenied => codes::IAM_DENIED,
            Self::CredentialsRefused => codes::IAM_CREDENTIALS,
            Self::KeyDenied => codes::KMS_DENIED,
            Self::NoSuchSecret => codes::SECRET_NOT_FOUND,
            Self::Conflict => codes::LABELS_MOVED,
            Self::TokenRequired => codes::TOKEN_REQUIRED,
            Self::Unusable => codes::PASSWORD_UNUSABLE,
            Self::Rejected => codes::SM_REJECTED,
        }
    }
}

/// Of a step that was overtaken.
pub(super) const LABELS_MOVED: &str = "Another rotation or an operator moved the labels; this invocation \
    changed nothing after that. Look at the labels with `aws secretsmanager describe-secret --secret-id \
    SECRET_ID`, and rotate again if the rotation has not ended.";

pub(super) fn store_remediation(error: &StoreError, reader: Reader) -> String {
    let remediation = remediation_of(error, reader);
    // finishSecret's own call: setSecret has run.
    if error.operation == "UpdateSecretVersionStage" && error.fault.passes() {
        format!("{remediation} {PENDING_MAY_BE_LIVE}")
    } else {
        remediation
    }
}

fn remediation_of(error: &StoreError, reader: Reader) -> String {
    let (operation, role) = (error.operation, reader.role());
    match (error.fault, reader) {
        (StoreFault::Unreachable, Reader::Operator) => "Give the function's VPC an interface endpoint for \
            Secrets Manager or a NAT gateway, and let the function's security group reach port 443. Outside \
            of a VPC, check SECRETS_MANAGER_ENDPOINT."
            .into(),
        (StoreFault::Unreachable, Reader::Person) => "Check --region and --endpoint-url, and that this \
            machine reaches the endpoint on port 443."
            .into(),
        (StoreFault::CertificateRefused, _) => "Name the authority of the endpoint's certificate in \
            AWS_CA_BUNDLE (a proxy that inspects TLS has its own), and check the Region, the endpoint and \
            the clock."
            .into(),
        (StoreFault::Throttled, _) => format!(
            "Nothing is lost. {} If it recurs, schedule the rotations of your secrets at different times.",
            reader.again()
        ),
        (StoreFault::Internal, _) => format!("Nothing is lost. {}", reader.again()),
        // The one operation that names no resource.
        (StoreFault::AccessDenied, _) if operation == "GetRandomPassword" => {
            format!(
                "Add this statement to the policy of {role}, or set PASSWORD_SOURCE=os: {{\"Effect\": \
                \"Allow\", \"Action\": \"secretsmanager:{operation}\", \"Resource\": \"*\"}}"
            )
        }
        (StoreFault::AccessDenied, _) => {
            format!(
                "Add this statement to the policy of {role}: {{\"Effect\": \"Allow\", \"Action\": \
                \"secretsmanager:{operation}\", \"Resource\": \"SECRET_ID\"}}. If it is there, look for a \
                Deny in the policies of the secret and of the organization."
            )
        }
        (StoreFault::CredentialsRefused, Reader::Operator) => "Lambda gives a function its credentials: \
            remove AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN from its environment, \
            check that its role exists, and deploy it again."
            .into(),
        (StoreFault::CredentialsRefused, Reader::Person) => {
            "Log in again: the credentials are missing, have \
            expired or are wrong. For a profile of SSO or credential_process: `eval \"$(aws configure \
            export-credentials --format env)\"`. Check this machine's clock, too."
                .into()
        }
        (StoreFault::KeyDenied, _) => {
            key_hint(error.key.as_deref(), "the secret", "kms:Decrypt and kms:GenerateDataKey", role)
        }
        (StoreFault::NoSuchSecret, Reader::Operator) => {
            "Check that the secret exists in the function's Region and account: `aws secretsmanager \
            describe-secret --secret-id SECRET_ID`. Then check SECRETS_MANAGER_ENDPOINT."
                .into()
        }
        (StoreFault::NoSuchSecret, Reader::Person) => {
            "Check the secret's name, --region and --endpoint-url, and the account of your credentials: \
            `aws sts get-caller-identity`."
                .into()
        }
        (StoreFault::Conflict, _) => LABELS_MOVED.into(),
        (StoreFault::TokenRequired, _) => {
            "Start the rotation from Secrets Manager, which sends the token with the event: `aws \
            secretsmanager rotate-secret --secret-id SECRET_ID`."
                .into()
        }
        (StoreFault::Unusable, _) => "Set PASSWORD_SOURCE=os on the function, or shorten \
            EXCLUDE_CHARACTERS."
            .into(),
        (StoreFault::Rejected, _) => format!(
            "Fix what the error code at the end of this message names; the API reference of {operation} \
            lists the codes. LimitExceededException: wait a day, until Secrets Manager removes old versions. \
            InvalidRequestException: check the secret's state with `aws secretsmanager describe-secret \
            --secret-id SECRET_ID`."
        ),
    }
}

fn related_remediation(error: &StoreError, which: &str, reader: Reader) -> String {
    let role = reader.role();
    match error.fault {
        StoreFault::AccessDenied => {
            let operation = error.operation;
            format!("Allow secretsmanager:{operation} on {which} in the policy of {role}.")
        }
        StoreFault::NoSuchSecret => {
            format!(
                "Correct the name of {which} in the secret or in the setting that names it, or create it."
            )
        }
        StoreFault::KeyDenied => key_hint(error.key.as_deref(), which, "kms:Decrypt", role),
        _ => store_remediation(error, reader),
    }
}

/// The policy of AWS's own key cannot be changed.
fn key_hint(key: Option<&str>, secret: &str, actions: &str, role: &str) -> String {
    match key {
        Some(own) if own.ends_with("alias/aws/secretsmanager") => format!(
            "AWS's own key ({own}) serves callers of its account alone: give {secret} a customer managed \
            key, and allow {actions} on it in the policy of {role} and in the key's policy."
        ),
        Some(key) => format!("Allow {actions} on {key} in the policy of {role} and in the key's policy."),
        None => {
            format!("Allow {actions} on the key of {secret} in the policy of {role} and in the key's policy.")
        }
    }
}

impl StoreError {
    /// What to do where another secret, which `which` names, cannot be read.
    pub fn remediation_for(&self, which: &str, reader: Reader) -> String {
        related_remediation(self, which, reader)
    }

    /// What the failure is about, as `name=value`: the key that refused, or the action that IAM denied.
    pub fn detail(&self) -> Option<String> {
        match (self.fault, &self.key) {
            (StoreFault::KeyDenied, Some(key)) => Some(format!("key={key}")),
            (StoreFault::AccessDenied | StoreFault::KeyDenied, _) => {
                Some(format!("action=secretsmanager:{}", self.operation))
            }
            _ => None,
        }
    }
}
