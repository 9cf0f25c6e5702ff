//! `GetRandomPassword`.

use local_aws::secrets_manager::Operation::GetRandomPassword;
use serde_json::{Value, json};

use super::{
    Ground,
    MotoSays::{Otherwise, TheSame},
    Rule,
    Source::Documented,
    rule, same,
};

pub(super) fn rules() -> Vec<Rule> {
    vec![
        rule("a password has 32 characters of each type, and no space", Documented, TheSame, |g| {
            Box::pin(async move {
                let password = password(g, json!({})).await?;
                same("the length", &password.chars().count(), &32)?;
                let types: [fn(char) -> bool; 4] = [
                    |c| c.is_ascii_lowercase(),
                    |c| c.is_ascii_uppercase(),
                    |c| c.is_ascii_digit(),
                    |c| c.is_ascii_punctuation(),
                ];
                same("each type", &types.iter().all(|is| password.contains(*is)), &true)?;
                same("no space", &password.contains(' '), &false)
            })
        }),
        rule("what is excluded does not occur", Documented, TheSame, |g| {
            Box::pin(async move {
                let request = json!({
                    "PasswordLength": 4096, "ExcludePunctuation": true, "ExcludeNumbers": true,
                    "ExcludeUppercase": true, "ExcludeCharacters": "abc",
                });
                let password = password(g, request).await?;
                same("the length", &password.len(), &4096)?;
                same("only d to z", &password.chars().all(|c| ('d'..='z').contains(&c)), &true)
            })
        }),
        rule("every type occurs in the shortest password", Documented, TheSame, |g| {
            Box::pin(async move {
                for _ in 0..20 {
                    let password = password(g, json!({"PasswordLength": 4})).await?;
                    let digits = password.chars().filter(char::is_ascii_digit).count();
                    same("the digits among four characters", &digits, &1)?;
                }
                Ok(())
            })
        }),
        rule(
            "a password too short for its types is refused",
            Documented,
            Otherwise("Password length is too short"),
            |g| {
                Box::pin(async move {
                    let sentence = "Password length is too short based on the required types.";
                    let request = json!({"PasswordLength": 3});
                    g.refused(GetRandomPassword, request, "InvalidParameterException", sentence).await?;
                    let request = json!({"PasswordLength": 1, "RequireEachIncludedType": false});
                    same("the length", &password(g, request).await?.len(), &1)
                })
            },
        ),
        rule(
            "a password has 1 to 4096 characters",
            Documented,
            Otherwise("refused with InvalidParameterValue"),
            |g| {
                Box::pin(async move {
                    for length in [4097, 0] {
                        let request = json!({"PasswordLength": length, "RequireEachIncludedType": false});
                        g.refused(GetRandomPassword, request, "InvalidParameterException", "").await?;
                    }
                    Ok(())
                })
            },
        ),
    ]
}

async fn password(ground: &Ground<'_>, request: Value) -> Result<String, String> {
    let answer = ground.ok(GetRandomPassword, request).await?;
    Ok(answer["RandomPassword"].as_str().unwrap_or_default().to_owned())
}
