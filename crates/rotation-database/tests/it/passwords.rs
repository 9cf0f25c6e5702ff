//! The password policy: its limits, its least entropy, and whether the passwords are uniform.

use proptest::prelude::*;
use rotation_core::{
    CharacterClass, Password, PasswordDemand, PasswordPolicy, PasswordRule, PasswordSettings, PolicyError,
};

use crate::world::PROFILE;

/// A rule without requirements.
const LAX: PasswordRule =
    PasswordRule { shortest: 1, longest: 4096, forbidden: "", required: &[], default_exclusions: "" };

fn settings(length: usize, excluded: &str) -> PasswordSettings {
    let exclude_characters = Some(excluded.to_owned());
    PasswordSettings { length, exclude_characters, ..PasswordSettings::default() }
}

/// All printable characters except these.
fn all_but(kept: &str) -> String {
    ('!'..='~').filter(|c| !kept.contains(*c)).collect()
}

#[track_caller]
fn check(settings: PasswordSettings, rule: &PasswordRule, expected: Result<(), PolicyError>) {
    assert_eq!(PasswordPolicy::new(settings, rule).map(drop), expected);
}

/// The length is within the engine's range.
#[test]
fn length_within_the_engines_range() {
    let out_of_range = Err(PolicyError::Length { shortest: 8, longest: 128 });
    check(settings(128, ""), &PROFILE.password_rule, Ok(()));
    check(settings(129, ""), &PROFILE.password_rule, out_of_range);
    check(settings(7, ""), &PROFILE.password_rule, out_of_range);
    check(settings(0, ""), &PROFILE.password_rule, out_of_range);
    check(settings(8, ""), &PROFILE.password_rule, Err(PolicyError::Guessable));
    check(settings(4096, ""), &LAX, Ok(()));
    check(settings(4097, ""), &LAX, Err(PolicyError::Length { shortest: 1, longest: 4096 }));
}

/// Fewer than 128 bits are refused.
#[test]
fn fewer_than_128_bits() {
    let free = |length, kept: &str| PasswordSettings {
        require_each_class: false,
        ..settings(length, &all_but(kept))
    };
    // 16 characters are 4 bits each: 32 of them are 128 exactly.
    check(free(32, "0123456789abcdef"), &LAX, Ok(()));
    check(free(31, "0123456789abcdef"), &LAX, Err(PolicyError::Guessable));
    check(free(128, "01"), &LAX, Ok(()));
    check(free(127, "01"), &LAX, Err(PolicyError::Guessable));
    check(free(4096, "0"), &LAX, Err(PolicyError::Guessable));
    check(free(4096, ""), &LAX, Err(PolicyError::Guessable));
    // 94 characters are 6.55 bits each.
    check(PasswordSettings { require_each_class: false, ..settings(20, "") }, &LAX, Ok(()));
    check(
        PasswordSettings { require_each_class: false, ..settings(19, "") },
        &LAX,
        Err(PolicyError::Guessable),
    );
}

/// A rule that requires these classes.
const fn demanding(required: &'static [CharacterClass]) -> PasswordRule {
    PasswordRule { required, ..LAX }
}

/// Required classes leave fewer passwords: their cost is counted.
#[test]
fn required_classes_cost_bits() {
    let free = |length, kept: &str| PasswordSettings {
        require_each_class: false,
        ..settings(length, &all_but(kept))
    };
    // 16 characters, one of them a digit: (15/16)^32 of all have none, which leaves 127.8 bits of 128.
    let digit = demanding(&[CharacterClass::Digit]);
    check(free(32, "abcdefghijklmno0"), &digit, Err(PolicyError::Guessable));
    check(free(33, "abcdefghijklmno0"), &digit, Ok(()));
    // 17 characters: 130.8 bits less 0.2.
    check(free(32, "abcdefghijklmnop0"), &digit, Ok(()));
    // 32 marks and one character of each of three classes: the bound is useless, and each costs a whole
    // position. 27 characters leave 123.1 bits, 28 leave 128.2.
    let three = demanding(&[CharacterClass::Lowercase, CharacterClass::Uppercase, CharacterClass::Digit]);
    let marks: String = ('!'..='~').filter(char::is_ascii_punctuation).chain(['a', 'A', '0']).collect();
    check(free(27, &marks), &three, Err(PolicyError::Guessable));
    check(free(28, &marks), &three, Ok(()));
}

/// A rare class is in every password, and what breaks the policy is not admitted.
#[test]
fn rare_class_is_in_every_password() {
    let kept = all_but("abcdefghijklmnop0");
    let settings = PasswordSettings { require_each_class: false, ..settings(33, &kept) };
    let policy = PasswordPolicy::new(settings, &demanding(&[CharacterClass::Digit])).unwrap();
    for _ in 0..200 {
        assert!(policy.generate().unwrap().expose().contains('0'));
    }
    let admits = |text: String| policy.admits(&Password::parse(&text).unwrap());
    assert!(admits("a".repeat(32) + "0"));
    assert!(!admits("a".repeat(33)), "no digit");
    assert!(!admits("a".repeat(31) + "0"), "too short");
    assert!(!admits("a".repeat(33) + "0"), "too long");
    assert!(!admits("a".repeat(31) + "q0"), "another character");
}

