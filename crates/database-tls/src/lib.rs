//! One rustls configuration for database connections: the RDS and Amazon authorities, no silent downgrade.
