//! The service against real servers.

mod deliver;
mod serve;
