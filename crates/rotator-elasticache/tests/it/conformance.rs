//! The kit for targets, over fakes of the servers and of the service.

mod managed;
mod own;

rotation_conformance::target!(own_users_pass, own::FakeServer::new);
rotation_conformance::target!(managed_users_pass, managed::FakeService::new);
