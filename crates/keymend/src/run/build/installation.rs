//! The data folder: made at the first start, and tied to the root key from then on.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use keymend_domain::id::CorrelationId;
use keymend_domain::time::{Entropy, Moment};

use super::unfit;
use crate::cli::Stop;
use crate::config::Config;
use crate::keys::Keys;

const ID_FILE: &str = "installation-id";
const DATABASE_FILE: &str = "keymend.db";

/// One installation: its keys, and where its database is.
pub(super) struct Installation {
    pub(super) keys: Keys,
    pub(super) database: PathBuf,
}

impl Installation {
    /// Opens the data folder, and makes it at the first start.
    ///
    /// The folder keeps the id that all keys are derived with, and beside it a tag that only the
    /// right root key gives: with another key nothing in the database would open.
    ///
    /// # Errors
    ///
    /// [`Stop::Usage`] if the folder and the root key do not belong together, [`Stop::Fault`] if
    /// the folder cannot be used.
    pub(super) fn open(
        path: &Path,
        config: &Config,
        now: Moment,
        entropy: &dyn Entropy,
    ) -> Result<Self, Stop> {
        let folder = &config.data_dir;
        make_folder(folder).map_err(|error| unusable(folder, &error))?;
        let id_file = folder.join(ID_FILE);
        let database = folder.join(DATABASE_FILE);
        if !id_file.exists() {
            if database.exists() {
                let shown = id_file.display();
                let reason = format!(
                    "{shown} is missing beside a database that was written with it; restore both \
                     from the same backup"
                );
                return Err(unfit(path, "store.data_dir", reason));
            }
            first_start(&id_file, config, now, entropy)?;
        }
        let text = fs::read_to_string(&id_file).map_err(|error| unusable(&id_file, &error))?;
        let keys = keys_of(&text, config).map_err(|misfit| match misfit {
            Misfit::Torn => {
                let reason = "is damaged; restore it from the same backup as the database";
                Stop::Fault(format!("{}: {reason}", id_file.display()))
            }
            Misfit::OtherKey => unfit(
                path,
                "keys.root_file",
                "is not the key that the data was written with; restore the right one",
            ),
            Misfit::Library => Stop::Fault("the keys could not be derived".to_owned()),
        })?;
        Ok(Self { keys, database })
    }
}

enum Misfit {
    Torn,
    OtherKey,
    Library,
}

/// The keys of the installation, if the text names one that this root key belongs to.
fn keys_of(text: &str, config: &Config) -> Result<Keys, Misfit> {
    let mut words = text.split_whitespace();
    let (Some(id), Some(tag), None) = (words.next(), words.next(), words.next()) else {
        return Err(Misfit::Torn);
    };
    let keys = Keys::derive(&config.keys.root, id).map_err(|_| Misfit::Library)?;
    if root_tag(&keys, id) == tag {
        Ok(keys)
    } else {
        Err(Misfit::OtherKey)
    }
}

/// Which root key an installation belongs to, without telling anything about the key.
fn root_tag(keys: &Keys, id: &str) -> String {
    keys.proof_mac
        .tag(&[b"installation", id.as_bytes()])
        .short()
}

/// Draws the id.  Of two processes that start for the first time together one wins, and both
/// read what it wrote.
fn first_start(
    id_file: &Path,
    config: &Config,
    now: Moment,
    entropy: &dyn Entropy,
) -> Result<(), Stop> {
    let fault = |error: &dyn std::fmt::Display| Stop::Fault(error.to_string());
    let id = CorrelationId::fresh(now, entropy).map_err(|error| fault(&error))?;
    let keys = Keys::derive(&config.keys.root, id.as_str()).map_err(|error| fault(&error))?;
    let text = format!("{} {}\n", id.as_str(), root_tag(&keys, id.as_str()));
    let draft = id_file.with_extension(format!("new-{}", std::process::id()));
    let written = write(&draft, &text).and_then(|()| match fs::hard_link(&draft, id_file) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => fs::remove_file(&draft),
    });
    let synced = written.and_then(|()| fs::File::open(&config.data_dir)?.sync_all());
    synced.map_err(|error| unusable(id_file, &error))
}

fn write(file: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut opened = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)?;
    opened.write_all(text.as_bytes())?;
    opened.sync_all()
}

fn make_folder(folder: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

fn unusable(path: &Path, error: &io::Error) -> Stop {
    Stop::Fault(format!(
        "{}: cannot be used ({error}); the user that runs Keymend must own it",
        path.display()
    ))
}
