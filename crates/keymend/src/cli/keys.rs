//! `keymend keys`: the only place that makes key files.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use keymend_domain::secret::Secret;
use keymend_domain::time::Entropy;

use super::{KeysCommand, Output, Stop, print};
use crate::config::audit_file_beside;
use crate::keys::{AuditSigner, RootKey};

/// Carries out one `keymend keys` command.
///
/// # Errors
///
/// [`Stop::Usage`] if the file is there already, [`Stop::Fault`] if it cannot be written.
pub fn run(command: &KeysCommand, entropy: &dyn Entropy, output: Output<'_>) -> Result<(), Stop> {
    match command {
        KeysCommand::New { file } => new_root(file, entropy, output),
        KeysCommand::NewAudit { file } => {
            write_new(file, &audit_key(entropy)?)?;
            print(output, &format!("wrote {}\n", file.display()))
        }
    }
}

fn new_root(file: &Path, entropy: &dyn Entropy, output: Output<'_>) -> Result<(), Stop> {
    let audit_file = audit_file_beside(file);
    let root = RootKey::fresh(entropy).map_err(|error| Stop::Fault(error.to_string()))?;
    let audit = audit_key(entropy)?;
    if audit_file.exists() {
        return Err(exists(&audit_file));
    }
    write_new(file, &root.to_hexadecimal())?;
    write_new(&audit_file, &audit)?;
    let text = format!(
        "wrote {} and {}\nKeep a copy of both in a safe place, apart from the backups of the data.\nWithout the root key the data cannot be read; with it anybody can.\n",
        file.display(),
        audit_file.display()
    );
    print(output, &text)
}

fn audit_key(entropy: &dyn Entropy) -> Result<Secret, Stop> {
    AuditSigner::fresh(entropy)
        .map(|(_, text)| text)
        .map_err(|_| Stop::Fault("the operating system gave no random bytes".to_owned()))
}

/// Writes a new file that its owner alone can read, and makes sure it is on the disk.
fn write_new(path: &Path, text: &Secret) -> Result<(), Stop> {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o400)
        .open(path);
    let mut file = match opened {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(exists(path));
        }
        opened => opened.map_err(|error| unwritable(path, &error))?,
    };
    writeln!(file, "{}", text.expose())
        .and_then(|()| file.sync_all())
        .and_then(|()| sync_folder(path))
        .map_err(|error| unwritable(path, &error))
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    match path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        Some(folder) => File::open(folder)?.sync_all(),
        None => File::open(".")?.sync_all(),
    }
}

fn exists(path: &Path) -> Stop {
    Stop::Usage(format!(
        "{}: is there already, and what was written with it could not be read with a new one; name another file",
        path.display()
    ))
}

fn unwritable(path: &Path, error: &std::io::Error) -> Stop {
    Stop::Fault(format!("{}: cannot be written ({error})", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;
    use std::os::unix::fs::MetadataExt;

    #[test]
    fn new_keys_are_for_their_owner_alone_and_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("root.key");
        let command = KeysCommand::New { file: file.clone() };
        let mut output = Vec::new();
        run(&command, &SystemEntropy, &mut output).unwrap();
        for path in [&file, &audit_file_beside(&file)] {
            assert_eq!(std::fs::metadata(path).unwrap().mode() & 0o777, 0o400);
        }
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(RootKey::parse(&text).is_ok());
        assert!(!String::from_utf8(output).unwrap().contains(text.trim()));

        let stop = run(&command, &SystemEntropy, &mut Vec::new()).unwrap_err();
        assert!(matches!(stop, Stop::Usage(_)));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    }
}
