output "function_name" {
  value = aws_lambda_function.rotation.function_name
}

output "rotation_lambda_arn" {
  value = aws_lambda_function.rotation.arn
}

output "role_arn" {
  value = aws_iam_role.function.arn
}

output "log_group_name" {
  value = aws_cloudwatch_log_group.function.name
}
