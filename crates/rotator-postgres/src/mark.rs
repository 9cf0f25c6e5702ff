//! The mark that a clone carries: one line of the comment on its role, which neither of the two users can
//! write.
//!
//! ```text
//! The night shift looks after this one.                    the comment that was there stays
//! rotators: clone for secret 123456789012:shop/checkout    the mark
//! ```

use postgres_session::{Statement, quote_identifier, quote_literal};
use rotation_database::{Mark, PairOwner, SecretIdentity, StatementFault, Username};

/// What the line begins with. The rest of it is [`SecretIdentity::as_str`].
const PREFIX: &str = "rotators: clone for secret ";

/// The kind of the statement that writes a mark.
pub(crate) const COMMENT: &str = "comment on role";

/// The secrets that a comment names. More than one, where the line of another clone was copied.
fn named(comment: &str) -> impl Iterator<Item = &str> {
    let rest = comment.split('\n').filter_map(|line| line.strip_prefix(PREFIX));
    rest.filter(|secret| {
        !secret.is_empty() && !secret.contains(|c: char| c.is_whitespace() || c.is_control())
    })
}

/// The secret that a comment names first.
pub(crate) fn secret(comment: Option<&str>) -> Option<&str> {
    named(comment?).next()
}

/// A secret other than the owner's that one of these comments names, unless the owner takes the pair over.
/// Where no owner is known, any secret.
pub(crate) fn other(comments: &[Option<String>], owner: Option<&PairOwner>) -> Option<StatementFault> {
    if owner.is_some_and(|owner| owner.adopt) {
        return None;
    }
    let mut all = comments.iter().flatten().flat_map(|comment| named(comment));
    let other = all.find(|secret| owner.is_none_or(|owner| owner.secret.as_str() != *secret))?;
    Some(StatementFault::OtherSecret { secret: other.to_owned() })
}

/// Reads the mark from a comment. Where it names several secrets, one that is not the owner's counts.
pub(crate) fn read<'a>(comment: Option<&'a str>, owner: &PairOwner) -> Mark<'a> {
    let Some(comment) = comment else { return Mark::None };
    let other = named(comment).find(|secret| *secret != owner.secret.as_str());
    other.or_else(|| named(comment).next()).map_or(Mark::None, Mark::Of)
}

/// The comment with this secret's mark and no other at its end.
fn with(comment: Option<&str>, secret: &SecretIdentity) -> String {
    let kept = comment.unwrap_or_default().split('\n').filter(|line| !line.starts_with(PREFIX));
    let kept = kept.collect::<Vec<_>>().join("\n");
    let separator = if kept.is_empty() { "" } else { "\n" };
    format!("{kept}{separator}{PREFIX}{secret}")
}

/// Writes this secret's mark on a clone whose comment is this one.
pub(crate) fn statement(clone: &Username, comment: Option<&str>, secret: &SecretIdentity) -> Statement {
    let (clone, text) = (quote_identifier(clone.as_str()), quote_literal(&with(comment, secret)));
    Statement::new(COMMENT, format!("COMMENT ON ROLE {clone} IS {text}"))
}

#[cfg(test)]
mod tests {
    use rotation_core::SecretId;

    use super::*;

    fn owner(name: &str) -> PairOwner {
        let arn = format!("arn:aws:secretsmanager:eu-west-1:123456789012:secret:{name}-KpXkZF");
        PairOwner { secret: SecretIdentity::from_secret(&SecretId::new(arn).unwrap()), adopt: false }
    }

    /// A mark is one whole line of the comment.
    #[test]
    fn one_line_of_the_comment() {
        let owner = owner("shop/checkout");
        let mine = format!("{PREFIX}123456789012:shop/checkout");
        let check = |comment: &str, expected: Mark<'_>| {
            assert_eq!(read(Some(comment), &owner), expected, "{comment:?}");
        };
        check(&mine, Mark::Of("123456789012:shop/checkout"));
        check(&format!("of the team\n{mine}\nmore"), Mark::Of("123456789012:shop/checkout"));
        let both = format!("{mine}\n{PREFIX}1:b");
        check(&both, Mark::Of("1:b"));
        for none in
            ["", "of the team", PREFIX, &format!(" {mine}"), &format!("{mine} "), &format!("{PREFIX}a b")]
        {
            check(none, Mark::None);
        }
        assert_eq!(read(None, &owner), Mark::None);
    }

    /// A comment keeps its own lines.
    #[test]
    fn other_comment_lines_stay() {
        let secret = owner("shop/checkout").secret;
        let mine = format!("{PREFIX}123456789012:shop/checkout");
        assert_eq!(with(None, &secret), mine);
        assert_eq!(with(Some("it's ours\n\nreally"), &secret), format!("it's ours\n\nreally\n{mine}"));
        assert_eq!(with(Some(&format!("a\n{PREFIX}1:b\n{PREFIX}")), &secret), format!("a\n{mine}"));
        assert_eq!(with(Some(&mine), &secret), mine);
    }
}
