//! The whole service in one process, walked through by visitors: what they see, who is told, and
//! what is recorded.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "the harness stops where a walk cannot go on, and its chores end with the test"
)]

mod chance;
mod html;
mod people;
mod stall;
mod visitor;
mod world;
mod wrong_passwords;

mod alike;
mod bad_days;
mod blocked;
mod complete;
mod edges;
mod hostile;
mod matrix;
mod parallel;
mod queue;
mod registration;
mod reset;
mod routes;
mod sessions;
mod sign_in;
mod silent;
