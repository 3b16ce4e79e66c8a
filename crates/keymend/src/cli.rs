//! The command line: what can be asked for, and the commands that need no running service.

pub mod config;
mod directory;
pub mod keys;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use directory::{
    DirectoryCommand, DirectoryGrants, DirectorySet, DirectoryStatus, DirectorySwitch,
    DoctorArguments, OnOff, ServerKind,
};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  something went wrong; standard error says what and what to do
  2  wrong arguments or a wrong configuration; nothing was started or changed";

const FIRST_STEPS: &str = "\
First steps:
  keymend demo                            try it in a browser, with nothing to set up
  keymend setup                           set up an installation, question by question
  keymend config check                    say everything that is wrong with it
  keymend serve                           start the service
  keymend policy show                     say who may reset, and with which methods";

/// Lets people who forgot their directory password get back in by themselves.
#[derive(Debug, Parser)]
#[command(
    name = "keymend",
    version,
    after_help = FIRST_STEPS,
    after_long_help = format!("{FIRST_STEPS}\n\n{EXIT_CODES}"),
    arg_required_else_help = true,
    max_term_width = 100
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start a demonstration with sample accounts; needs no file, server or setting
    Demo(DemoArguments),
    /// Set up an installation, or change one, question by question
    ///
    /// Asks where the directory is, shows what it found there and whose certificate it is, tries
    /// the service account, and writes the configuration and the policy only when you say so.  It
    /// can be run again at any time: what is configured stands there as the answer.  Type ? at a
    /// question for help and b to go back; Ctrl-C leaves everything as it was.  Run it as the user
    /// that the service runs as.
    Setup(SetupArguments),
    /// Start the service
    Serve(ConfigFile),
    /// Look at the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Look at or change who may reset, and with which methods
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Look at or help one account
    #[command(subcommand)]
    Account(AccountCommand),
    /// Search, export or verify the audit trail
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look at or change the banned words
    #[command(subcommand)]
    Words(WordsCommand),
    /// Make or look into a list of leaked passwords
    #[command(subcommand)]
    Breach(BreachCommand),
    /// Look at the directories, switch writing on or off, print the rights to grant
    #[command(subcommand)]
    Directory(DirectoryCommand),
    /// Look at every link to every directory, mail server and gateway, and name the one that breaks
    ///
    /// For each server: name, connection, TLS, sign-in, kind, base, filter, policy hints, clock; for
    /// each directory the rights of the service account; then mail and text messages.  Nothing is
    /// written anywhere and nothing is sent.  The exit code is 1 if something is broken.
    Doctor(DoctorArguments),
    /// Make the keys of a new installation
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Write the reference files from the program itself
    #[command(hide = true)]
    Reference {
        /// Which of them.
        #[arg(long)]
        format: ReferenceFormat,
    },
}

/// How the demonstration runs.
#[derive(Debug, Args)]
pub struct DemoArguments {
    /// Address and port to listen at
    #[arg(long, default_value = "127.0.0.1:8080", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// Keep the data in this folder; without it nothing is left behind
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,
    /// How many proofs a reset takes: 1 or 2
    #[arg(long, default_value_t = 2, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=2))]
    pub gates: u32,
}

