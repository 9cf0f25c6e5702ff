//! Correct targets and issuers pass.

use rotation_conformance::Hook;

use crate::{access_keys::FakeKeyService, token_service::FakeTokenService};

rotation_conformance::target!(a_token_service_passes, FakeTokenService::new);
rotation_conformance::issuer!(access_keys_pass, FakeKeyService::new);
rotation_conformance::issuer!(access_keys_pass_where_the_service_allows_many, |hook: Hook| FakeKeyService {
    limit: 9,
    ..FakeKeyService::new(hook)
});
