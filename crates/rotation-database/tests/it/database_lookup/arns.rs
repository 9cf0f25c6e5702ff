//! The ARNs of servers.

use rotation_database::ServerArn;

/// The ARN of a server has six fields, and is split by them.
#[test]
fn server_arn_has_six_fields() {
    let text = "arn:aws:rds:eu-central-1:123456789012:cluster:shop";
    let arn = ServerArn::parse(text).unwrap();
    assert_eq!((arn.as_str(), arn.to_string().as_str()), (text, text));
    assert_eq!((arn.service(), arn.region(), arn.resource()), ("rds", "eu-central-1", "cluster:shop"));
    let sibling = arn.sibling("db:one").unwrap();
    assert_eq!(sibling.as_str(), "arn:aws:rds:eu-central-1:123456789012:db:one");
    assert_eq!(sibling.resource(), "db:one");
    assert_eq!(arn.sibling(""), None);
    assert_eq!(arn.sibling("db one"), None);
    let longest = format!("{text}{}", "x".repeat(2048 - text.len()));
    assert!(ServerArn::parse(&longest).is_some());
    for bad in [
        "",
        "arn:aws:rds:eu-central-1:123456789012",
        "urn:aws:rds:eu-central-1:123456789012:db:a",
        "arn:aws::eu-central-1:123456789012:db:a",
        "arn:aws:rds:eu-central-1:123456789012:d b",
        "arn:aws:rds:eu-central-1:123456789012:d\u{e9}",
        &format!("{longest}x"),
    ] {
        assert_eq!(ServerArn::parse(bad), None, "{bad}");
    }
}
