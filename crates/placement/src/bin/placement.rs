//! The artifact `placement`: the custom resource behind the stacks.

fn main() -> std::process::ExitCode {
    placement::resource::serve()
}
