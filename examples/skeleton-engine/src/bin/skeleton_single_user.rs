//! The Lambda function `skeleton_single_user`.

fn main() -> std::process::ExitCode {
    rotation_lambda::serve_single_user(skeleton_engine::Skeleton::from_environment)
}
