locals {
  endpoint_name = local.makes_endpoint ? aws_vpc_endpoint.secrets_manager[0].dns_entry[0].dns_name : ""
  environment = merge(
    local.makes_endpoint ? { SECRETS_MANAGER_ENDPOINT = "https://${local.endpoint_name}" } : {},
    local.has_master ? { MASTER_SECRET_ARN = var.superuser_secret_arn } : {},
    var.settings,
    var.custom_settings,
  )
  is_custom = var.engine == "custom"
  artifact  = "${var.code_prefix}${var.engine}_${var.strategy}.zip"
}

resource "aws_cloudwatch_log_group" "function" {
  name              = "/aws/lambda/${var.function_name}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.log_kms_key_arn
}

resource "aws_lambda_function" "rotation" {
  function_name = var.function_name
  description = (
    local.is_custom
    ? "Rotates a secret: ${coalesce(var.code_key, "no code_key")}"
    : "Rotates database passwords: ${var.engine}, ${var.strategy}"
  )
  role          = aws_iam_role.function.arn
  runtime       = "provided.al2023"
  handler       = "bootstrap"
  architectures = [var.architecture]
  s3_bucket     = var.code_bucket
  s3_key        = local.is_custom ? var.code_key : local.artifact
  memory_size   = 128
  timeout       = var.timeout_seconds

  environment {
    variables = local.environment
  }

  logging_config {
    log_group             = aws_cloudwatch_log_group.function.name
    log_format            = "JSON"
    application_log_level = "INFO"
  }

  dynamic "vpc_config" {
    for_each = local.in_vpc ? [var.network] : []

    content {
      subnet_ids         = vpc_config.value.subnet_ids
      security_group_ids = aws_security_group.function[*].id
    }
  }

  lifecycle {
    precondition {
      condition     = var.strategy != "master_user" || local.has_master
      error_message = "Strategy master_user needs superuser_secret_arn."
    }
    precondition {
      condition     = local.is_custom == (var.code_key != null)
      error_message = "Engine custom, and no other, needs code_key."
    }
    precondition {
      condition     = local.is_custom || length(var.custom_settings) == 0
      error_message = "Only engine custom takes custom_settings."
    }
  }

  depends_on = [aws_iam_role_policy.network]
}

# Secrets Manager repeats a failed rotation by itself; Lambda must not add repeats of its own.
resource "aws_lambda_function_event_invoke_config" "rotation" {
  function_name          = aws_lambda_function.rotation.function_name
  maximum_retry_attempts = 0
}

resource "aws_lambda_permission" "secrets_manager" {
  function_name  = aws_lambda_function.rotation.arn
  action         = "lambda:InvokeFunction"
  principal      = "secretsmanager.amazonaws.com"
  source_account = data.aws_caller_identity.current.account_id
}

# Turning rotation on makes Secrets Manager try the function, which then needs its permissions.
resource "aws_secretsmanager_secret_rotation" "this" {
  secret_id           = var.secret_arn
  rotation_lambda_arn = aws_lambda_function.rotation.arn
  rotate_immediately  = var.rotate_immediately

  rotation_rules {
    automatically_after_days = var.schedule_expression == null ? var.automatically_after_days : null
    schedule_expression      = var.schedule_expression
    duration                 = var.duration
  }

  depends_on = [
    aws_iam_role_policy.rotation,
    aws_iam_role_policy.log,
    aws_lambda_permission.secrets_manager,
    aws_vpc_security_group_egress_rule.database,
    aws_vpc_security_group_ingress_rule.database,
    aws_vpc_security_group_egress_rule.secrets_manager,
    aws_vpc_security_group_ingress_rule.endpoint,
  ]
}
