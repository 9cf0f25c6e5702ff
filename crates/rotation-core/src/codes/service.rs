//! Articles about Secrets Manager, IAM and KMS.

use crate::code::Article;

pub(super) const NET_SM_UNREACHABLE: Article = Article::new(
    "A function in a VPC has no way to Secrets Manager, `SECRETS_MANAGER_ENDPOINT` leads nowhere, or the \
             network fails.",
    "Give the VPC an interface endpoint for Secrets Manager or a NAT gateway, and a security group that lets \
             the function reach port 443.",
);
pub(super) const NET_SM_CERTIFICATE: Article = Article::new(
    "A proxy looks into TLS, or the endpoint is not the region's.",
    "Name the proxy's authority in `AWS_CA_BUNDLE`; check region, endpoint and clock.",
);
pub(super) const SM_THROTTLED: Article = Article::new(
    "Many rotations at the same moment: the service refused a call again and again until the invocation's \
             time was nearly over.",
    "Wait for the service's next attempt. If it recurs, spread the schedules of the secrets. After setSecret \
             a single user's `AWSCURRENT` is refused until finishSecret gets through; `AWSPENDING` logs in.",
);
pub(super) const SM_INTERNAL: Article =
    Article::new("A fault of the service.", "Wait for the service's next attempt.");
pub(super) const SM_REJECTED: Article = Article::new(
    "The service refused a request; the message has its reason.",
    "See the reason in the message.",
);
pub(super) const IAM_DENIED: Article = Article::with_policy(
    "The function's role lacks a permission, or a policy of the secret or the organization denies it. The \
             hint names the action.",
    "Let the role of the function do this:",
    r#"{
  "Effect": "Allow",
  "Action": [
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage"
  ],
  "Resource": "SECRET_ARN",
  "Condition": {
    "StringEquals": { "secretsmanager:resource/AllowRotationLambdaArn": "FUNCTION_ARN" }
  }
}"#,
);
pub(super) const IAM_CREDENTIALS: Article = Article::new(
    "The function's environment sets credentials of its own, its role is gone, or the clock is wrong.",
    "Set none of `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` in the function's \
             environment; check that its role exists; deploy it again.",
);
pub(super) const KMS_DENIED: Article = Article::with_policy(
    "The secret is encrypted by a key of your own that the function's role may not use, or the key is \
             disabled or being deleted.",
    "Let the role use the key, in its own policy and in the key's:",
    r#"{
  "Effect": "Allow",
  "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
  "Resource": "KEY_ARN"
}"#,
);
pub(super) const SECRET_NOT_FOUND: Article = Article::new(
    "The secret is gone, or the function asks another region or endpoint.",
    "Check the secret's ARN, and the region and endpoint of the function.",
);
pub(super) const TOKEN_REQUIRED: Article = Article::new(
    "The function writes as another role or into another account, where the service wants the rotation's \
             token back, and the event had none or another one.",
    "Start the rotation from Secrets Manager, which sends the token along.",
);
pub(super) const PASSWORD_UNUSABLE: Article = Article::new(
    "`PASSWORD_SOURCE` is `secrets-manager`, and its password has characters that the settings or the engine \
             exclude.",
    "Set `PASSWORD_SOURCE=os`, or exclude fewer characters.",
);
pub(super) const RELATED_SECRET_UNREADABLE: Article = Article::with_policy(
    "The other secret is gone, or the function's role may not read it.",
    "Let the function's role read that secret.",
    "{\"Effect\": \"Allow\", \"Action\": [\"secretsmanager:GetSecretValue\", \
     \"secretsmanager:DescribeSecret\"], \"Resource\": \"ARN of the other secret\"}",
);
