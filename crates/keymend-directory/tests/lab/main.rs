//! The LDAP adapter against a real OpenLDAP server.

mod faults;
mod house;
mod line;
mod people;
mod suite;
