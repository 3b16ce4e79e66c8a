//! The room that speaks HTTP: pages out of typed structs, and the files they load.

pub mod asset;
pub mod page;
