//! Crates that must not come in, not even through others.

use std::path::Path;
use std::process::Command;

use super::Finding;
use crate::Failure;

/// One TLS library and one provider: what we ship is rustls with aws-lc-rs.
const BANNED: &[&str] = &["ring", "openssl-sys", "native-tls"];

/// Looks through everything that is built into the product.
///
/// # Errors
///
/// If cargo cannot say what the dependencies are.
pub(super) fn findings(root: &Path) -> Result<Vec<Finding>, Failure> {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--workspace", "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p}"])
        .current_dir(root)
        .output()
        .map_err(|fault| Failure::new(format!("running cargo tree: {fault}")))?;
    if !output.status.success() {
        let words = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!("cargo tree failed:\n{words}")));
    }
    Ok(banned(&String::from_utf8_lossy(&output.stdout)))
}

/// The banned crates in a list with one `name version …` a line.
fn banned(list: &str) -> Vec<Finding> {
    BANNED
        .iter()
        .filter(|name| {
            let mut names = list.lines().filter_map(|line| line.split(' ').next());
            names.any(|found| found == **name)
        })
        .map(|name| Finding {
            path: "Cargo.lock".to_owned(),
            line: 0,
            what: format!(
                "`{name}` came in; `cargo tree --edges normal --invert {name}` tells how"
            ),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::banned;

    #[test]
    fn a_second_tls_library_is_noticed() {
        assert_eq!(banned("rustls v0.23.46\nstring v1.0.0\n").len(), 0);
        assert_eq!(banned("rustls v0.23.46\nring v0.17.8\n").len(), 1);
    }
}
