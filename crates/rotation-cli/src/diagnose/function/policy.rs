//! A function's resource policy: whether it permits Secrets Manager to invoke the function for one secret.
//!
//! Source: "Policy evaluation logic" and "IAM JSON policy elements: Condition operators" of the IAM user
//! guide. What is not understood here is reported as unclear, never as allowed or refused.

use serde_json::Value;

const SERVICE: &str = "secretsmanager.amazonaws.com";

/// The statements of a policy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Policy(Vec<Value>);

/// Whether Secrets Manager is admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// For this secret or its account alone.
    Bounded,
    /// For secrets of any account.
    Open,
    /// No statement admits it, or one denies it.
    Refused,
    /// It depends on conditions that are not evaluated here.
    Unclear,
}

/// The result of a statement's conditions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conditions {
    None,
    Met,
    Unmet,
    Unclear,
}

impl Policy {
    /// `None` where the text is not a policy.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let policy: Value = serde_json::from_str(text).ok()?;
        match policy.get("Statement")? {
            Value::Array(statements) => Some(Self(statements.clone())),
            one @ Value::Object(_) => Some(Self(vec![one.clone()])),
            _ => None,
        }
    }

    /// The policy's decision about Secrets Manager for this secret.
    pub(super) fn admission(&self, secret: &str, account: &str) -> Admission {
        let about = |effect: &str| {
            let statements = self.0.iter().filter(|statement| is_about_us(statement));
            let statements = statements.filter(|statement| statement["Effect"] == effect);
            let conditions = statements.map(|statement| judge(&statement["Condition"], secret, account));
            conditions.collect::<Vec<_>>()
        };
        let (denied, allowed) = (about("Deny"), about("Allow"));
        if denied.iter().any(|deny| matches!(deny, Conditions::None | Conditions::Met)) {
            return Admission::Refused;
        }
        if denied.contains(&Conditions::Unclear) {
            return Admission::Unclear;
        }
        if allowed.contains(&Conditions::None) {
            Admission::Open
        } else if allowed.contains(&Conditions::Met) {
            Admission::Bounded
        } else if allowed.contains(&Conditions::Unclear) {
            Admission::Unclear
        } else {
            Admission::Refused
        }
    }
}

/// Whether a statement is about Secrets Manager invoking the function. Exclusions (`NotPrincipal`,
/// `NotAction`) are not in the policies of functions.
fn is_about_us(statement: &Value) -> bool {
    let principal = &statement["Principal"];
    let ours = texts(&principal["Service"]).any(|service| service == SERVICE);
    let anybody = principal == "*" || texts(&principal["AWS"]).any(|name| name == "*");
    let invokes = texts(&statement["Action"])
        .any(|action| matches("lambda:invokefunction", &action.to_ascii_lowercase()));
    (ours || anybody) && invokes
}

fn judge(conditions: &Value, secret: &str, account: &str) -> Conditions {
    let Some(operators) = conditions.as_object().filter(|operators| !operators.is_empty()) else {
        return Conditions::None;
    };
    let mut sum = Conditions::Met;
    for (operator, keys) in operators {
        for (key, values) in keys.as_object().into_iter().flatten() {
            let actual = match key.to_ascii_lowercase().as_str() {
                "aws:sourceaccount" => account,
                "aws:sourcearn" => secret,
                _ => return Conditions::Unclear,
            };
            let met = match operator.as_str() {
                "StringEquals" => texts(values).any(|value| value == actual),
                "StringEqualsIgnoreCase" => texts(values).any(|value| value.eq_ignore_ascii_case(actual)),
                "StringLike" | "ArnLike" | "ArnEquals" => texts(values).any(|value| matches(actual, value)),
                _ => return Conditions::Unclear,
            };
            if !met {
                sum = Conditions::Unmet;
            }
        }
    }
    sum
}

/// One text, or each of a list.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let many = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    value.as_str().into_iter().chain(many)
}

