//! What takes long to make and is the same every time, kept between test runs.

use std::env;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::trouble::Trouble;

/// Passwords in a snapshot grow old with it; none is used for longer than this.
const AGE_MAX: Duration = Duration::from_secs(20 * 24 * 60 * 60);

/// Where snapshots are kept: the folder that `KEYMEND_LAB_CACHE` names, else `lab-cache` in the
/// target folder of the program that runs.
#[must_use]
pub fn folder() -> PathBuf {
    if let Some(folder) = env::var_os("KEYMEND_LAB_CACHE") {
        return folder.into();
    }
    let program = env::current_exe().unwrap_or_default();
    // cargo marks its target folder as one that backups may leave out.
    let is_target = |folder: &&Path| folder.join("CACHEDIR.TAG").exists();
    let target = program.ancestors().find(is_target);
    target
        .map_or_else(env::temp_dir, Path::to_path_buf)
        .join("lab-cache")
}

/// A name for what `recipe` makes.
pub(crate) fn name(kind: &str, recipe: &impl Hash) -> String {
    // Keyed the same in every run, and nobody attacks it.
    let mut hasher = DefaultHasher::new();
    recipe.hash(&mut hasher);
    format!("{kind}-{:016x}", hasher.finish())
}

/// The folder of this name; `build` fills it if it is missing or too old.  Of several processes
/// that want the same one builds, and the others wait for it.
pub(crate) fn folder_of(
    name: &str,
    build: impl FnOnce(&Path) -> Result<(), Trouble>,
) -> Result<PathBuf, Trouble> {
    kept(name, is_fresh, |finished| {
        let part = finished.with_extension("part");
        let during = || Trouble::during(format!("keeping {name} for later"));
        for old in [finished, &part] {
            // Mostly there is none; one that cannot be removed stops the next step.
            let _ = fs::remove_dir_all(old);
        }
        fs::create_dir(&part).map_err(during())?;
        build(&part)?;
        fs::rename(&part, finished).map_err(during())
    })
}

/// As [`folder_of`], for what does not grow old, and appears under its name when it is complete.
pub(crate) fn lasting_folder(
    name: &str,
    build: impl FnOnce(&Path) -> Result<(), Trouble>,
) -> Result<PathBuf, Trouble> {
    kept(name, Path::exists, build)
}

fn kept(
    name: &str,
    is_usable: impl FnOnce(&Path) -> bool,
    build: impl FnOnce(&Path) -> Result<(), Trouble>,
) -> Result<PathBuf, Trouble> {
    let during = || Trouble::during(format!("locking {name}"));
    let cache = folder();
    fs::create_dir_all(&cache).map_err(during())?;
    let lock = File::create(cache.join(format!("{name}.lock"))).map_err(during())?;
    lock.lock().map_err(during())?;
    let finished = cache.join(name);
    if !is_usable(&finished) {
        build(&finished)?;
    }
    Ok(finished)
}

fn is_fresh(folder: &Path) -> bool {
    let changed = fs::metadata(folder).and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age < AGE_MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_lies_in_the_target_folder() {
        if env::var_os("KEYMEND_LAB_CACHE").is_none() {
            let target = folder().parent().map(Path::to_path_buf).unwrap();
            assert!(target.join("CACHEDIR.TAG").exists());
        }
    }

    #[test]
    fn the_same_recipe_has_the_same_name_and_another_has_another() {
        assert_eq!(name("x", &"recipe"), name("x", &"recipe"));
        assert_ne!(name("x", &"recipe"), name("x", &"another"));
    }
}
