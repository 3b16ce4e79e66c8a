//! Downloaded lists of leaked passwords, as the public range service gives them out: one file of
//! `HASH:COUNT` lines, or a folder of files named by the first five digits with `REST:COUNT` lines.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use super::HashKind;
use super::build::BuildFault;

const BUFFER_BYTES: usize = 1 << 20;

/// No line of such a list is longer.
const LINE_BYTES_MAX: usize = 200;

/// Digits that name a file of a folder.
const PREFIX_DIGITS: usize = 5;

/// One file to read.
#[derive(Debug)]
pub(super) struct Source {
    path: PathBuf,
    /// The first digits of all its hashes, if its name holds them.
    prefix: String,
    /// How long it is.
    pub bytes: u64,
}

/// Every file that the arguments mean, folders opened.
pub(super) fn sources(from: &[PathBuf]) -> Result<Vec<Source>, BuildFault> {
    let mut sources = Vec::new();
    for path in from {
        let about = fs::metadata(path).map_err(|error| unread(path, error))?;
        if !about.is_dir() {
            let (path, bytes) = (path.clone(), about.len());
            sources.push(Source {
                path,
                prefix: String::new(),
                bytes,
            });
            continue;
        }
        for entry in fs::read_dir(path).map_err(|error| unread(path, error))? {
            let entry = entry.map_err(|error| unread(path, error))?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let prefix = name.split('.').next().unwrap_or_default();
            if is_hexadecimal(prefix.as_bytes()) && prefix.len() == PREFIX_DIGITS {
                let about = entry.metadata().map_err(|error| unread(path, error))?;
                let prefix = prefix.to_owned();
                sources.push(Source {
                    path: entry.path(),
                    prefix,
                    bytes: about.len(),
                });
            }
        }
    }
    if sources.is_empty() {
        return Err(BuildFault::Empty);
    }
    Ok(sources)
}

impl Source {
    /// Gives every key of the file to `take`, and how many bytes were read to `progress`.
    pub fn read(
        &self,
        kind: HashKind,
        take: &mut dyn FnMut(u64) -> io::Result<()>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), BuildFault> {
        let file = File::open(&self.path).map_err(|error| unread(&self.path, error))?;
        let mut lines = BufReader::with_capacity(BUFFER_BYTES, file);
        let (mut line, mut number, mut read, mut told) =
            (Vec::with_capacity(LINE_BYTES_MAX), 0_u64, 0_u64, 0_u64);
        loop {
            line.clear();
            let mut limited = io::Read::take(&mut lines, LINE_BYTES_MAX as u64);
            let bytes = limited
                .read_until(b'\n', &mut line)
                .map_err(|error| unread(&self.path, error))?;
            if bytes == 0 {
                progress(read);
                return Ok(());
            }
            number += 1;
            read += bytes as u64;
            match self.key(&line, kind) {
                Ok(Some(key)) => take(key).map_err(BuildFault::Unwritten)?,
                Ok(None) => {}
                Err(reason) => {
                    let file = self.path.clone();
                    return Err(BuildFault::BadLine {
                        file,
                        number,
                        reason,
                    });
                }
            }
            if read - told > BUFFER_BYTES as u64 {
                told = read;
                progress(read);
            }
        }
    }

    /// The key of a line; none if the line is empty, or is padding, which counts no leak.
    fn key(&self, line: &[u8], kind: HashKind) -> Result<Option<u64>, &'static str> {
        let line = line.trim_ascii();
        if line.is_empty() {
            return Ok(None);
        }
        let (hash, count) = match line.iter().position(|byte| *byte == b':') {
            Some(colon) => line.split_at(colon),
            None => (line, &[][..]),
        };
        if count == b":0" {
            return Ok(None);
        }
        let digits = self.prefix.len() + hash.len();
        if digits != kind.digits() || !is_hexadecimal(hash) {
            return Err(complaint(digits, kind));
        }
        let first = self.prefix.bytes().chain(hash.iter().copied()).take(16);
        Ok(Some(
            first.fold(0, |key, digit| key << 4 | u64::from(value(digit))),
        ))
    }
}

fn complaint(digits: usize, kind: HashKind) -> &'static str {
    match (digits, kind) {
        (32, HashKind::Sha1) => "it is an NTLM hash; say --kind ntlm",
        (40, HashKind::Ntlm) => "it is a SHA-1 hash; say --kind sha1",
        (_, HashKind::Sha1) => "it does not begin with a hash of 40 hexadecimal digits",
        (_, HashKind::Ntlm) => "it does not begin with a hash of 32 hexadecimal digits",
    }
}

fn is_hexadecimal(text: &[u8]) -> bool {
    text.iter().all(u8::is_ascii_hexdigit)
}

fn value(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        _ => (digit | 0x20).wrapping_sub(b'a' - 10),
    }
}

fn unread(path: &Path, error: io::Error) -> BuildFault {
    BuildFault::Unread {
        path: path.to_owned(),
        source: error,
    }
}
