//! To which secret a pair of users belongs.

use rotation_core::SecretId;
use rotation_database::{Equality, Mark, PairOwner, SecretIdentity, StatementFault, recognize};

fn identity(id: &str) -> SecretIdentity {
    SecretIdentity::from_secret(&SecretId::new(id).unwrap())
}

/// An identity is the account and the name.
/// Neither the suffix that the service appends nor the Region is part of it.
#[test]
fn identity_is_account_and_name() {
    let arn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:shop/checkout-KpXkZF";
    assert_eq!(identity(arn).as_str(), "123456789012:shop/checkout");
    assert_eq!(identity(arn).name(), "shop/checkout");
    assert_eq!(identity(&arn.replace("eu-west-1", "us-east-1")), identity(arn));
    assert_eq!(identity(&arn.replace("KpXkZF", "AbCdEf")), identity(arn));
    assert_eq!(identity("shop/checkout").as_str(), "shop/checkout");
    assert_eq!(identity("arn:aws:secretsmanager:r:1:secret:abc").name(), "abc");
    assert_eq!(identity("arn:aws:secretsmanager:r:1:secret:é-KpXkZF").name(), "é");
    // Whatever is not the suffix belongs to the name.
    assert_eq!(identity("arn:aws:secretsmanager:r:1:secret:shop/checkout").name(), "shop/checkout");
    assert_eq!(identity("arn:aws:secretsmanager:r:1:secret:-KpXkZF").name(), "-KpXkZF");
}

/// A mark decides; where there is none, equal rights take its place.
#[test]
fn mark_or_equal_rights_decide() {
    let owner = PairOwner { secret: identity("shop"), adopt: false };
    let other = StatementFault::OtherSecret { secret: "b".into() };
    let unknown = || Err(StatementFault::CloneNotRecognized);
    for next_is_original in [false, true] {
        let recognize = |mark, rights| recognize(mark, &owner, rights, next_is_original);
        for rights in [Equality::Equal, Equality::Less, Equality::Differs] {
            assert_eq!(recognize(Mark::Of("shop"), rights), Ok(()));
            assert_eq!(recognize(Mark::Of("b"), rights), Err(other.clone()));
        }
        assert_eq!(recognize(Mark::None, Equality::Equal), Ok(()));
        assert_eq!(recognize(Mark::None, Equality::Less), unknown());
        assert_eq!(recognize(Mark::None, Equality::Differs), unknown());
        let begun = if next_is_original { unknown() } else { Ok(()) };
        assert_eq!(recognize(Mark::Unnamed, Equality::Less), begun);
        assert_eq!(recognize(Mark::Unnamed, Equality::Differs), unknown());
    }
    let adopting = PairOwner { adopt: true, ..owner };
    assert_eq!(recognize(Mark::Of("b"), &adopting, Equality::Differs, true), Ok(()));
}
