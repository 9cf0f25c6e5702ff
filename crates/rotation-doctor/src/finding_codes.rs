//! The findings about labels, the rotation, and its function.

pub use rotation_core::diagnosis::finding_codes::*;

rotation_core::finding_codes! {
    /// AWSPENDING is on a version that a rotation has not brought to its end.
    PENDING_STUCK = "warning; a fault where AWSCURRENT does not log in",
        "A rotation failed between createSecret and finishSecret, or runs at this moment.",
        "Rotate again, which resumes with this version, or run what `rotate recover` names. Keep AWSPENDING \
         until it is known which password logs in.";
    /// AWSCURRENT does not log in, and a version that is not AWSPENDING does.
    CURRENT_REFUSED = "fault",
        "An operator moved a label, or AWSPENDING was removed after setSecret had changed the password.",
        "`rotate recover` moves AWSCURRENT to the version that logs in.";
    /// No function is set to rotate the secret.
    ROTATION_NOT_CONFIGURED = "note",
        "Rotation was never configured.",
        "Run `aws secretsmanager rotate-secret --rotation-lambda-arn ...`, or `rotate run` from your own \
         machine.";
    /// The function that is set to rotate the secret is not there.
    FUNCTION_NOT_FOUND = "fault",
        "It was deleted, or its stack was.",
        "Deploy it again, or set the function that is there with `aws secretsmanager rotate-secret`.";
    /// Secrets Manager may not invoke the function for this secret.
    FUNCTION_NOT_INVOCABLE = "fault",
        "The function has no resource policy, or its policy does not let `secretsmanager.amazonaws.com` in, \
         or only for another account or secret.",
        "`aws lambda add-permission` as the finding writes it.";
    /// Secrets Manager may invoke the function for secrets of any account.
    FUNCTION_PERMISSION_TOO_BROAD = "warning",
        "The statement that lets Secrets Manager in has neither `aws:SourceAccount` nor `aws:SourceArn`.",
        "Remove the permission and add it with `--source-account`.";
    /// The function does not take invocations in the state that it is in.
    FUNCTION_INACTIVE = "fault",
        "Lambda has not finished or could not finish creating it, often because its subnets have no free \
         addresses or its role is missing.",
        "See the reason in the finding, and deploy it again.";
    /// The function's timeout is shorter than a step may need.
    FUNCTION_TIMEOUT_TOO_SHORT = "warning",
        "The timeout is under 15 seconds; Lambda's own default is three.",
        "Set it to 30 seconds.";
}
