//! Lists and tags.

use local_aws::secrets_manager::Operation::{
    CreateSecret, DescribeSecret, ListSecretVersionIds, ListSecrets, TagResource, UntagResource,
};
use serde_json::{Value, json};

use super::{
    MotoSays::{NotAsked, Otherwise, TheSame},
    Rule,
    Source::Documented,
    rule, same, token,
};

pub(super) fn rules() -> Vec<Rule> {
    vec![
        rule(
            "a version without labels is listed only on request",
            Documented,
            Otherwise("Some(3) instead of Some(2)"),
            |g| {
                Box::pin(async move {
                    g.secret().await?;
                    g.put(2, "two", &["AWSCURRENT"]).await?;
                    g.put(3, "three", &["AWSCURRENT"]).await?;
                    for (deprecated, count) in [(false, 2), (true, 3)] {
                        let request = g.about(json!({"IncludeDeprecated": deprecated}));
                        let list = g.ok(ListSecretVersionIds, request).await?;
                        same("the versions", &list["Versions"].as_array().map(Vec::len), &Some(count))?;
                    }
                    Ok(())
                })
            },
        ),
        rule("secrets are filtered by a prefix of their name, page by page", Documented, TheSame, |g| {
            Box::pin(async move {
                for n in 1..=3 {
                    let request = json!({
                        "Name": format!("{}/{n}", g.name),
                        "SecretString": "x",
                        "ClientRequestToken": token(1),
                    });
                    g.ok(CreateSecret, request).await?;
                }
                let mut names = Vec::new();
                let mut request = json!({"Filters": [{"Key": "name", "Values": [g.name]}], "MaxResults": 2});
                loop {
                    let page = g.ok(ListSecrets, request.clone()).await?;
                    let entries = page["SecretList"].as_array().cloned().unwrap_or_default();
                    names.extend(entries.iter().map(|entry| entry["Name"].clone()));
                    let Some(next) = page.get("NextToken").filter(|next| next.is_string()) else {
                        break;
                    };
                    request["NextToken"] = next.clone();
                }
                names.sort_by_key(Value::to_string);
                let expected: Vec<_> = (1..=3).map(|n| json!(format!("{}/{n}", g.name))).collect();
                same("the names", &names, &expected)
            })
        }),
        rule(
            "a token that the service did not give is refused",
            Documented,
            NotAsked("moto answers with an HTML page"),
            |g| {
                Box::pin(async move {
                    g.refused(ListSecrets, json!({"NextToken": "x"}), "InvalidNextTokenException", "").await
                })
            },
        ),
        rule("tags are put, replaced and taken away", Documented, TheSame, |g| {
            Box::pin(async move {
                g.secret().await?;
                for value in ["a", "b"] {
                    let tags = json!([{"Key": "one", "Value": value}, {"Key": "two", "Value": value}]);
                    g.ok(TagResource, g.about(json!({"Tags": tags}))).await?;
                }
                g.ok(UntagResource, g.about(json!({"TagKeys": ["two"]}))).await?;
                let told = g.ok(DescribeSecret, g.about(json!({}))).await?;
                same("the tags", &told["Tags"], &json!([{"Key": "one", "Value": "b"}]))
            })
        }),
    ]
}
