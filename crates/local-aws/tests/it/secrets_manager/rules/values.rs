//! Secrets and values.

use local_aws::secrets_manager::Operation::{
    CreateSecret, DescribeSecret, GetSecretValue, PutSecretValue, UpdateSecret,
};
use serde_json::json;

use super::{
    MotoSays::{Otherwise, TheSame},
    Rule,
    Source::{Documented, Recorded},
    rule, same, token,
};

const NO_TOKEN: &str = "You must provide a ClientRequestToken value. We recommend a UUID-type value.";

#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(super) fn rules() -> Vec<Rule> {
    vec![
        rule("an unknown secret is not found", Recorded, TheSame, |g| {
            Box::pin(async move {
                let sentence = "Secrets Manager can't find the specified secret.";
                for operation in [GetSecretValue, DescribeSecret] {
                    let request = g.about(json!({}));
                    g.refused(operation, request, "ResourceNotFoundException", sentence).await?;
                }
                Ok(())
            })
        }),
        rule(
            "a label that no version carries is not found",
            Recorded,
            Otherwise("ResourceNotFoundException: Secrets Manager can't find the specified secret."),
            |g| {
                Box::pin(async move {
                    g.secret().await?;
                    let sentence =
                        "Secrets Manager can't find the specified secret value for staging label: AWSPENDING";
                    let request = g.about(json!({"VersionStage": "AWSPENDING"}));
                    g.refused(GetSecretValue, request, "ResourceNotFoundException", sentence).await
                })
            },
        ),
        rule("an unknown version is not found", Recorded, TheSame, |g| {
            Box::pin(async move {
                g.secret().await?;
                let sentence = format!(
                    "Secrets Manager can't find the specified secret value for VersionId: {}",
                    token(9)
                );
                let request = g.about(json!({"VersionId": token(9)}));
                g.refused(GetSecretValue, request, "ResourceNotFoundException", &sentence).await
            })
        }),
        rule("a secret without a value has no current one", Recorded, TheSame, |g| {
            Box::pin(async move {
                let request = json!({"Name": g.name, "ClientRequestToken": token(1)});
                g.ok(CreateSecret, request).await?;
                let sentence =
                    "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT";
                let request = g.about(json!({}));
                g.refused(GetSecretValue, request, "ResourceNotFoundException", sentence).await
            })
        }),
        rule("a version and a label that do not belong together are refused", Recorded, TheSame, |g| {
            Box::pin(async move {
                g.secret_with_pending().await?;
                let sentence =
                    "You provided a VersionStage that is not associated to the provided VersionId.";
                let request = g.about(json!({"VersionId": token(1), "VersionStage": "AWSPENDING"}));
                g.refused(GetSecretValue, request, "InvalidRequestException", sentence).await
            })
        }),
        rule("a version is read by its id, its label or both", Documented, TheSame, |g| {
            Box::pin(async move {
                g.secret_with_pending().await?;
                for request in [
                    json!({"VersionId": token(2)}),
                    json!({"VersionStage": "AWSPENDING"}),
                    json!({"VersionId": token(2), "VersionStage": "AWSPENDING"}),
                ] {
                    let answer = g.ok(GetSecretValue, g.about(request)).await?;
                    same("the value", &answer["SecretString"], &json!("two"))?;
                    same("the version", &answer["VersionId"], &json!(token(2)))?;
                    same("the labels", &answer["VersionStages"], &json!(["AWSPENDING"]))?;
                    same("the date is a number", &answer["CreatedDate"].is_number(), &true)?;
                }
                Ok(())
            })
        }),
        rule("an ARN ends in the name, a hyphen and six characters", Recorded, TheSame, |g| {
            Box::pin(async move {
                let arn = g.secret().await?;
                let head = format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{}-", g.name);
                let tail = arn.strip_prefix(&head).map(str::len);
                same("the characters after the name", &tail, &Some(6))
            })
        }),
        rule("a secret is found by name, ARN and ARN without its last part", Documented, TheSame, |g| {
            Box::pin(async move {
                let arn = g.secret().await?;
                for id in [g.name.as_str(), &arn, &arn[..arn.len() - 7]] {
                    let answer = g.ok(GetSecretValue, json!({"SecretId": id})).await?;
                    same("the ARN", &answer["ARN"], &json!(arn))?;
                }
                Ok(())
            })
        }),
        rule("a name is taken once", Recorded, TheSame, |g| {
            Box::pin(async move {
                g.secret().await?;
                let request = json!({"Name": g.name, "SecretString": "x", "ClientRequestToken": token(2)});
                let sentence = format!("The operation failed because the secret {} already exists.", g.name);
                g.refused(CreateSecret, request, "ResourceExistsException", &sentence).await
            })
        }),
        rule("creating again with the same token and value succeeds", Documented, TheSame, |g| {
            Box::pin(async move {
                let arn = g.secret().await?;
                let again = json!({"Name": g.name, "SecretString": "one", "ClientRequestToken": token(1)});
                same("the ARN", &g.ok(CreateSecret, again).await?["ARN"], &json!(arn))
            })
        }),
        rule("a name of other characters is refused", Recorded, Otherwise("was not refused"), |g| {
            Box::pin(async move {
                let request =
                    json!({"Name": "no spaces", "SecretString": "x", "ClientRequestToken": token(1)});
                let sentence = "Invalid name. Must be a valid name containing alphanumeric characters";
                g.refused(CreateSecret, request, "InvalidParameterException", sentence).await
            })
        }),
        rule("a put without labels moves AWSCURRENT and leaves AWSPREVIOUS", Recorded, TheSame, |g| {
            Box::pin(async move {
                g.secret().await?;
                let request = json!({"ClientRequestToken": token(2), "SecretString": "two"});
                let answer = g.ok(PutSecretValue, g.about(request)).await?;
                same("the labels", &answer["VersionStages"], &json!(["AWSCURRENT"]))?;
                g.has_stages(2, &["AWSCURRENT"]).await?;
                g.has_stages(1, &["AWSPREVIOUS"]).await
            })
        }),
        rule("AWSPREVIOUS is on one version only", Documented, TheSame, |g| {
            Box::pin(async move {
                g.secret().await?;
                g.put(2, "two", &["AWSCURRENT"]).await?;
                g.put(3, "three", &["AWSCURRENT"]).await?;
                g.has_stages(1, &[]).await?;
                g.has_stages(2, &["AWSPREVIOUS"]).await?;
                g.has_stages(3, &["AWSCURRENT"]).await
            })
        }),
        rule("a put under AWSPENDING leaves AWSCURRENT alone", Recorded, TheSame, |g| {
            Box::pin(async move {
                g.secret_with_pending().await?;
                g.has_stages(1, &["AWSCURRENT"]).await?;
                g.has_stages(2, &["AWSPENDING"]).await?;
                same("the current value", g.current_value().await?.as_str(), "one")
            })
        }),
        rule("a put takes its label from the version that had it", Documented, TheSame, |g| {
            Box::pin(async move {
                g.secret_with_pending().await?;
                g.put(3, "three", &["AWSPENDING"]).await?;
                g.has_stages(2, &[]).await?;
                g.has_stages(3, &["AWSPENDING"]).await
            })
        }),
        rule("the same token with the same value changes nothing", Recorded, TheSame, |g| {
            Box::pin(async move {
                g.secret_with_pending().await?;
                g.put(2, "two", &["AWSPENDING"]).await?;
                g.has_stages(1, &["AWSCURRENT"]).await?;
                g.has_stages(2, &["AWSPENDING"]).await
            })
        }),
        rule("the same token with another value is refused", Recorded, Otherwise("was not refused"), |g| {
            Box::pin(async move {
                let arn = g.secret_with_pending().await?;
                let sentence = format!(
                    "You can't use ClientRequestToken {} because that value is already in use for a version \
                     of secret {arn}.",
                    token(2)
                );
                let request = json!({"ClientRequestToken": token(2), "SecretString": "other"});
                g.refused(PutSecretValue, g.about(request), "ResourceExistsException", &sentence).await
            })
        }),
        rule("a write without a token is refused", Recorded, Otherwise("was not refused"), |g| {
            Box::pin(async move {
                g.secret().await?;
                let put = g.about(json!({"SecretString": "x"}));
                let create = json!({"Name": format!("{}-2", g.name), "SecretString": "x"});
                for (operation, request) in
                    [(PutSecretValue, put.clone()), (UpdateSecret, put), (CreateSecret, create)]
                {
                    g.refused(operation, request, "InvalidRequestException", NO_TOKEN).await?;
                }
                Ok(())
            })
        }),
        rule("a token has 32 to 64 characters", Documented, TheSame, |g| {
            Box::pin(async move {
                g.secret().await?;
                let sentence = "ClientRequestToken must be 32-64 characters long.";
                for length in [31, 65] {
                    let request = json!({"ClientRequestToken": "t".repeat(length), "SecretString": "x"});
                    g.refused(PutSecretValue, g.about(request), "InvalidParameterException", sentence)
                        .await?;
                }
                for length in [32, 64] {
                    let request = json!({"ClientRequestToken": "t".repeat(length), "SecretString": "x"});
                    g.ok(PutSecretValue, g.about(request)).await?;
                }
                Ok(())
            })
        }),
        rule("a value has at most 65,536 bytes", Documented, Otherwise("was not refused"), |g| {
            Box::pin(async move {
                g.secret().await?;
                // Two bytes a character: bytes count, not characters.
                g.put(2, &"\u{e9}".repeat(32_768), &["AWSPENDING"]).await?;
                let long = "\u{e9}".repeat(32_768) + "x";
                let request = json!({"ClientRequestToken": token(3), "SecretString": long});
                g.refused(PutSecretValue, g.about(request), "InvalidParameterException", "").await
            })
        }),
        rule("a binary value comes back as it went", Documented, TheSame, |g| {
            Box::pin(async move {
                g.secret().await?;
                let request = json!({"ClientRequestToken": token(2), "SecretBinary": "AP8B"});
                g.ok(PutSecretValue, g.about(request)).await?;
                let answer = g.ok(GetSecretValue, g.about(json!({}))).await?;
                same("the value", &answer["SecretBinary"], &json!("AP8B"))?;
                same("no string", &answer.get("SecretString").is_none(), &true)
            })
        }),
        rule("an update with a value moves AWSCURRENT", Recorded, TheSame, |g| {
            Box::pin(async move {
                g.secret().await?;
                let request =
                    json!({"ClientRequestToken": token(2), "SecretString": "two", "Description": "d"});
                let answer = g.ok(UpdateSecret, g.about(request)).await?;
                same("the version", &answer["VersionId"], &json!(token(2)))?;
                let told = g.ok(DescribeSecret, g.about(json!({}))).await?;
                same("the description", &told["Description"], &json!("d"))?;
                g.has_stages(2, &["AWSCURRENT"]).await?;
                g.has_stages(1, &["AWSPREVIOUS"]).await
            })
        }),
        rule("a secret carries at most 20 labels", Documented, Otherwise("was not refused"), |g| {
            Box::pin(async move {
                g.secret().await?;
                let labels: Vec<_> = (0..19).map(|n| format!("LABEL{n}")).collect();
                g.put(2, "two", &labels.iter().map(String::as_str).collect::<Vec<_>>()).await?;
                let request = json!({
                    "ClientRequestToken": token(3), "SecretString": "three", "VersionStages": ["ONE", "MORE"],
                });
                g.refused(PutSecretValue, g.about(request), "LimitExceededException", "").await
            })
        }),
        rule(
            "what is empty is left out of a description",
            Recorded,
            Otherwise("DeletedDate: Some(Null)"),
            |g| {
                Box::pin(async move {
                    g.secret().await?;
                    let told = g.ok(DescribeSecret, g.about(json!({}))).await?;
                    for member in
                        ["RotationEnabled", "RotationLambdaARN", "DeletedDate", "LastRotatedDate", "KmsKeyId"]
                    {
                        same(member, &told.get(member), &None)?;
                    }
                    same("CreatedDate is a number", &told["CreatedDate"].is_number(), &true)
                })
            },
        ),
        rule("the date of the last access is a day", Documented, Otherwise("NaN"), |g| {
            Box::pin(async move {
                g.secret().await?;
                g.current_value().await?;
                let told = g.ok(DescribeSecret, g.about(json!({}))).await?;
                let seconds = told["LastAccessedDate"].as_f64().unwrap_or(f64::NAN);
                same("seconds after midnight", &(seconds % 86_400.0), &0.0)
            })
        }),
    ]
}
