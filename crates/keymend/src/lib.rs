//! Keymend.

pub mod phone;
