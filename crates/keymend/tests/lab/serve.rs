//! `keymend serve` as administrators and people meet it: the built program as a process of its
//! own, behind TLS, in front of a real directory, mail server and gateway.

mod administrator;
mod bad_days;
mod chromium;
mod clocks;
mod controller;
mod crash;
mod doctor;
mod domain;
mod domain_days;
mod domain_lines;
mod every_step;
mod full_disk;
mod house;
mod journey;
mod pair;
mod searches;
mod several;
mod visitor;
mod walker;
