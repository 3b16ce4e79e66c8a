//! A certificate authority of one afternoon, made by the `openssl` command.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::trouble::{Trouble, or_end_the_test};

/// A private authority and one server certificate for `localhost` and `127.0.0.1`.
pub struct Certificates {
    folder: PathBuf,
}

const AUTHORITY: &str = "\
[req]
distinguished_name = name
prompt = no
x509_extensions = authority
[name]
CN = Keymend lab authority
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
";

const SERVER: &str = "\
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
";

impl Certificates {
    /// Makes them in `folder`; the server certificate names `localhost` and `127.0.0.1`.
    #[track_caller]
    pub fn create(folder: &Path) -> Self {
        or_end_the_test(Self::create_for(folder, "DNS:localhost,IP:127.0.0.1"))
    }

    /// Makes them in `folder` for other names, in OpenSSL's notation (`DNS:elsewhere.test`).
    ///
    /// # Errors
    ///
    /// If `openssl` is missing or refuses; its own words are in the text.
    pub fn create_for(folder: &Path, names: &str) -> Result<Self, Trouble> {
        let certificates = Self {
            folder: folder.to_path_buf(),
        };
        let server = format!("{SERVER}subjectAltName = {names}\n");
        for (file, text) in [("authority.cnf", AUTHORITY), ("server.ext", &server)] {
            fs::write(folder.join(file), text)
                .map_err(Trouble::during(format!("writing {file}")))?;
        }
        for line in [
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
             -config authority.cnf -keyout ca.key -out ca.pem",
            "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
             -config authority.cnf -subj /CN=localhost -keyout server.key -out server.csr",
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 30 \
             -extfile server.ext -out server.pem",
        ] {
            certificates.openssl(line)?;
        }
        Ok(certificates)
    }

    /// The authority's certificate, which a client must trust.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The server's certificate.
    pub fn certificate_file(&self) -> PathBuf {
        self.folder.join("server.pem")
    }

    /// The server's private key.
    pub fn key_file(&self) -> PathBuf {
        self.folder.join("server.key")
    }

    fn openssl(&self, line: &str) -> Result<(), Trouble> {
        let output = Command::new("openssl")
            .args(line.split_whitespace())
            .current_dir(&self.folder)
            .output()
            .map_err(Trouble::during("running openssl"))?;
        if output.status.success() {
            return Ok(());
        }
        let words = String::from_utf8_lossy(&output.stderr);
        Err(Trouble::new(format!("openssl {line} failed:\n{words}")))
    }
}
