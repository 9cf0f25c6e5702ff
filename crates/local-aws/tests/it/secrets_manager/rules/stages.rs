//! Labels: `UpdateSecretVersionStage` is a compare-and-swap.

use local_aws::secrets_manager::Operation::UpdateSecretVersionStage;
use serde_json::json;

use super::{
    MotoSays::{Otherwise, TheSame},
    Rule,
    Source::{Documented, Recorded},
    rule, token,
};

#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(super) fn rules() -> Vec<Rule> {
    vec![
        rule("AWSCURRENT moves from the version that holds it", Recorded, TheSame, |g| {
            Box::pin(async move {
                g.secret_with_pending().await?;
                let request = json!({
                    "VersionStage": "AWSCURRENT",
                    "MoveToVersionId": token(2),
                    "RemoveFromVersionId": token(1),
                });
                g.ok(UpdateSecretVersionStage, g.about(request)).await?;
                // AWSPENDING stays: taking it away is another call.
                g.has_stages(2, &["AWSCURRENT", "AWSPENDING"]).await?;
                g.has_stages(1, &["AWSPREVIOUS"]).await
            })
        }),
        rule("AWSCURRENT does not move without naming its holder", Recorded, TheSame, |g| {
            Box::pin(async move {
                g.secret_with_pending().await?;
                let sentence = format!(
                    "The parameter RemoveFromVersionId can't be empty. Staging label AWSCURRENT is currently \
                     attached to version {}, so you must explicitly reference that version in \
                     RemoveFromVersionId.",
                    token(1)
                );
                let request = g.about(json!({"VersionStage": "AWSCURRENT", "MoveToVersionId": token(2)}));
                g.refused(UpdateSecretVersionStage, request, "InvalidParameterException", &sentence).await?;
                g.has_stages(1, &["AWSCURRENT"]).await
            })
        }),
        rule("AWSCURRENT does not move from a version that lost it", Documented, TheSame, |g| {
            Box::pin(async move {
                g.secret_with_pending().await?;
                g.put(3, "three", &["AWSCURRENT"]).await?;
                let request = g.about(json!({
                    "VersionStage": "AWSCURRENT",
                    "MoveToVersionId": token(2),
                    "RemoveFromVersionId": token(1),
                }));
                g.refused(UpdateSecretVersionStage, request, "InvalidParameterException", "").await?;
                g.has_stages(3, &["AWSCURRENT"]).await?;
                g.has_stages(2, &["AWSPENDING"]).await
            })
        }),
        rule("the same move twice is refused the second time", Documented, TheSame, |g| {
            Box::pin(async move {
                g.secret_with_pending().await?;
                let request = g.about(json!({
                    "VersionStage": "AWSCURRENT",
                    "MoveToVersionId": token(2),
                    "RemoveFromVersionId": token(1),
                }));
                g.ok(UpdateSecretVersionStage, request.clone()).await?;
                g.refused(UpdateSecretVersionStage, request, "InvalidParameterException", "").await?;
                g.has_stages(2, &["AWSCURRENT", "AWSPENDING"]).await
            })
        }),
        rule(
            "any label that is attached moves only from its holder",
            Documented,
            Otherwise("was not refused"),
            |g| {
                Box::pin(async move {
                    g.secret_with_pending().await?;
                    let request = g.about(json!({"VersionStage": "AWSPENDING", "MoveToVersionId": token(1)}));
                    let sentence = "The parameter RemoveFromVersionId can't be empty.";
                    g.refused(UpdateSecretVersionStage, request, "InvalidParameterException", sentence)
                        .await?;
                    g.has_stages(2, &["AWSPENDING"]).await
                })
            },
        ),
        rule("a label that nobody holds is simply put", Documented, TheSame, |g| {
            Box::pin(async move {
                g.secret().await?;
                let request = g.about(json!({"VersionStage": "MINE", "MoveToVersionId": token(1)}));
                g.ok(UpdateSecretVersionStage, request).await?;
                g.has_stages(1, &["AWSCURRENT", "MINE"]).await
            })
        }),
        rule("without a new holder the label is removed", Documented, TheSame, |g| {
            Box::pin(async move {
                g.secret_with_pending().await?;
                let request = g.about(json!({"VersionStage": "AWSPENDING", "RemoveFromVersionId": token(2)}));
                g.ok(UpdateSecretVersionStage, request).await?;
                g.has_stages(2, &[]).await?;
                g.has_stages(1, &["AWSCURRENT"]).await
            })
        }),
        rule("AWSCURRENT cannot be removed", Documented, Otherwise("was not refused"), |g| {
            Box::pin(async move {
                g.secret().await?;
                let sentence = "You can only move staging label AWSCURRENT to a different secret version.";
                let request = g.about(json!({"VersionStage": "AWSCURRENT", "RemoveFromVersionId": token(1)}));
                g.refused(UpdateSecretVersionStage, request, "InvalidParameterException", sentence).await
            })
        }),
        rule("going back gives AWSPREVIOUS to the version that was left", Documented, TheSame, |g| {
            Box::pin(async move {
                g.secret().await?;
                g.put(2, "two", &["AWSCURRENT"]).await?;
                let request = g.about(json!({
                    "VersionStage": "AWSCURRENT",
                    "MoveToVersionId": token(1),
                    "RemoveFromVersionId": token(2),
                }));
                g.ok(UpdateSecretVersionStage, request).await?;
                g.has_stages(1, &["AWSCURRENT"]).await?;
                g.has_stages(2, &["AWSPREVIOUS"]).await
            })
        }),
    ]
}
