//! Rotates PostgreSQL passwords: single user and alternating users.
