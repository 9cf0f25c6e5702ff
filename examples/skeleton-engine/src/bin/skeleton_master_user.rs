//! The Lambda function `skeleton_master_user`.

fn main() -> std::process::ExitCode {
    rotation_lambda::serve_master_user(skeleton_engine::Skeleton::from_environment, aws_databases::Rds::new)
}
