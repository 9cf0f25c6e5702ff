//! The kit for targets, over fakes of the servers and of the service.

mod managed;
mod own;

use rotation_conformance::{assert_none, target_findings};

/// Users of servers of one's own, with faults at every call.
#[test]
fn own_users_pass() {
    assert_none(&target_findings(own::FakeServer::new));
}

/// Users of the service, with faults at every call.
#[test]
fn managed_users_pass() {
    assert_none(&target_findings(managed::FakeService::new));
}
