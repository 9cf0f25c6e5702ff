//! The stable codes of findings: one table, which a part of `docs/errors.md` is written from.

use crate::code::Code;

/// Makes the enumeration and what can be said of its variants from one row each.
macro_rules! codes {
    ($($(#[doc = $meaning:literal])+ $variant:ident = $name:literal, $severity:literal, $causes:literal, $mend:literal;)+) => {
        /// A stable name for what was found. A name is never given to another finding.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FindingCode {
            /// A rotation would fail, or fails, by this.
            Failure(Code),
            $($(#[doc = $meaning])+ $variant,)+
        }

        impl FindingCode {
            /// All that are not those of a failing rotation, in the order of the checks.
            pub const OWN: &'static [Self] = &[$(Self::$variant,)+];

            /// As it stands in answers: `PENDING_STUCK`.
            pub fn name(self) -> &'static str {
                match self {
                    Self::Failure(code) => code.name(),
                    $(Self::$variant => $name,)+
                }
            }

            /// What it means, in one sentence.
            pub fn meaning(self) -> &'static str {
                match self {
                    Self::Failure(code) => code.meaning(),
                    $(Self::$variant => concat!($($meaning,)+).trim(),)+
                }
            }

            /// How bad it is; empty for a failure, which may be any.
            pub fn severity(self) -> &'static str {
                match self {
                    Self::Failure(_) => "",
                    $(Self::$variant => $severity,)+
                }
            }

            /// What brings it about.
            pub fn causes(self) -> &'static str {
                match self {
                    Self::Failure(code) => code.article().causes,
                    $(Self::$variant => $causes,)+
                }
            }

            /// What to do. A finding's own words are more exact: they know the case.
            pub fn mend(self) -> &'static str {
                match self {
                    Self::Failure(code) => code.article().mend,
                    $(Self::$variant => $mend,)+
                }
            }
        }
    };
}

codes! {
    /// As it should be.
    Ok = "OK", "ok",
        "What was looked at is right.",
        "Nothing.";
    /// It was not looked at.
    NotLookedAt = "NOT_LOOKED_AT", "note",
        "No login was asked for or came through, the engine does not tell, or the caller may not look; the sentence \
         says which.",
        "Let the caller look, where it matters, or ask the function, which looks from inside its VPC by its own role.";
    /// Another field of the secret holds a copy of the password, or an outdated one.
    PasswordCopied = "SECRET_PASSWORD_COPIED", "warning",
        "Applications read a URL or a connection string out of the secret. A rotation changes `username` and `password` \
         alone.",
        "Name the field in `REWRITE_FIELDS`, so that it follows the credentials, or let applications put the URL together \
         from `username` and `password`.";
    /// The server's certificate chain ends within thirty days.
    TlsExpiresSoon = "TLS_EXPIRES_SOON", "warning",
        "The server's certificate, or one of its authorities that it sends, is near the end of its validity.",
        "Renew it before (for RDS: choose a current certificate authority). Afterwards logins fail with `TLS_EXPIRED`.";
    /// The secret asks for plaintext.
    TlsOff = "TLS_OFF", "note",
        "`\"ssl\": false` in the secret.",
        "Turn TLS on at the server, and set `\"ssl\": true`.";
    /// AWSPENDING is on a version that a rotation has not brought to its end.
    PendingStuck = "PENDING_STUCK", "warning; a fault where AWSCURRENT does not log in",
        "A rotation failed between createSecret and finishSecret, or runs at this moment.",
        "Rotate again, which takes the version up, or do what `rotate recover` says. Keep AWSPENDING until it is known \
         which password logs in.";
    /// AWSCURRENT does not log in, and a version that is not AWSPENDING does.
    CurrentRefused = "CURRENT_REFUSED", "fault",
        "A label was moved by hand, or AWSPENDING was taken away after setSecret had changed the password.",
        "`rotate recover` moves AWSCURRENT to the version that logs in.";
    /// The rights of the two users that take turns are not the same.
    GrantsDiffer = "GRANTS_DIFFER", "warning",
        "Somebody granted or revoked since the last rotation, at one of the two users alone.",
        "The next rotation brings the clone to what the original has; rotate now if an application misses something.";
    /// The server asks for no password, so no login proves one.
    PasswordNotAsked = "DB_PASSWORD_NOT_ASKED", "warning",
        "The server's access rules let the user in without a password, by the network address or the operating system.",
        "Let the server ask for a password. Until then nobody can tell which version logs in, and no label is moved.";
    /// Something about the server that is worth knowing.
    ServerNote = "SERVER_NOTE", "note",
        "The engine found something that works and may surprise, and says it in its sentence.",
        "Read the sentence; a rotation works as it is.";
    /// No function is set to rotate the secret.
    RotationUnset = "ROTATION_UNSET", "note",
        "Rotation was never configured.",
        "`aws secretsmanager rotate-secret --rotation-lambda-arn ...`, or `rotate secret` from your own machine.";
    /// The function that is set to rotate the secret is not there.
    FunctionMissing = "FUNCTION_MISSING", "fault",
        "It was deleted, or its stack was.",
        "Deploy it again, or set the function that is there with `aws secretsmanager rotate-secret`.";
    /// Secrets Manager may not invoke the function for this secret.
    FunctionClosed = "FUNCTION_CLOSED", "fault",
        "The function has no resource policy, or its policy does not let `secretsmanager.amazonaws.com` in, or only for \
         another account or secret.",
        "`aws lambda add-permission` as the finding writes it.";
    /// Secrets Manager may invoke the function for secrets of any account.
    FunctionOpen = "FUNCTION_OPEN", "warning",
        "The statement that lets Secrets Manager in has neither `aws:SourceAccount` nor `aws:SourceArn`.",
        "Remove the permission and add it with `--source-account`.";
    /// The function does not take invocations in the state that it is in.
    FunctionInactive = "FUNCTION_INACTIVE", "fault",
        "Lambda has not finished or could not finish making it, often for want of addresses in its subnets or of a role.",
        "See the reason in the finding, and deploy it again.";
    /// The function's timeout is shorter than a step may need.
    FunctionHurried = "FUNCTION_HURRIED", "warning",
        "The timeout is under 15 seconds; Lambda's own default is three.",
        "Set it to 30 seconds.";
}
