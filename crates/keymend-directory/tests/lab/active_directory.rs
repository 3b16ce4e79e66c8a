//! Samba as an Active Directory domain controller, in two versions: one without the policy hints
//! and one that has them.

mod bad_days;
pub mod domain;
mod pair;
mod people;
mod rights;
mod suite;
mod witness;

pub use domain::Domain;
