//! AWS Secrets Manager as the store of rotation-core.