/// A server's demand counts as met only where every password meets it.
#[test]
fn requirement_every_password_meets() {
    let of_digits = demanding(&[CharacterClass::Digit]);
    let settings = PasswordSettings { require_each_class: false, ..settings(32, "") };
    let policy = PasswordPolicy::new(settings, &of_digits).unwrap();
    let (digit, lower) = (CharacterClass::Digit, CharacterClass::Lowercase);
    for (demand, met) in [
        (PasswordDemand::Length(31), true),
        (PasswordDemand::Length(32), true),
        (PasswordDemand::Length(33), false),
        (PasswordDemand::Class(digit, 0), true),
        (PasswordDemand::Class(digit, 1), true),
        (PasswordDemand::Class(digit, 2), false),
        (PasswordDemand::Class(lower, 0), true),
        (PasswordDemand::Class(lower, 1), false),
    ] {
        assert_eq!(policy.meets(demand), met, "{demand:?}");
    }
}

/// An exclusion of a class that the engine demands is refused.
#[test]
fn excluding_a_required_class() {
    for class in [CharacterClass::Lowercase, CharacterClass::Uppercase, CharacterClass::Digit] {
        let settings = PasswordSettings { exclude_classes: vec![class], ..settings(64, "") };
        check(settings, &PROFILE.password_rule, Err(PolicyError::RequiredClass { class }));
    }
    check(
        settings(64, "0123456789"),
        &PROFILE.password_rule,
        Err(PolicyError::RequiredClass { class: CharacterClass::Digit }),
    );
    let no_punctuation =
        PasswordSettings { exclude_classes: vec![CharacterClass::Punctuation], ..settings(32, "") };
    check(no_punctuation, &PROFILE.password_rule, Ok(()));
    check(settings(32, &"x".repeat(4096)), &PROFILE.password_rule, Ok(()));
    check(settings(32, &"x".repeat(4097)), &PROFILE.password_rule, Err(PolicyError::Exclusions));
}

proptest! {
    /// A generated password obeys any admissible policy.
    #[test]
    fn generated_obeys_any_policy(
        length in 1_usize..200,
        excluded in "[!-~]{0,60}",
        classes in prop::sample::subsequence(
            vec![
                CharacterClass::Lowercase, CharacterClass::Uppercase, CharacterClass::Digit,
                CharacterClass::Punctuation,
            ],
            0..=4,
        ),
        require_each_class in any::<bool>(),
        lax in any::<bool>(),
    ) {
        let rule = if lax { &LAX } else { &PROFILE.password_rule };
        let settings = PasswordSettings {
            exclude_classes: classes.clone(),
            require_each_class,
            ..settings(length, &excluded)
        };
        let Ok(policy) = PasswordPolicy::new(settings, rule) else { return Ok(()) };
        let password = policy.generate().unwrap();
        let text = password.expose();
        prop_assert!(policy.admits(&password));
        prop_assert_eq!(text.chars().count(), length);
        prop_assert!(!text.contains(|c: char| excluded.contains(c) || rule.forbidden.contains(c)));
        let is = |class: CharacterClass, c: char| match class {
            CharacterClass::Lowercase => c.is_ascii_lowercase(),
            CharacterClass::Uppercase => c.is_ascii_uppercase(),
            CharacterClass::Digit => c.is_ascii_digit(),
            CharacterClass::Punctuation => c.is_ascii_punctuation(),
        };
        for class in classes {
            prop_assert!(!text.contains(|c| is(class, c)));
        }
        for class in rule.required {
            prop_assert!(text.contains(|c| is(*class, c)));
        }
        // The exclusions for GetRandomPassword leave the same alphabet.
        prop_assert!(!text.contains(|c| policy.excluded_characters().contains(c)));
        let shorter = Password::parse(&format!("{text}a")).unwrap();
        prop_assert!(!policy.admits(&shorter));
    }
}

/// Chi-square over the 94 characters, also by position parity, so that a biased remainder of a byte would
/// show.
///
/// With 93 degrees of freedom the statistic has mean 93 and standard deviation 13.6. The bound of 230 is
/// exceeded by chance with a probability below 1e-11 (Chernoff: exp(-(230 - 93 - 93 ln(230/93)) / 2) =
/// 3.4e-12). The remainder of a byte taken without rejection makes 68 characters 1.5 times as likely as the
/// other 26, and a statistic of about 2,600.
#[test]
fn characters_are_uniform() {
    let settings = PasswordSettings { require_each_class: false, ..settings(1000, "") };
    let policy = PasswordPolicy::new(settings, &LAX).unwrap();
    for parity in [0, 1] {
        let mut counts = [0_u32; 94];
        for _ in 0..188 {
            let password = policy.generate().unwrap();
            for byte in password.expose().bytes().skip(parity).step_by(2) {
                counts[usize::from(byte - b'!')] += 1;
            }
        }
        let expected = f64::from(counts.iter().sum::<u32>()) / 94.0;
        assert!((expected - 1000.0).abs() < 1e-9);
        let statistic: f64 =
            counts.iter().map(|count| (f64::from(*count) - expected).powi(2) / expected).sum();
        println!("chi-square {statistic:.1}");
        assert!(statistic < 230.0, "chi-square {statistic}");
    }
}

/// No two passwords are alike.
#[test]
fn no_two_are_alike() {
    let policy = crate::world::policy();
    let all: std::collections::HashSet<String> =
        (0..1000).map(|_| policy.generate().unwrap().expose().to_owned()).collect();
    assert_eq!(all.len(), 1000);
}

/// A policy reports what it was made from and what it leaves out.
#[test]
fn policy_shows_its_settings() {
    let left_out = all_but("abcdefghijklmnop0");
    let settings = PasswordSettings { require_each_class: false, ..settings(33, &left_out) };
    let policy = PasswordPolicy::new(settings.clone(), &LAX).unwrap();
    assert_eq!(*policy.settings(), settings);
    assert_eq!(policy.excluded_characters(), left_out);
}
