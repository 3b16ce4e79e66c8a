//! What can be asked of directories, and of every link to them.

use clap::{Args, Subcommand, ValueEnum};

use super::ConfigFile;

/// What to look at.
#[derive(Debug, Args)]
pub struct DoctorArguments {
    /// Only this directory, by its name in the configuration
    #[arg(long, value_name = "NAME")]
    pub directory: Option<String>,
    /// Send one test mail to this address
    #[arg(long, value_name = "ADDRESS")]
    pub send_test: Option<String>,
    /// Print one JSON document instead of a table
    #[arg(long)]
    pub json: bool,
    /// Which configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// What to do with the directories.
#[derive(Debug, Subcommand)]
pub enum DirectoryCommand {
    /// Print how each directory is: state, servers, certificates, rights
    ///
    /// Prints what the running service saw last.  With --now this command looks by itself.
    Status(DirectoryStatus),
    /// Switch something on or off for one directory; takes effect at once and is recorded
    ///
    /// A running service takes it up within seconds.
    Set(DirectorySet),
    /// Print the commands that give the service account the rights it needs, and no more
    Grants(DirectoryGrants),
}

/// Which state to print.
#[derive(Debug, Args)]
pub struct DirectoryStatus {
    /// Look now, instead of printing what the service saw last
    #[arg(long)]
    pub now: bool,
    /// Print one JSON document instead of a table
    #[arg(long)]
    pub json: bool,
    /// Which configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// A switch of one directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DirectorySwitch {
    /// Whether passwords and locks are written at all
    WritePasswords,
    /// Whether a lock may be lifted without a new password
    UnlockWithoutReset,
}

/// On or off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum OnOff {
    /// On
    On,
    /// Off
    Off,
}

/// A switch and where it is to stand.
#[derive(Debug, Args)]
pub struct DirectorySet {
    /// The directory's name in the configuration
    pub name: String,
    /// What to switch
    #[arg(value_enum)]
    pub switch: DirectorySwitch,
    /// On or off
    #[arg(value_enum)]
    pub to: OnOff,
    /// Which configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// Whom to grant what.
#[derive(Debug, Args)]
pub struct DirectoryGrants {
    /// The directory's name in the configuration; may be left out if there is only one
    pub name: Option<String>,
    /// A unit with people, by its DN; may be given several times.  Without it, the base of the
    /// configuration
    #[arg(long, value_name = "DN")]
    pub ou: Vec<String>,
    /// The account to grant to; without it, the one of the configuration
    #[arg(long = "for", value_name = "ACCOUNT")]
    pub account: Option<String>,
    /// Print for this kind of server instead of asking it
    #[arg(long, value_enum)]
    pub kind: Option<ServerKind>,
    /// Which configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
}

/// A kind of directory server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ServerKind {
    /// Windows Server, or Samba as a domain controller
    ActiveDirectory,
    /// OpenLDAP
    OpenLdap,
    /// 389 Directory Server, FreeIPA
    #[value(name = "389")]
    Ds389,
}
