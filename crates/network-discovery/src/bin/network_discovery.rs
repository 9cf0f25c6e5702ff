//! The artifact `network_discovery`: the custom resource behind the stacks.

fn main() -> std::process::ExitCode {
    network_discovery::resource::serve()
}
