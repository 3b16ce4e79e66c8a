//! The directories Keymend writes to.
//!
//! * [`ldap`]: servers that speak LDAP.  Vendors are an enum, not a trait each.
//! * [`embedded`]: a small directory in a SQLite file, for the demo and for tests of the service.
//! * `conformance`: the cases every directory must pass (a feature, for tests alone).
//!
//! The adapters know nothing of each other and nothing of the service.

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod embedded;
pub mod ldap;
