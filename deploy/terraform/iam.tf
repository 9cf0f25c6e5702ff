locals {
  secret_actions = [
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:PutSecretValue",
    "secretsmanager:UpdateSecretVersionStage",
  ]
  secret_arns = concat([var.secret_arn], var.other_secret_arns)
  via         = "secretsmanager.${data.aws_region.current.name}.${data.aws_partition.current.dns_suffix}"
  has_master  = var.superuser_secret_arn != null
}

resource "aws_iam_role" "function" {
  name                 = var.function_name
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_iam_role_policy_attachment" "managed" {
  for_each   = toset(var.managed_policy_arns)
  role       = aws_iam_role.function.name
  policy_arn = each.value
}

# Lambda asks for these before it makes a function in a VPC.
resource "aws_iam_role_policy" "network" {
  count = local.in_vpc ? 1 : 0
  name  = "network"
  role  = aws_iam_role.function.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["ec2:CreateNetworkInterface", "ec2:DeleteNetworkInterface", "ec2:DescribeNetworkInterfaces"]
      Resource = "*"
    }]
  })
}

# The secrets may be touched by the function that they name alone, so the function comes first.
resource "aws_iam_role_policy" "rotation" {
  name = "rotation"
  role = aws_iam_role.function.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Effect   = "Allow"
          Action   = local.secret_actions
          Resource = local.secret_arns
          Condition = {
            StringEquals = {
              "secretsmanager:resource/AllowRotationLambdaArn" = aws_lambda_function.rotation.arn
            }
          }
        },
        { Effect = "Allow", Action = ["secretsmanager:GetRandomPassword"], Resource = ["*"] },
      ],
      [for master in compact([var.superuser_secret_arn]) : {
        Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = [master]
      }],
      [for master in compact([var.master_lookup ? var.superuser_secret_arn : null]) : {
        Effect = "Allow", Action = ["secretsmanager:DescribeSecret"], Resource = [master]
      }],
      [for everything in compact([var.master_lookup && local.has_master ? "*" : null]) : {
        Effect = "Allow"
        Action = [
          "rds:DescribeDBInstances",
          "rds:DescribeDBClusters",
          "rds:DescribeDBClusterEndpoints",
          "redshift:DescribeClusters",
          "redshift-serverless:ListNamespaces",
          "redshift-serverless:ListWorkgroups",
          "redshift-serverless:GetNamespace",
          "redshift-serverless:GetWorkgroup",
        ]
        Resource = [everything]
      }],
      [for key in compact([var.kms_key_arn]) : {
        Effect   = "Allow"
        Action   = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource = [key]
        Condition = {
          StringEquals = {
            "kms:EncryptionContext:SecretARN" = local.secret_arns
            "kms:ViaService"                  = local.via
          }
        }
      }],
      [for key in compact([local.has_master ? var.superuser_secret_kms_key_arn : null]) : {
        Effect   = "Allow"
        Action   = ["kms:Decrypt"]
        Resource = [key]
        Condition = {
          StringEquals = {
            "kms:EncryptionContext:SecretARN" = [var.superuser_secret_arn]
            "kms:ViaService"                  = local.via
          }
        }
      }],
    )
  })
}

resource "aws_iam_role_policy" "log" {
  name = "log"
  role = aws_iam_role.function.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource = "${aws_cloudwatch_log_group.function.arn}:*"
    }]
  })
}
