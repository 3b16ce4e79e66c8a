//! A clock that is wrong, for one program (Debian package `libfaketime`).

use std::fs;
use std::path::{Path, PathBuf};

use crate::trouble::{Trouble, or_end_the_test};

const LIBRARY: &str = "libfaketimeMT.so.1";

/// The words to put in front of a command whose clock shall be this much ahead (negative: behind),
/// in seconds; none if it shall be right.  How long things take is measured rightly all the same.
#[track_caller]
pub fn words(offset_secs: i64) -> Vec<String> {
    match offset_secs {
        0 => Vec::new(),
        _ => words_with(&or_end_the_test(library()), offset_secs),
    }
}

pub(crate) fn words_with(library: &Path, offset_secs: i64) -> Vec<String> {
    vec![
        "env".to_owned(),
        format!("LD_PRELOAD={}", library.display()),
        format!("FAKETIME={offset_secs:+}"),
        "FAKETIME_DONT_FAKE_MONOTONIC=1".to_owned(),
    ]
}

/// Puts the library beside a peer that has files of its own; gives its name there.
pub(crate) fn copy_into(folder: &Path) -> Result<&'static str, Trouble> {
    fs::copy(library()?, folder.join(LIBRARY))
        .map_err(Trouble::during("copying libfaketime to a peer"))?;
    Ok(LIBRARY)
}

fn library() -> Result<PathBuf, Trouble> {
    let folders = fs::read_dir("/usr/lib").map_err(Trouble::during("looking for libfaketime"))?;
    let places = folders.filter_map(|entry| Some(entry.ok()?.path().join("faketime")));
    let mut found = places.map(|folder| folder.join(LIBRARY));
    found
        .find(|library| library.exists())
        .ok_or_else(|| Trouble::new("no wrong clock without the Debian package libfaketime"))
}
