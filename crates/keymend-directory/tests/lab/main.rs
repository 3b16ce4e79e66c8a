//! The LDAP adapter against real servers: OpenLDAP, 389 Directory Server, and Samba as an Active
//! Directory.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a test that cannot go on must stop, and real servers live in real time"
)]

mod active_directory;
mod changed_rules;
mod columns;
mod confirm;
mod desk;
mod ds389;
mod examine;
mod faults;
mod house;
mod line;
mod many;
mod oracle;
mod people;
mod protected;
mod rights;
mod suite;
mod tally;
