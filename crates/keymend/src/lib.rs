//! Keymend.

pub mod text;
pub mod web;
