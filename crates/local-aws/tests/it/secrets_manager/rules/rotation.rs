//! The answers of `RotateSecret` and `CancelRotateSecret`; `rotation.rs` tests what they start.

use local_aws::secrets_manager::Operation::{
    CancelRotateSecret, DescribeSecret, GetSecretValue, ListSecretVersionIds, RotateSecret,
    UpdateSecretVersionStage,
};
use serde_json::json;

use super::{
    super::function::FUNCTION,
    MotoSays::{NotAsked, Otherwise, TheSame},
    Rule,
    Source::{Documented, Recorded, Reported},
    rule, same, token,
};

const NEEDS_LAMBDA: &str = "moto rotates with a Lambda function of its own only";

#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(super) fn rules() -> Vec<Rule> {
    vec![
        rule("a rotation without a token is refused", Recorded, Otherwise("was not refused"), |g| {
            Box::pin(async move {
                g.secret().await?;
                let sentence = "You must provide a ClientRequestToken value. We recommend a UUID-type value.";
                g.refused(RotateSecret, g.about(json!({})), "InvalidParameterException", sentence).await
            })
        }),
        rule("a rotation without a function is refused", Recorded, Otherwise("was not refused"), |g| {
            Box::pin(async move {
                g.secret().await?;
                let sentence = "No Lambda rotation function ARN is associated with this secret.";
                let request = g.about(json!({"ClientRequestToken": token(2)}));
                g.refused(RotateSecret, request, "InvalidRequestException", sentence).await?;
                g.has_stages(1, &["AWSCURRENT"]).await
            })
        }),
        rule(
            "a function that cannot be invoked is refused",
            Recorded,
            Otherwise("ResourceNotFoundException: Resource not found for ARN"),
            |g| {
                Box::pin(async move {
                    g.secret().await?;
                    let sentence = "Secrets Manager cannot invoke the specified Lambda function. Ensure that \
                                    the function policy grants access to the principal \
                                    secretsmanager.amazonaws.com.";
                    let request = g.about(json!({
                        "ClientRequestToken": token(2),
                        "RotationLambdaARN": "arn:aws:lambda:us-east-1:123456789012:function:unknown",
                    }));
                    g.refused(RotateSecret, request, "AccessDeniedException", sentence).await
                })
            },
        ),
        rule(
            "a rotation is refused while AWSPENDING is on another version than AWSCURRENT",
            Reported,
            Otherwise("ResourceNotFoundException: Resource not found for ARN"),
            |g| {
                Box::pin(async move {
                    g.secret_with_pending().await?;
                    let sentence = "A previous rotation isn't complete. That rotation will be reattempted.";
                    let request =
                        g.about(json!({"ClientRequestToken": token(3), "RotationLambdaARN": FUNCTION}));
                    g.refused(RotateSecret, request, "InvalidRequestException", sentence).await?;
                    g.has_stages(2, &["AWSPENDING"]).await
                })
            },
        ),
        rule(
            "a rotation is allowed while AWSPENDING is on the current version",
            Documented,
            Otherwise("Previous rotation request is still in progress."),
            |g| {
                Box::pin(async move {
                    g.secret().await?;
                    let request = json!({"VersionStage": "AWSPENDING", "MoveToVersionId": token(1)});
                    g.ok(UpdateSecretVersionStage, g.about(request)).await?;
                    let request =
                        g.about(json!({"ClientRequestToken": token(2), "RotationLambdaARN": FUNCTION}));
                    let answer = g.ok(RotateSecret, request).await?;
                    same("the version", &answer["VersionId"], &json!(token(2)))?;
                    g.has_stages(2, &["AWSPENDING"]).await
                })
            },
        ),
        rule(
            "the pending version of a rotation has no value and only DescribeSecret shows it",
            Recorded,
            NotAsked(NEEDS_LAMBDA),
            |g| {
                Box::pin(async move {
                    g.secret().await?;
                    let request =
                        g.about(json!({"ClientRequestToken": token(2), "RotationLambdaARN": FUNCTION}));
                    g.ok(RotateSecret, request).await?;
                    g.has_stages(2, &["AWSPENDING"]).await?;
                    let list =
                        g.ok(ListSecretVersionIds, g.about(json!({"IncludeDeprecated": true}))).await?;
                    same("the versions listed", &list["Versions"].as_array().map(Vec::len), &Some(1))?;
                    for (request, kind) in [
                        (json!({"VersionId": token(2)}), format!("VersionId: {}", token(2))),
                        (json!({"VersionStage": "AWSPENDING"}), "staging label: AWSPENDING".to_owned()),
                    ] {
                        let sentence =
                            format!("Secrets Manager can't find the specified secret value for {kind}");
                        g.refused(GetSecretValue, g.about(request), "ResourceNotFoundException", &sentence)
                            .await?;
                    }
                    Ok(())
                })
            },
        ),
        rule("a description shows how a secret is rotated", Documented, NotAsked(NEEDS_LAMBDA), |g| {
            Box::pin(async move {
                g.secret().await?;
                let rules = json!({"ScheduleExpression": "rate(4 hours)", "Duration": "1h"});
                let request = json!({
                    "ClientRequestToken": token(2), "RotationLambdaARN": FUNCTION, "RotationRules": rules,
                });
                g.ok(RotateSecret, g.about(request)).await?;
                let told = g.ok(DescribeSecret, g.about(json!({}))).await?;
                same("RotationEnabled", &told["RotationEnabled"], &json!(true))?;
                same("RotationLambdaARN", &told["RotationLambdaARN"], &json!(FUNCTION))?;
                same("RotationRules", &told["RotationRules"], &rules)?;
                same("NextRotationDate", &told["NextRotationDate"].is_number(), &true)
            })
        }),
        rule(
            "cancelling turns rotation off and leaves AWSPENDING",
            Documented,
            NotAsked(NEEDS_LAMBDA),
            |g| {
                Box::pin(async move {
                    g.secret().await?;
                    let request =
                        g.about(json!({"ClientRequestToken": token(2), "RotationLambdaARN": FUNCTION}));
                    g.ok(RotateSecret, request).await?;
                    let answer = g.ok(CancelRotateSecret, g.about(json!({}))).await?;
                    same("the version", &answer["VersionId"], &json!(token(2)))?;
                    let told = g.ok(DescribeSecret, g.about(json!({}))).await?;
                    same("RotationEnabled", &told["RotationEnabled"], &json!(false))?;
                    g.has_stages(2, &["AWSPENDING"]).await
                })
            },
        ),
        rule("days between rotations are 1 to 1000", Documented, TheSame, |g| {
            Box::pin(async move {
                g.secret().await?;
                for days in [0, 1001] {
                    let request = json!({
                        "ClientRequestToken": token(2), "RotationLambdaARN": FUNCTION,
                        "RotationRules": {"AutomaticallyAfterDays": days},
                    });
                    g.refused(RotateSecret, g.about(request), "InvalidParameterException", "1-1000").await?;
                }
                Ok(())
            })
        }),
        rule(
            "schedules are at most every four hours, on the hour",
            Documented,
            Otherwise("ResourceNotFoundException: Resource not found for ARN"),
            |g| {
                Box::pin(async move {
                    g.secret().await?;
                    for rules in [
                        json!({"ScheduleExpression": "rate(3 hours)"}),
                        json!({"ScheduleExpression": "rate(four hours)"}),
                        json!({"ScheduleExpression": "rate(1001 days)"}),
                        json!({"ScheduleExpression": "cron(30 8 * * ? *)"}),
                        json!({"ScheduleExpression": "cron(0 8 * * ? 2030)"}),
                        json!({"ScheduleExpression": "cron(0 8 1 * MON *)"}),
                        json!({"ScheduleExpression": "cron(0 8,10 * * ? *)"}),
                        json!({"ScheduleExpression": "cron(0 24 * * ? *)"}),
                        json!({"ScheduleExpression": "every day"}),
                        json!({"ScheduleExpression": "rate(1 day)", "AutomaticallyAfterDays": 1}),
                        json!({"ScheduleExpression": "rate(1 day)", "Duration": "3"}),
                        json!({"ScheduleExpression": "rate(1 day)", "Duration": "0h"}),
                    ] {
                        let request = json!({
                            "ClientRequestToken": token(2), "RotationLambdaARN": FUNCTION,
                            "RotationRules": rules,
                        });
                        g.refused(
                            RotateSecret,
                            g.about(request),
                            "InvalidParameterException",
                            "RotationRules",
                        )
                        .await
                        .map_err(|mismatch| format!("{rules}: {mismatch}"))?;
                    }
                    Ok(())
                })
            },
        ),
    ]
}
