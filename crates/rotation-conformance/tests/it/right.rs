//! Correct targets and issuers pass.

use rotation_conformance::Hook;

use crate::{access_keys::FakeKeyService, token_service::FakeTokenService};

rotation_conformance::target!(a_token_service_passes, FakeTokenService::new);
rotation_conformance::issuer!(access_keys_pass, FakeKeyService::new);
// An issuer of access keys also passes where the service allows many of them.
rotation_conformance::issuer!(access_keys_where_many_are_allowed, |hook: Hook| FakeKeyService {
    limit: 9,
    ..FakeKeyService::new(hook)
});
