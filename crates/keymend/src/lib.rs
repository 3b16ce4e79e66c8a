//! Keymend: people who forgot their password get back in by themselves.

pub mod cli;
pub mod clock;
pub mod config;
pub mod entropy;
pub mod human;
pub mod keys;
