locals {
  in_vpc          = var.network != null
  access          = try(var.network.secrets_manager_access, "")
  known_groups    = try(slice(var.network.endpoint_security_group_ids, 0, 1), [])
  known_endpoint  = local.in_vpc && length(local.known_groups) > 0
  makes_endpoint  = local.in_vpc && local.access == "endpoint" && !local.known_endpoint
  opens_endpoint  = local.known_endpoint && local.access != "nat"
  by_endpoint     = local.makes_endpoint || local.opens_endpoint
  endpoint_groups = local.makes_endpoint ? aws_security_group.endpoint[*].id : local.known_groups
}

resource "aws_security_group" "function" {
  count       = local.in_vpc ? 1 : 0
  name        = var.function_name
  description = "A rotation function to its database and to Secrets Manager"
  vpc_id      = var.network.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "database" {
  count                        = local.in_vpc ? 1 : 0
  security_group_id            = aws_security_group.function[0].id
  referenced_security_group_id = var.network.database_security_group_ids[0]
  ip_protocol                  = "tcp"
  from_port                    = var.network.database_port
  to_port                      = var.network.database_port
  description                  = "The database"
}

# One of a database's groups is enough: what one admits is admitted.
resource "aws_vpc_security_group_ingress_rule" "database" {
  count                        = local.in_vpc ? 1 : 0
  security_group_id            = var.network.database_security_group_ids[0]
  referenced_security_group_id = aws_security_group.function[0].id
  ip_protocol                  = "tcp"
  from_port                    = var.network.database_port
  to_port                      = var.network.database_port
  description                  = "Rotation of a secret"
}

resource "aws_vpc_security_group_egress_rule" "secrets_manager" {
  count                        = local.in_vpc ? 1 : 0
  security_group_id            = aws_security_group.function[0].id
  referenced_security_group_id = local.by_endpoint ? local.endpoint_groups[0] : null
  cidr_ipv4                    = local.by_endpoint ? null : "0.0.0.0/0"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  description                  = "Secrets Manager"
}

resource "aws_security_group" "endpoint" {
  count       = local.makes_endpoint ? 1 : 0
  name        = "${var.function_name}-endpoint"
  description = "The Secrets Manager endpoint of a rotation function"
  vpc_id      = var.network.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "endpoint" {
  count                        = local.makes_endpoint || local.opens_endpoint ? 1 : 0
  security_group_id            = local.endpoint_groups[0]
  referenced_security_group_id = aws_security_group.function[0].id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
  description                  = "Rotation of a secret"
}

# Without private DNS only the function, which gets the endpoint's own name, uses this endpoint.
resource "aws_vpc_endpoint" "secrets_manager" {
  count             = local.makes_endpoint ? 1 : 0
  vpc_endpoint_type = "Interface"
  service_name      = "com.amazonaws.${data.aws_region.current.name}.secretsmanager"
  vpc_id            = var.network.vpc_id
  # One subnet, because two in one availability zone are refused.
  subnet_ids          = slice(var.network.subnet_ids, 0, 1)
  security_group_ids  = aws_security_group.endpoint[*].id
  private_dns_enabled = false
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = "*"
      Action    = concat(local.secret_actions, ["secretsmanager:GetRandomPassword"])
      Resource  = "*"
      Condition = { ArnEquals = { "aws:PrincipalArn" = aws_iam_role.function.arn } }
    }]
  })
}