/// Whether the text matches a pattern with `*` and `?`.
fn matches(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) = (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut of) = (0, 0);
    // The position of the last star, and how much it has matched so far.
    let mut star = None;
    while at < text.len() {
        match pattern.get(of) {
            Some('*') => {
                star = Some((of, at));
                of += 1;
            }
            Some(sign) if *sign == '?' || *sign == text[at] => {
                (at, of) = (at + 1, of + 1);
            }
            _ => {
                let Some((place, taken)) = star else { return false };
                star = Some((place, taken + 1));
                (at, of) = (taken + 1, place + 1);
            }
        }
    }
    pattern[of..].iter().all(|sign| *sign == '*')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const SECRET: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:app-AbCdEf";

    #[track_caller]
    fn check(statements: &Value, expected: Admission) {
        let policy = Policy::parse(&json!({"Version": "2012-10-17", "Statement": statements}).to_string());
        assert_eq!(policy.unwrap().admission(SECRET, "123456789012"), expected, "{statements}");
    }

    fn allow(condition: &Value) -> Value {
        json!({"Effect": "Allow", "Principal": {"Service": SERVICE}, "Action": "lambda:InvokeFunction",
            "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "Condition": condition})
    }

    /// A permission for the account or the secret is bounded, and one for everyone is open.
    #[test]
    fn bounded_and_open_permissions() {
        check(&json!([allow(&json!({}))]), Admission::Open);
        check(
            &json!([allow(&json!({"StringEquals": {"AWS:SourceAccount": "123456789012"}}))]),
            Admission::Bounded,
        );
        check(
            &json!(allow(&json!({"StringEquals": {"aws:SourceAccount": ["1", "123456789012"]}}))),
            Admission::Bounded,
        );
        check(&json!([allow(&json!({"ArnLike": {"AWS:SourceArn": SECRET}}))]), Admission::Bounded);
        let pattern = "arn:aws:secretsmanager:*:123456789012:secret:app-??????";
        check(&json!([allow(&json!({"ArnLike": {"AWS:SourceArn": pattern}}))]), Admission::Bounded);
        let anybody = json!({"Effect": "Allow", "Principal": "*", "Action": "lambda:*"});
        check(&json!([anybody]), Admission::Open);
    }

    /// A permission for another principal lets nobody in.
    #[test]
    fn permission_for_another_principal() {
        check(&json!([]), Admission::Refused);
        check(
            &json!([allow(&json!({"StringEquals": {"AWS:SourceAccount": "210987654321"}}))]),
            Admission::Refused,
        );
        let other = "arn:aws:secretsmanager:us-east-1:123456789012:secret:other-AbCdEf";
        let both = json!({
            "StringEquals": {"AWS:SourceAccount": "123456789012"},
            "ArnLike": {"AWS:SourceArn": other},
        });
        check(&json!([allow(&both)]), Admission::Refused);
        let mut events = allow(&json!({}));
        events["Principal"] = json!({"Service": "events.amazonaws.com"});
        check(&json!([events]), Admission::Refused);
        let mut reads = allow(&json!({}));
        reads["Action"] = json!("lambda:GetFunction");
        check(&json!([reads]), Admission::Refused);
        let mut deny = allow(&json!({}));
        deny["Effect"] = json!("Deny");
        check(&json!([allow(&json!({})), deny]), Admission::Refused);
    }

    /// What is not understood counts as neither allowed nor refused.
    #[test]
    fn unknown_conditions_are_undecided() {
        check(&json!([allow(&json!({"Bool": {"aws:SecureTransport": "true"}}))]), Admission::Unclear);
        check(&json!([allow(&json!({"StringNotEquals": {"AWS:SourceAccount": "1"}}))]), Admission::Unclear);
        let mut deny = allow(&json!({"StringEquals": {"aws:PrincipalOrgID": "o"}}));
        deny["Effect"] = json!("Deny");
        check(&json!([allow(&json!({})), deny]), Admission::Unclear);
        assert_eq!(Policy::parse("{}"), None);
        assert_eq!(Policy::parse("no JSON"), None);
    }
}
