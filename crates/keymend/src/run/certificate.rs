//! The service's own certificate: read at the start, and again whenever its files change.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use axum_server::tls_rustls::RustlsConfig;

use crate::cli::Stop;
use crate::config::TlsFiles;

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(2);

/// What changes when somebody writes or replaces a file.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Stamp(Vec<Option<(i64, i64, u64, u64)>>);

impl Stamp {
    fn of(files: &TlsFiles) -> Self {
        let seen = |file: &Path| {
            let metadata = fs::metadata(file).ok()?;
            let (secs, nanos) = (metadata.mtime(), metadata.mtime_nsec());
            Some((secs, nanos, metadata.len(), metadata.ino()))
        };
        Self(vec![seen(&files.certificate_file), seen(&files.key_file)])
    }
}

/// A certificate and the files it came from.
pub(super) struct Certificate {
    files: TlsFiles,
    seen: Stamp,
    tls: RustlsConfig,
}

impl Certificate {
    /// Reads certificate and key: TLS 1.2 and 1.3, HTTP/2 and HTTP/1.1.
    ///
    /// # Errors
    ///
    /// [`Stop::Usage`] if the files do not hold a certificate and its key.
    pub(super) async fn read(files: &TlsFiles) -> Result<Self, Stop> {
        // Looked at first: what changes while the files are read is read again.
        let seen = Stamp::of(files);
        let tls = RustlsConfig::from_pem_file(&files.certificate_file, &files.key_file)
            .await
            .map_err(|error| {
                let shown = files.certificate_file.display();
                Stop::Usage(format!("{shown}: cannot be used with its key ({error})"))
            })?;
        Ok(Self {
            files: files.clone(),
            seen,
            tls,
        })
    }

    /// What the listener speaks TLS with; it follows the files.
    pub(super) fn tls(&self) -> RustlsConfig {
        self.tls.clone()
    }

    /// Watches the files until the process ends.  While new ones cannot be used, the certificate
    /// that was read last stays in use.
    pub(super) async fn follow(mut self) {
        loop {
            tokio::time::sleep(EVERY).await;
            self.look().await;
        }
    }

    async fn look(&mut self) {
        let now = Stamp::of(&self.files);
        if now == self.seen {
            return;
        }
        self.seen = now;
        let (certificate, key) = (&self.files.certificate_file, &self.files.key_file);
        match self.tls.reload_from_pem_file(certificate, key).await {
            Ok(()) => tracing::info!(
                file = %certificate.display(),
                "the certificate was replaced by the new one"
            ),
            Err(error) => tracing::error!(
                file = %certificate.display(), %error,
                "the new certificate cannot be used; the one before stays in use"
            ),
        }
    }
}
