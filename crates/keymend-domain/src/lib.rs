//! Every rule of Keymend, and no technology.
//!
//! Nothing in this crate waits, reads a clock, draws a number, logs, or knows a language.
//! Time, chance and what a directory said come in as arguments; what must be saved, sent and
//! audited goes out as values.
//!
//! # Glossary, in reading order
//!
//! * **account**: one person's entry in one directory, named by its immutable id ([`account`]).
//! * **directory**: a place where accounts live; the authority on passwords ([`directory`]).
//! * **claim**: what was typed as the user name, before anybody knows whether it means someone.
//! * **realm / route**: what stands behind the `@` or before the `\` of a claim, and the directory
//!   that is asked because of it ([`route`]).
//! * **method**: one registered way to prove identity ([`method`]).
//! * **policy**: who may do what with which methods, and how many of them ([`policy`]).
//! * **flow**: one server-side attempt to get back in, stage by stage ([`flow`]).
//! * **decoy**: the subject of a flow whose claim may not proceed; it cannot be told from an
//!   account and can never be passed.
//! * **challenge / proof**: a question that was asked, and the sealed statement that its answer
//!   was right.
//! * **gate**: one required proof.
//! * **order / outcome**: one write to a directory, and what came of it.
//! * **notice**: something a person or an administrator must be told ([`deliver`]).
//! * **refusal**: a foreseen situation with a stable id ([`refusal`]).
//! * **limit**: how often something may happen in a sliding window ([`limit`]).
//! * **watch**: the hour after a new password, in which wrong ones are looked for ([`watch`]).
//! * **registration**: giving Keymend methods ([`registration`]).
//! * **audit event**: one line of the tamper-evident log ([`audit`]).

pub mod account;
pub mod audit;
pub mod code;
pub mod deliver;
pub mod directory;
pub mod dn;
pub mod flow;
pub mod id;
pub mod limit;
pub mod method;
pub mod password;
pub mod policy;
pub mod refusal;
pub mod registration;
pub mod route;
pub mod secret;
pub mod time;
pub mod watch;

#[cfg(test)]
#[path = "tests/world.rs"]
pub(crate) mod world;
