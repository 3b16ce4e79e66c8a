//! Samba as an Active Directory domain controller, in two versions: one without the policy hints
//! and one that has them.

mod bad_days;
mod domain;
mod people;
mod suite;
mod witness;

pub use domain::Domain;
