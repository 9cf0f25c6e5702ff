//! The function as Lambda sees it.

mod own_target;
mod panic;
mod randomness;
mod start;
