//! Peers for tests and for working by hand: each starts in its own throw-away folder, on free
//! ports of 127.0.0.1, as root or as anybody, and is gone when its value is dropped or the test
//! process ends, however it ends.
//!
//! | peer | what it is |
//! |---|---|
//! | [`Slapd`] | the real OpenLDAP server with the ppolicy and memberOf overlays and sample people |
//! | [`Samba`] | a real Active Directory domain controller, in two versions, with sample people and its audit log |
//! | [`Ds389`] | the real 389 Directory Server, the LDAP half of FreeIPA, with sample people |
//! | [`Smtp`] | a mail server that speaks STARTTLS, implicit TLS and AUTH, and keeps what it got |
//! | [`Gateway`] | an HTTP gateway for text messages that records requests and answers as told |
//! | [`Proxy`] | a TCP proxy that refuses, hangs, delays, drops or cuts as told |
//!
//! Tests that need `slapd` or the mail server live in a test target named `lab` that is run only
//! when asked for by name, so that `cargo test --workspace` passes with nothing installed:
//!
//! ```toml
//! [dev-dependencies]
//! keymend-lab.workspace = true
//!
//! [[test]]
//! name = "lab"
//! path = "tests/lab/main.rs"
//! test = false
//! ```
//!
//! `cargo xtask test` installs what is missing and runs them all
//! (`cargo test --workspace --test lab`).

pub mod cache;
pub mod clock;
pub mod debian;
pub mod ds389;
pub mod gateway;
pub mod peer;
pub mod process;
pub mod proxy;
pub mod samba;
pub mod slapd;
pub mod smtp;

mod certificates;
mod client;
mod namespace;
mod relay;
mod searches;
mod trouble;
pub mod wait;

pub use certificates::Certificates;
pub use ds389::{Ds389, Ds389Options};
pub use gateway::Gateway;
pub use proxy::{Fault, Proxy};
pub use samba::{Samba, SambaOptions, SambaPair, SambaVersion};
pub use searches::LoggedSearch;
pub use slapd::{PasswordHash, Person, Slapd, SlapdOptions};
pub use smtp::{Smtp, SmtpOptions};
pub use trouble::Trouble;
