//! Files that hold a secret: who may read them is checked before anybody does.

use std::fs::{self, File, Metadata};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use keymend_domain::secret::Secret;
use zeroize::Zeroizing;

use super::fault::{Complaint, complaint};

/// The most bytes a secret file may have; keys in PEM stay far below.
const BYTES_MAX: u64 = 65_536;

/// Texts that stand where somebody forgot to put a secret.
const PLACEHOLDERS: [&str; 18] = [
    "admin",
    "changeit",
    "changeme",
    "default",
    "dummy",
    "example",
    "fixme",
    "insertpasswordhere",
    "password",
    "placeholder",
    "replaceme",
    "sample",
    "secret",
    "test",
    "todo",
    "token",
    "yourpassword",
    "yoursecret",
];

/// Who may read a secret file besides its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Readers {
    /// Nobody.
    Owner,
    /// Its group, as is the custom for TLS keys.
    OwnerAndGroup,
    /// Whoever the service manager chose.
    AsHandedOver,
}

/// Reads the text of a secret file, without the line end at its end.
pub(super) fn read(path: &Path, readers: Readers) -> Result<Secret, Complaint> {
    let mut file = File::open(path).map_err(|error| unreadable(path, &error))?;
    let metadata = file.metadata().map_err(|error| unreadable(path, &error))?;
    check_owner_and_mode(path, &metadata, readers)?;
    let mut text = Zeroizing::new(String::new());
    file.by_ref()
        .take(BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(|error| unreadable(path, &error))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() {
        return Err(complaint("names an empty file", "write the secret into it"));
    }
    Ok(Secret::new(text.to_owned()))
}

/// Whether a secret is one line and nobody's placeholder.
pub(super) fn check_secret(secret: &Secret) -> Result<(), Complaint> {
    let text = secret.expose();
    if text.trim().is_empty() {
        return Err(complaint("holds an empty secret", "write the secret there"));
    }
    if text.chars().any(char::is_control) {
        return Err(complaint(
            "holds a secret of more than one line",
            "write the secret alone, on one line",
        ));
    }
    let plain: String = text
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|sign| sign.to_ascii_lowercase())
        .collect();
    let is_bracketed = text.starts_with('<') && text.ends_with('>');
    if is_bracketed || PLACEHOLDERS.contains(&plain.as_str()) {
        return Err(complaint(
            "holds a placeholder instead of a secret",
            "write the real one there",
        ));
    }
    Ok(())
}

fn check_owner_and_mode(
    path: &Path,
    metadata: &Metadata,
    readers: Readers,
) -> Result<(), Complaint> {
    if !metadata.is_file() {
        return Err(complaint("is not a file", "name the file with the secret"));
    }
    let shown = path.display();
    let (too_open, remedy_mode) = match readers {
        Readers::Owner => (0o077, "0600"),
        Readers::OwnerAndGroup => (0o037, "0640"),
        Readers::AsHandedOver => return Ok(()),
    };
    let mode = metadata.mode() & 0o7777;
    if mode & too_open != 0 {
        return Err(complaint(
            format!("others than its owner can get at it (mode {mode:04o})"),
            format!("run: chmod {remedy_mode} {shown}"),
        ));
    }
    let owner = metadata.uid();
    if let Some(user) = running_user().filter(|user| owner != *user && owner != 0) {
        return Err(complaint(
            format!("belongs to user {owner}, and the service runs as user {user}"),
            format!("run: chown {user} {shown}"),
        ));
    }
    check_folder(path)
}

/// In a folder that everybody can write to, anybody can put another file in the place of this one.
fn check_folder(path: &Path) -> Result<(), Complaint> {
    let folder = match path.parent() {
        None => return Ok(()),
        // A bare name lies in the folder that the command was given in.
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
    };
    let mode = fs::metadata(folder)
        .map_err(|error| unreadable(folder, &error))?
        .mode()
        & 0o7777;
    if mode & 0o002 == 0 {
        return Ok(());
    }
    Err(complaint(
        format!("everybody can write to its folder (mode {mode:04o})"),
        format!(
            "run: chmod o-w {}, or keep the file elsewhere",
            folder.display()
        ),
    ))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Complaint {
    match error.kind() {
        std::io::ErrorKind::NotFound => complaint(
            "names a file that does not exist",
            "create it, or correct the path",
        ),
        std::io::ErrorKind::PermissionDenied => {
            let user = running_user().map_or_else(String::new, |user| format!(" {user}"));
            complaint(
                "names a file that the service may not read",
                format!("give it to the service: chown{user} {}", path.display()),
            )
        }
        std::io::ErrorKind::InvalidData => {
            complaint("names a file that is not text", "write the secret as text")
        }
        _ => complaint(format!("cannot be read ({error})"), "correct the path"),
    }
}

/// The user this process runs as, where the system tells (Linux).
pub(super) fn running_user() -> Option<u32> {
    fs::metadata("/proc/self").ok().map(|own| own.uid())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn file_with(mode: u32, text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (folder, path)
    }

    fn reason(mode: u32, readers: Readers) -> Option<String> {
        let (_folder, path) = file_with(mode, "s3cr3t\n");
        read(&path, readers).err().map(|fault| fault.reason)
    }

    #[test]
    fn only_the_owner_may_read_a_secret() {
        assert_eq!(reason(0o400, Readers::Owner), None);
        assert_eq!(reason(0o600, Readers::Owner), None);
        assert_eq!(
            reason(0o644, Readers::Owner).unwrap(),
            "others than its owner can get at it (mode 0644)"
        );
        assert!(reason(0o640, Readers::Owner).is_some());
        assert_eq!(reason(0o640, Readers::OwnerAndGroup), None);
        assert!(reason(0o660, Readers::OwnerAndGroup).is_some());
        assert!(reason(0o604, Readers::OwnerAndGroup).is_some());
        assert_eq!(reason(0o444, Readers::AsHandedOver), None);
    }

    #[test]
    fn a_folder_open_to_everybody_is_refused_and_says_how_to_close_it() {
        let (folder, path) = file_with(0o600, "s3cr3t");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        let fault = read(&path, Readers::Owner).unwrap_err();
        assert_eq!(
            fault.reason,
            "everybody can write to its folder (mode 1777)"
        );
        assert!(fault.remedy.starts_with("run: chmod o-w "));
    }

    #[test]
    fn a_bare_name_lies_in_the_present_folder() {
        // The tests run in the folder of the crate.
        assert_eq!(check_folder(Path::new("Cargo.toml")), Ok(()));
    }

    #[test]
    fn blanks_in_a_secret_are_kept_and_the_line_end_is_not() {
        let (_folder, path) = file_with(0o600, " two words \r\n");
        assert_eq!(read(&path, Readers::Owner).unwrap().expose(), " two words ");
    }

    #[test]
    fn placeholders_are_refused_however_they_are_spelt() {
        for text in [
            "changeme",
            "Change-Me!",
            "<password>",
            "YOUR_PASSWORD",
            "  ",
            "a\nb",
        ] {
            assert!(check_secret(&Secret::new(text.into())).is_err(), "{text:?}");
        }
        for text in ["correct horse battery", "x9!", "changeme-not-really-8821"] {
            assert!(check_secret(&Secret::new(text.into())).is_ok(), "{text:?}");
        }
    }
}
