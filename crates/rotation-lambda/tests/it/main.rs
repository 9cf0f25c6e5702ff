//! The function as Lambda sees it.

mod panic;
mod randomness;
mod start;
