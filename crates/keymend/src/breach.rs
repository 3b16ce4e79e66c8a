//! Leaked passwords: the list that comes with Keymend, and the file that `keymend breach build`
//! makes of a downloaded one.  Everything is looked up on this machine; nothing is asked outside.

mod build;
mod file;
mod input;
mod shard;

use std::collections::HashSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use keymend_domain::password::builtin;
use keymend_domain::secret::Password;
use md4::{Digest, Md4};
use zeroize::Zeroizing;

pub use build::{Build, BuildFault, Built, Progress};
pub use file::{BreachFault, BreachFile};

/// Which hash a list of leaked passwords is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HashKind {
    /// SHA-1 of the password in UTF-8: 40 hexadecimal digits.
    Sha1,
    /// What Windows keeps, MD4 of the password in UTF-16: 32 hexadecimal digits.
    Ntlm,
}

impl HashKind {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Sha1 => "sha1",
            Self::Ntlm => "ntlm",
        }
    }

    /// Hexadecimal digits of one hash.
    fn digits(self) -> usize {
        match self {
            Self::Sha1 => 40,
            Self::Ntlm => 32,
        }
    }

    /// What a password is looked up by: the first 64 bits of its hash.
    fn key(self, password: &Password) -> u64 {
        let text = password.expose();
        match self {
            Self::Sha1 => first_bits(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref()),
            Self::Ntlm => {
                let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
                first_bits(&Md4::digest(Zeroizing::new(units).as_slice()))
            }
        }
    }
}

fn first_bits(hash: &[u8]) -> u64 {
    hash.first_chunk().copied().map_or(0, u64::from_be_bytes)
}

/// All lists of leaked passwords this service looks into.
#[derive(Debug)]
pub struct Leaked {
    file: Option<Named>,
}

/// The file that the configuration names.
#[derive(Debug)]
struct Named {
    path: PathBuf,
    opened: Result<BreachFile, BreachFault>,
    was_damaged: AtomicBool,
}

impl Default for Leaked {
    fn default() -> Self {
        Self::shipped()
    }
}

impl Leaked {
    /// The list that comes with Keymend, alone.
    #[must_use]
    pub fn shipped() -> Self {
        Self { file: None }
    }

    /// The list that comes with Keymend, and the file at `path`.
    ///
    /// A file that cannot be used is no reason not to start: the other list answers, and
    /// [`Self::fault`] says what is wrong.
    #[must_use]
    pub fn with_file(path: &Path) -> Self {
        Self {
            file: Some(Named {
                path: path.to_owned(),
                opened: BreachFile::open(path),
                was_damaged: AtomicBool::new(false),
            }),
        }
    }

    /// Whether the password is in one of the lists, as typed.
    ///
    /// Reads a part of the file, half a kilobyte; if they are damaged, the log says so once, and the list
    /// that comes with Keymend has answered.
    #[must_use]
    pub fn contains(&self, password: &Password) -> bool {
        is_shipped(password.expose())
            || self
                .file
                .as_ref()
                .is_some_and(|file| file.contains(password))
    }

    /// The file, if one is named and can be used.
    #[must_use]
    pub fn file(&self) -> Option<&BreachFile> {
        self.file.as_ref()?.opened.as_ref().ok()
    }

    /// What is wrong with the named file, with its path.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        let named = self.file.as_ref()?;
        let fault = named.opened.as_ref().err()?;
        let mut said = format!("{}: {fault}", named.path.display());
        if let Some(cause) = std::error::Error::source(fault) {
            let _ = write!(said, " ({cause})");
        }
        Some(said)
    }
}

impl Named {
    fn contains(&self, password: &Password) -> bool {
        let Ok(file) = &self.opened else {
            return false;
        };
        match file.contains(password) {
            Ok(is_there) => is_there,
            Err(fault) => {
                if !self.was_damaged.swap(true, Ordering::Relaxed) {
                    tracing::error!(
                        file = %self.path.display(), error = %fault,
                        "the list of leaked passwords cannot be read; the one that comes with \
                         Keymend answers: build the file again, then start the service again"
                    );
                }
                false
            }
        }
    }
}

fn is_shipped(text: &str) -> bool {
    static SHIPPED: LazyLock<HashSet<&str>> = LazyLock::new(|| builtin::commonest().collect());
    SHIPPED.contains(text)
}

#[cfg(test)]
mod tests;
