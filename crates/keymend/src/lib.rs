//! Keymend.

pub mod deliver;
pub mod phone;
