//! Keymend: people who forgot their password get back in by themselves.

pub mod clock;
pub mod entropy;
pub mod keys;
pub mod store;
