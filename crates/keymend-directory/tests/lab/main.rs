//! The LDAP adapter against a real OpenLDAP server.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must stop, and real servers live in real time"
)]

mod confirm;
mod faults;
mod house;
mod line;
mod people;
mod suite;
