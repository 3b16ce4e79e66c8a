//! The service against real servers.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops where it cannot go on, and real peers live in real time"
)]

mod deliver;
mod serve;
mod setup;
mod wrong_passwords;
