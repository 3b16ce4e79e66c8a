//! Keymend.
fn main() {}
