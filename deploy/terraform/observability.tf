locals {
  watched = var.topic_arn == null ? [] : ["Errors", "Throttles"]
}

resource "aws_cloudwatch_metric_alarm" "counted" {
  for_each            = toset(local.watched)
  alarm_name          = "${var.function_name}-${lower(each.key)}"
  alarm_description   = "${each.key} of ${var.function_name}; its log has the cause and the fix"
  namespace           = "AWS/Lambda"
  metric_name         = each.key
  dimensions          = { FunctionName = aws_lambda_function.rotation.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
}

resource "aws_cloudwatch_metric_alarm" "slowness" {
  count               = var.topic_arn == null ? 0 : 1
  alarm_name          = "${var.function_name}-slowness"
  alarm_description   = "${var.function_name} needed more than 80 % of its timeout"
  namespace           = "AWS/Lambda"
  metric_name         = "Duration"
  dimensions          = { FunctionName = aws_lambda_function.rotation.function_name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  threshold           = var.timeout_seconds * 800
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.topic_arn]
}

# These events come through CloudTrail, at best effort. Some of them spell the key of the ARN differently.
resource "aws_cloudwatch_event_rule" "failures" {
  count       = var.topic_arn == null ? 0 : 1
  name        = "${var.function_name}-failures"
  description = "Failed and abandoned rotations"
  event_pattern = jsonencode({
    source      = ["aws.secretsmanager"]
    detail-type = ["AWS Service Event via CloudTrail"]
    detail = {
      eventSource = ["secretsmanager.amazonaws.com"]
      eventName   = ["RotationFailed", "RotationAbandoned", "TestRotationFailed"]
      "$or" = [
        for key in ["SecretId", "arn", "aRN"] : { additionalEventData = { (key) = [var.secret_arn] } }
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "failures" {
  count = var.topic_arn == null ? 0 : 1
  rule  = aws_cloudwatch_event_rule.failures[0].name
  arn   = var.topic_arn
}
