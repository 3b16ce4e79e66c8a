//! Keymend: people who forgot their password get back in by themselves.

pub mod app;
pub mod breach;
pub mod cli;
pub mod clock;
pub mod config;
pub mod deliver;
pub mod entropy;
pub mod human;
pub mod keys;
pub mod phone;
pub mod run;
pub mod store;
pub mod text;
pub mod web;
