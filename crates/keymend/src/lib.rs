//! Keymend.
