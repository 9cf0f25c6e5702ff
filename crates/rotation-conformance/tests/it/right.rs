//! What is right passes.

use crate::{access_keys::FakeKeyService, token_service::FakeTokenService};

rotation_conformance::target!(a_token_service_passes, FakeTokenService::new);
rotation_conformance::issuer!(access_keys_pass, FakeKeyService::new);
