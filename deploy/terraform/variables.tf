variable "function_name" {
  description = "Name of the rotation function; the other resources are named after it."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,48}$", var.function_name))
    error_message = "At most 48 letters, digits, _ and -, so that names made of it stay within IAM's limit."
  }
}

variable "secret_arn" {
  description = "The secret to rotate, as its complete ARN."
  type        = string
}

variable "other_secret_arns" {
  description = "Secrets that the function may rotate as well, as complete ARNs."
  type        = list(string)
  default     = []
}

variable "engine" {
  type = string

  validation {
    condition = (
      contains(["postgres", "mysql", "mariadb", "docdb", "redshift"], var.engine) || var.engine == "custom"
    )
    error_message = "One of postgres, mysql, mariadb, docdb, redshift, or custom for a function of your own."
  }
}

variable "strategy" {
  type    = string
  default = "single_user"

  validation {
    condition     = contains(["single_user", "master_user"], var.strategy)
    error_message = "single_user or master_user."
  }
}

variable "superuser_secret_arn" {
  description = "The master secret; strategy master_user needs it."
  type        = string
  default     = null
}

variable "code_bucket" {
  description = "The bucket that holds the artifacts."
  type        = string
}

variable "code_prefix" {
  description = "Prefix of <engine>_<strategy>.zip in the key. Lambda takes new code only for a new key."
  type        = string
  default     = ""
}

variable "code_key" {
  description = "The key of the zip of a function of your own, with engine custom."
  type        = string
  default     = null
}

variable "managed_policy_arns" {
  description = "Managed policies of the function's role, for what it does at its own service."
  type        = list(string)
  default     = []
}

variable "custom_settings" {
  description = "Environment variables of a function of your own, with engine custom; not for secrets."
  type        = map(string)
  default     = {}
}

variable "architecture" {
  type    = string
  default = "arm64"
}

variable "settings" {
  description = "Environment variables of the function, by their names in the README."
  type        = map(string)
  default     = {}
  sensitive   = true

  validation {
    condition = length(setsubtract(keys(var.settings), [
      "SECRETS_MANAGER_ENDPOINT", "PASSWORD_LENGTH", "EXCLUDE_CHARACTERS", "EXCLUDE_LOWERCASE",
      "EXCLUDE_UPPERCASE", "EXCLUDE_NUMBERS", "EXCLUDE_PUNCTUATION", "REQUIRE_EACH_INCLUDED_TYPE",
      "PASSWORD_SOURCE", "MASTER_SECRET_ARN",
      "REQUIRE_TLS", "TLS_CA_BUNDLE", "TLS_CLIENT_CERT", "TLS_CLIENT_KEY", "CLONE_OBJECTS", "DUAL_PASSWORD",
      "REDSHIFT_PASSWORD_FORM", "ADOPT_CLONES", "ALLOW_OLD_PASSWORD", "ALLOW_UNLOCKED", "TLS_SELF_SIGNED",
      "REWRITE_FIELDS", "USERNAME_CHARACTER_LIMIT", "ALLOW_FOREIGN_SECRETS", "AWS_CA_BUNDLE",
      "AWS_ENDPOINT_URL_RDS", "AWS_ENDPOINT_URL_REDSHIFT", "AWS_ENDPOINT_URL_REDSHIFT_SERVERLESS", "METRICS",
      "CUSTOM_SETTINGS", "DRY_RUN", "TEST_QUERY", "ALLOW_TEST_QUERY",
    ])) == 0
    error_message = "A setting that the function does not know."
  }
}

variable "network" {
  description = "The VPC of the function; null, for a publicly accessible database, is outside of any VPC."
  type = object({
    vpc_id     = string
    subnet_ids = list(string)
    # The first of the database's security groups is opened to the function.
    database_security_group_ids = list(string)
    database_port               = number
    # endpoint makes an interface endpoint; nat and existing make nothing.
    secrets_manager_access = optional(string, "endpoint")
    # Security groups of an existing endpoint. The first one is opened to the function; no endpoint is made.
    endpoint_security_group_ids = optional(list(string), [])
  })
  default = null

  validation {
    condition = var.network == null || contains(
      ["endpoint", "nat", "existing"], try(var.network.secrets_manager_access, "")
    )
    error_message = "secrets_manager_access is endpoint, nat or existing."
  }
}

variable "master_lookup" {
  description = <<-EOT
    Whether the function may ask RDS or Redshift where the master's server is, for a master secret that they
    manage, or that names another host than the secret.
  EOT
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "The key of the secrets, if it is not aws/secretsmanager."
  type        = string
  default     = null
}

variable "superuser_secret_kms_key_arn" {
  type    = string
  default = null
}

variable "permissions_boundary" {
  type    = string
  default = null
}

variable "role_path" {
  type    = string
  default = "/"
}

variable "timeout_seconds" {
  description = "Short, so that an invocation that is no longer wanted ends soon."
  type        = number
  default     = 30
}

variable "log_retention_days" {
  type    = number
  default = 365
}

variable "log_kms_key_arn" {
  type    = string
  default = null
}

variable "automatically_after_days" {
  description = "Counts unless schedule_expression is given."
  type        = number
  default     = 30

  validation {
    condition     = var.automatically_after_days >= 1 && var.automatically_after_days <= 1000
    error_message = "1 to 1000."
  }
}

variable "schedule_expression" {
  description = "rate(N hours) of at least 4, rate(N days) or cron(0 hours day month weekday *), in UTC."
  type        = string
  default     = null
}

variable "duration" {
  description = "The window in which a rotation may start, as 3h."
  type        = string
  default     = null
}

variable "rotate_immediately" {
  description = "Whether turning rotation on rotates at once; otherwise it only tests the function."
  type        = bool
  default     = false
}

variable "topic_arn" {
  description = <<-EOT
    An SNS topic for alarms and failed rotations, whose policy lets cloudwatch.amazonaws.com and
    events.amazonaws.com publish; null makes none.
  EOT
  type        = string
  default     = null
}
