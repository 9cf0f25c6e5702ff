//! The rotation protocol of AWS Secrets Manager: labels, documents, strategies and the four steps.
