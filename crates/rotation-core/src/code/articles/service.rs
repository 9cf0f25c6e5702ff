//! Articles about Secrets Manager, IAM and KMS.

use crate::code::{
    Code,
    article::{Row, article, with_policy},
};

pub(in crate::code) const ARTICLES: &[Row] = &[
    (
        Code::NetSmUnreachable,
        article(
            "A function in a VPC has no way to Secrets Manager, `SECRETS_MANAGER_ENDPOINT` leads nowhere, or the \
             network fails.",
            "Give the VPC an interface endpoint for Secrets Manager or a NAT gateway, and a security group that lets \
             the function reach port 443.",
        ),
    ),
    (
        Code::NetSmCertificate,
        article(
            "A proxy looks into TLS, or the endpoint is not the region's.",
            "Name the proxy's authority in `AWS_CA_BUNDLE`; check region, endpoint and clock.",
        ),
    ),
    (
        Code::SmThrottled,
        article(
            "Many rotations at the same moment: the service refused a call again and again until the invocation's time \
             was nearly over.",
            "Wait for the service's next attempt. If it recurs, spread the schedules of the secrets. After setSecret a \
             single user's `AWSCURRENT` is refused until finishSecret gets through; `AWSPENDING` logs in.",
        ),
    ),
    (Code::SmInternal, article("A fault of the service.", "Wait for the service's next attempt.")),
    (
        Code::SmRejected,
        article(
            "The service refused a request; the message has its reason.",
            "See the reason in the message.",
        ),
    ),
    (
        Code::IamDenied,
        with_policy(
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
        ),
    ),
    (
        Code::IamCredentials,
        article(
            "The function's environment sets credentials of its own, its role is gone, or the clock is wrong.",
            "Set none of `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN` in the function's \
             environment; check that its role exists; deploy it again.",
        ),
    ),
    (
        Code::KmsDenied,
        with_policy(
            "The secret is encrypted by a key of your own that the function's role may not use, or the key is \
             disabled or being deleted.",
            "Let the role use the key, in its own policy and in the key's:",
            r#"{
  "Effect": "Allow",
  "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
  "Resource": "KEY_ARN"
}"#,
        ),
    ),
    (
        Code::SecretUnknown,
        article(
            "The secret is gone, or the function asks another region or endpoint.",
            "Check the secret's ARN, and the region and endpoint of the function.",
        ),
    ),
    (
        Code::MasterUnreadable,
        with_policy(
            "The function's role may not read the master secret, or `masterarn` names none.",
            "Correct `masterarn`, or let the role of the function do this:",
            r#"{
  "Effect": "Allow",
  "Action": "secretsmanager:GetSecretValue",
  "Resource": "MASTER_SECRET_ARN"
}"#,
        ),
    ),
    (
        Code::TokenRequired,
        article(
            "The function writes as another role or into another account, where the service wants the rotation's \
             token back, and the event had none or another one.",
            "Start the rotation from Secrets Manager, which sends the token along.",
        ),
    ),
    (
        Code::PasswordUnusable,
        article(
            "`PASSWORD_SOURCE` is `secrets-manager`, and its password has characters that the settings or the engine \
             exclude.",
            "Set `PASSWORD_SOURCE=os`, or exclude fewer characters.",
        ),
    ),
];