/// How an installation is set up.
#[derive(Debug, Args)]
pub struct SetupArguments {
    /// Take the answers from this file and ask nothing; everything that is wrong is said at once
    #[arg(long, value_name = "FILE")]
    pub answers: Option<PathBuf>,
    /// Print an answer file to begin with
    #[arg(long, conflicts_with = "answers")]
    pub print_answers: bool,
    /// Try everything and show what would be written, but write nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Which configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// Which configuration file.
#[derive(Debug, Clone, Args)]
pub struct ConfigFile {
    /// The configuration file
    #[arg(long, default_value = "keymend.toml", value_name = "FILE")]
    pub config: PathBuf,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Say everything that is wrong with the configuration, and look at every file it names
    ///
    /// Every directory, mail server and gateway is put together as the service would do it.  With
    /// --connect each of them is tried as well, without sending anything; what fails is named with
    /// the step it fails at, and the exit code is 1.
    Check(ConfigCheck),
    /// Print the configuration in force, defaults filled in; secrets are never printed
    Show(ConfigFile),
    /// Print a configuration file to begin with
    Example,
    /// Print the JSON schema of the configuration file, for editors
    Schema,
}

/// How the configuration is checked.
#[derive(Debug, Args)]
pub struct ConfigCheck {
    /// Connect to every directory, mail server and text gateway, and sign in where that is possible
    #[arg(long)]
    pub connect: bool,
    /// Which configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// What to do with the policy.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Print the policy in force, and what the check says about it
    Show(ConfigFile),
    /// Print the policy as a file that `apply` takes
    ///
    /// Before the first policy was applied this prints the defaults, under which nobody may reset:
    /// a file to begin with.
    Export(ConfigFile),
    /// Replace the policy by the one in a file, after checking it
    ///
    /// What the file does not name goes back to its default.  The check refuses what cannot work
    /// (exit code 2) and warns of what is weak; with warnings nothing is applied unless
    /// --i-understand is given.  What changes is printed, with the old value and the new one, and
    /// recorded in the audit trail.  A running service takes the new policy up within seconds.
    Apply(PolicyApply),
}

/// A policy to put in force.
#[derive(Debug, Args)]
pub struct PolicyApply {
    /// The policy file
    pub file: PathBuf,
    /// Apply it although the check warns that it is weak
    #[arg(long)]
    pub i_understand: bool,
    /// Which configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// What to do with one account.
#[derive(Debug, Subcommand)]
pub enum AccountCommand {
    /// Print what Keymend knows of an account: methods, blocks, last journeys
    Show(AccountName),
    /// Lift the block that failed attempts put on a name
    ///
    /// Works for names that mean nobody too.  What the directory itself locked stays locked.
    Unblock(AccountName),
    /// Let a person in again who said "this was not me"
    ///
    /// Make sure first that it is the owner who asks.  Blocks of the account are lifted as well;
    /// methods that were set aside stay so, and are registered anew by the person.
    Unfreeze(AccountName),
}

/// Which account.
#[derive(Debug, Args)]
pub struct AccountName {
    /// The name as its owner types it
    pub name: String,
    /// Which configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// What to do with the audit trail.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// Print the records that match, the newest last
    Search(AuditSearch),
    /// Print all records, oldest first; the export itself is recorded
    Export(AuditExport),
    /// Check the chain, and name the first record that was altered, removed or moved
    ///
    /// The exit code is 1 if a record does not fit.  The check itself is recorded.
    Verify(ConfigFile),
}

/// In which form records are exported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum AuditFormat {
    /// One JSON object in each line
    #[default]
    Jsonl,
    /// Comma-separated values (RFC 4180), safe to open in a spreadsheet
    Csv,
}

/// How records are exported.
#[derive(Debug, Args)]
pub struct AuditExport {
    /// In which form
    #[arg(long, value_enum, default_value_t)]
    pub format: AuditFormat,
    /// Only those not older than this many hours
    #[arg(long, value_name = "HOURS")]
    pub since_hours: Option<u32>,
    /// Which configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// Which records to print.
#[derive(Debug, Args)]
pub struct AuditSearch {
    /// Only those of this account, by the name its owner types
    #[arg(long, value_name = "NAME")]
    pub account: Option<String>,
    /// Only those of this journey, by the reference that its pages showed, for instance Q69G-5FAV
    #[arg(long)]
    pub reference: Option<String>,
    /// Only those of this kind, for instance `password.reset`
    #[arg(long)]
    pub event: Option<String>,
    /// Only those not older than this many hours
    #[arg(long, value_name = "HOURS")]
    pub since_hours: Option<u32>,
    /// At most this many
    #[arg(long, default_value_t = 100, value_name = "NUMBER")]
    pub most: u32,
    /// Which configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// What to do with the banned words.
#[derive(Debug, Subcommand)]
pub enum WordsCommand {
    /// Print banned words, one a line
    Show(WordsShow),
    /// Replace the organisation's own banned words by those in a file, one a line
    ///
    /// Empty lines and lines that begin with # are left out.  At most 10,000 words of 4 to 32
    /// characters; case and look-alikes such as 0 for o need not be listed.  The rest of the policy
    /// stays as it is.  The change is recorded in the audit trail.
    Apply(PolicyApply),
    /// Ask for a password, and say what the policy in force has against it
    ///
    /// What is typed is not shown and not kept.  Rules of a directory, and names of a person, are
    /// not looked at.
    Check(ConfigFile),
}

/// A list of banned words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WordsList {
    /// Those of the policy, which `keymend words apply` replaces
    Own,
    /// The commonest passwords, the commonest first; 3,000 of them are banned as words, all of them
    /// as whole passwords
    Commonest,
    /// English words
    English,
    /// German words
    German,
    /// Runs over the keyboard
    Keyboard,
}

/// Which banned words to print.
#[derive(Debug, Args)]
pub struct WordsShow {
    /// Which list
    #[arg(long, value_enum, default_value = "own")]
    pub list: WordsList,
    /// Which configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// What to do with a list of leaked passwords.
#[derive(Debug, Subcommand)]
pub enum BreachCommand {
    /// Make the file that the service looks into of a downloaded list of hashes
    ///
    /// Reads lines of HASH:COUNT in any order, or folders of files that are named by the first five
    /// digits and hold the rest, as the public range service gives them out.  Beside the new file
    /// 8 bytes for each hash are needed on the disk meanwhile, and about 50 MB of memory for a
    /// billion hashes.  What was there before is replaced at the very end.
    Build(BreachBuild),
    /// Check a file as a whole, then ask for a password and say whether it is in the file
    ///
    /// What is typed is not shown and not kept.  The exit code is 1 if the file is damaged or the
    /// password is in it.
    Check {
        /// The file that `keymend breach build` made
        file: PathBuf,
    },
}

/// What to make a list of leaked passwords of.
#[derive(Debug, Args)]
pub struct BreachBuild {
    /// Files and folders with hashes
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    pub from: Vec<PathBuf>,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub to: PathBuf,
    /// Which hashes they are
    #[arg(long, value_enum, default_value = "sha1")]
    pub kind: BreachKind,
}

/// Which hashes a list of leaked passwords is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum BreachKind {
    /// SHA-1, 40 hexadecimal digits
    Sha1,
    /// Windows NT hashes, 32 hexadecimal digits
    Ntlm,
}

/// What to do with keys.
#[derive(Debug, Subcommand)]
pub enum KeysCommand {
    /// Draw a new root key, and beside it the key that signs the audit trail
    ///
    /// Writes FILE and FILE.audit with mode 0400; an existing file is never overwritten.  Keep a
    /// copy of both in a safe place, apart from the backups of the data.
    New {
        /// The file to write
        file: PathBuf,
    },
    /// Draw a new key that signs the audit trail, where the old one was lost
    NewAudit {
        /// The file to write
        file: PathBuf,
    },
}

/// The reference files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReferenceFormat {
    /// The reference page of the configuration
    Markdown,
    /// The example file
    Toml,
    /// The JSON schema
    Schema,
    /// The reference page of the command line
    Commands,
}

/// Why a command did not do what it was asked for.
#[derive(Debug)]
pub enum Stop {
    /// Something went wrong on the way: exit code 1.
    Fault(String),
    /// The arguments or the configuration are wrong, nothing was changed: exit code 2.
    Usage(String),
}

impl Stop {
    /// The exit code that scripts may rely on.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Fault(_) => ExitCode::from(1),
            Self::Usage(_) => ExitCode::from(2),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fault(text) | Self::Usage(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Stop {}

/// What a command writes to, so that tests can read it.
pub type Output<'a> = &'a mut dyn std::io::Write;

/// Writes text that a command was asked for.
///
/// # Errors
///
/// [`Stop::Fault`] if it cannot be written.
pub fn print(output: Output<'_>, text: &str) -> Result<(), Stop> {
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .map_err(|error| Stop::Fault(format!("the output could not be written ({error})")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_sound_and_explains_itself() {
        Cli::command().debug_assert();
        let help = Cli::command().render_long_help().to_string();
        assert!(help.contains("First steps") && help.contains("Exit codes"));
        assert!(!help.contains("reference --format"));
    }

    #[test]
    fn every_command_of_the_manual_is_understood() {
        for line in [
            "demo --listen 127.0.0.1:9000 --data /tmp/x",
            "setup",
            "setup --config k.toml --dry-run",
            "setup --answers a.toml --dry-run",
            "setup --print-answers",
            "serve --config k.toml",
            "config check",
            "config check --connect --config k.toml",
            "config show --config k.toml",
            "config example",
            "config schema",
            "policy show",
            "policy export",
            "policy apply p.toml --i-understand",
            "account show jane",
            "account unblock jane --config k.toml",
            "account unfreeze jane",
            "audit search --account jane --since-hours 24",
            "audit export",
            "audit export --format csv --since-hours 24",
            "audit verify",
            "words show",
            "words show --list german --config k.toml",
            "words apply w.txt --i-understand",
            "words check",
            "breach build --from a.txt b --to leaked.kmb --kind ntlm",
            "breach check leaked.kmb",
            "directory status --now --json",
            "directory set corp write-passwords off",
            "directory set corp unlock-without-reset on",
            "directory grants --ou ou=people,dc=x --for uid=svc,dc=x --kind 389",
            "doctor --directory corp --send-test me@corp.test --json",
            "keys new root.key",
            "keys new-audit root.key.audit",
        ] {
            let words = std::iter::once("keymend").chain(line.split(' '));
            assert!(Cli::try_parse_from(words).is_ok(), "{line}");
        }
    }
}
