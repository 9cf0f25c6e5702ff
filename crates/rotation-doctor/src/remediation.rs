//! What to do about the findings of the rotation's configuration and of its function. Names in capitals are
//! slots for the case at hand; `docs/errors/CODE.md` has the same texts.

/// Of `ROTATION_NOT_CONFIGURED`.
pub const SET_FUNCTION: &str = "Set a function with `aws secretsmanager rotate-secret --secret-id SECRET_ID \
    --rotation-lambda-arn FUNCTION_ARN --rotation-rules AutomaticallyAfterDays=30`, or rotate from your own \
    machine with `rotate run SECRET_ID`.";

/// Of `FUNCTION_NOT_FOUND`.
pub const DEPLOY_AGAIN: &str = "Deploy the function again (`scripts/deploy SECRET_ID`), or set one that \
    exists with `aws secretsmanager rotate-secret --secret-id SECRET_ID --rotation-lambda-arn FUNCTION_ARN`.";

/// Of `FUNCTION_NOT_INVOCABLE`. A version or an alias has a policy of its own: then `QUALIFIER` follows.
pub const ADD_PERMISSION: &str = "Allow it: aws lambda add-permission --function-name FUNCTION_ARN \
    --statement-id secretsmanager --action lambda:InvokeFunction --principal secretsmanager.amazonaws.com \
    --source-account ACCOUNT";

/// Of `FUNCTION_PERMISSION_TOO_BROAD`, before [`ADD_PERMISSION`].
pub const REMOVE_PERMISSION: &str = "Remove that statement: aws lambda remove-permission --function-name \
    FUNCTION_ARN --statement-id STATEMENT_ID (aws lambda get-policy --function-name FUNCTION_ARN lists \
    them). Then restrict it to the account.";

/// Of `FUNCTION_INACTIVE`.
pub const ACTIVATE: &str = "Fix what the reason names, and deploy the function again (`scripts/deploy \
    SECRET_ID`). One that is Inactive or Pending becomes active when it is invoked.";

/// Of `FUNCTION_TIMEOUT_TOO_SHORT`.
pub const RAISE_TIMEOUT: &str = "Set it to 30 seconds: aws lambda update-function-configuration \
    --function-name FUNCTION_ARN --timeout 30";

/// Of `NOT_CHECKED`, for what only the function's role can do.
pub const ASK_FUNCTION: &str = "Ask the function, which diagnoses the secret with its own role: aws lambda \
    invoke --function-name FUNCTION_ARN --cli-binary-format raw-in-base64-out --payload '{\"doctor\": \
    \"SECRET_ID\"}' answer.json";
