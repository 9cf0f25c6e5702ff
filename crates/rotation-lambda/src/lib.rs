//! The Lambda function around rotation-core: configuration, runtime loop, outcome lines.
