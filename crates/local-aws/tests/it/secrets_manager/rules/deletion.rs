//! Deletion and recovery.

use local_aws::secrets_manager::Operation::{
    CreateSecret, DeleteSecret, DescribeSecret, GetSecretValue, ListSecrets, PutSecretValue, RestoreSecret,
};
use serde_json::json;

use super::{
    MotoSays::{Otherwise, TheSame},
    Rule,
    Source::{Documented, Recorded},
    rule, same, token,
};

pub(super) fn rules() -> Vec<Rule> {
    vec![
        rule("a deleted secret is kept, refused and restored", Documented, TheSame, |g| {
            Box::pin(async move {
                g.secret().await?;
                let answer = g.ok(DeleteSecret, g.about(json!({"RecoveryWindowInDays": 7}))).await?;
                same("DeletionDate is a number", &answer["DeletionDate"].is_number(), &true)?;
                let told = g.ok(DescribeSecret, g.about(json!({}))).await?;
                same("DeletedDate is a number", &told["DeletedDate"].is_number(), &true)?;
                g.refused(GetSecretValue, g.about(json!({})), "InvalidRequestException", "deleted")
                    .await
                    .or(g
                        .refused(GetSecretValue, g.about(json!({})), "InvalidRequestException", "deletion")
                        .await)?;
                g.ok(RestoreSecret, g.about(json!({}))).await?;
                same("the value", g.current_value().await?.as_str(), "one")
            })
        }),
        rule("a deleted secret takes no value", Recorded, Otherwise("was not refused"), |g| {
            Box::pin(async move {
                g.secret().await?;
                g.ok(DeleteSecret, g.about(json!({}))).await?;
                let sentence =
                    "You can't perform this operation on the secret because it was marked for deletion.";
                let request = g.about(json!({"ClientRequestToken": token(2), "SecretString": "two"}));
                g.refused(PutSecretValue, request, "InvalidRequestException", sentence).await
            })
        }),
        rule("the name of a deleted secret is not free yet", Recorded, Otherwise("already exists."), |g| {
            Box::pin(async move {
                g.secret().await?;
                g.ok(DeleteSecret, g.about(json!({}))).await?;
                let request = json!({"Name": g.name, "SecretString": "x", "ClientRequestToken": token(2)});
                g.refused(CreateSecret, request, "InvalidRequestException", "deletion").await
            })
        }),
        rule("a deleted secret is listed only on request", Documented, TheSame, |g| {
            Box::pin(async move {
                g.secret().await?;
                g.ok(DeleteSecret, g.about(json!({}))).await?;
                for (planned, count) in [(false, 0), (true, 1)] {
                    let filters = json!([{"Key": "name", "Values": [g.name]}]);
                    let request = json!({"Filters": filters, "IncludePlannedDeletion": planned});
                    let list = g.ok(ListSecrets, request).await?;
                    same("the secrets", &list["SecretList"].as_array().map(Vec::len), &Some(count))?;
                }
                Ok(())
            })
        }),
        rule("a recovery window is 7 to 30 days", Recorded, TheSame, |g| {
            Box::pin(async move {
                g.secret().await?;
                let sentence = "RecoveryWindowInDays value must be between 7 and 30 days (inclusive).";
                for days in [6, 31] {
                    let request = g.about(json!({"RecoveryWindowInDays": days}));
                    g.refused(DeleteSecret, request, "InvalidParameterException", sentence).await?;
                }
                Ok(())
            })
        }),
        rule("a window and no recovery exclude each other", Recorded, TheSame, |g| {
            Box::pin(async move {
                g.secret().await?;
                let request = g.about(json!({"RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": true}));
                let sentence = "in conjunction with RecoveryWindowInDays.";
                g.refused(DeleteSecret, request, "InvalidParameterException", sentence).await
            })
        }),
        rule(
            "deletion without recovery is at once, and no error the second time",
            Documented,
            TheSame,
            |g| {
                Box::pin(async move {
                    g.secret().await?;
                    let request = g.about(json!({"ForceDeleteWithoutRecovery": true}));
                    g.ok(DeleteSecret, request.clone()).await?;
                    g.refused(DescribeSecret, g.about(json!({})), "ResourceNotFoundException", "").await?;
                    g.ok(DeleteSecret, request).await?;
                    g.secret().await.map(drop)
                })
            },
        ),
    ]
}
