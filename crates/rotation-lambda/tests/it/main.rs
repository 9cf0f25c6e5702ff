//! The function as Lambda sees it.

mod config;
mod panic;
mod randomness;
mod start;
