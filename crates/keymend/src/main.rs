//! The `keymend` program: reads the command line and hands over to the rooms.

use std::alloc::System;
use std::process::ExitCode;

use clap::Parser;
use keymend::cli::{self, Cli, Command, ConfigCommand, Stop};
use keymend::entropy::SystemEntropy;
use keymend::run;
use zeroizing_alloc::ZeroAlloc;

/// Memory is zeroed when it is freed: copies of passwords and codes that libraries make in ordinary
/// buffers do not outlive their use (security-gates R-20).
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    // First of all: with no provider chosen, the first TLS connection would panic.
    if rustls::crypto::aws_lc_rs::default_provider()
        .install_default()
        .is_err()
    {
        return report(&Stop::Fault(
            "the TLS library could not be set up".to_owned(),
        ));
    }
    match dispatch(&Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => report(&stop),
    }
}

fn dispatch(command: &Command) -> Result<(), Stop> {
    let output = &mut std::io::stdout();
    match command {
        Command::Setup(arguments) => run::setup(arguments, output),
        Command::Serve(file) => run::serve(file, output),
        Command::Config(ConfigCommand::Check(arguments)) => run::check(arguments, output),
        Command::Policy(command) => run::policy(command, output),
        Command::Account(command) => run::account(command, output),
        Command::Audit(command) => run::audit(command, output),
        Command::Words(command) => run::banned(command, output),
        Command::Breach(command) => run::breach(command, output),
        Command::Config(command) => cli::config::run(command, output),
        Command::Directory(command) => run::directory(command, output),
        Command::Doctor(arguments) => run::doctor(arguments, output),
        Command::Keys(command) => cli::keys::run(command, &SystemEntropy, output),
        Command::Reference { format } => cli::config::write_reference(*format, output),
        Command::Demo(arguments) => run::demo(arguments, output),
    }
}

fn report(stop: &Stop) -> ExitCode {
    // What a server said may be part of it.
    for line in stop.to_string().lines() {
        eprintln!("{}", run::harmless(line));
    }
    stop.exit_code()
}
