//! 389 Directory Server, the LDAP half of FreeIPA.

mod people;
mod rights;
mod rules;
mod server;
mod suite;
mod writes;

pub use server::Server;
