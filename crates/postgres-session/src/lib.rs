//! Connections in PostgreSQL's protocol: typed login attempts, quoting, password verifiers, errors by SQLSTATE.
