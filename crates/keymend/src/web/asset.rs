//! The files that pages load: style sheet, script and mark.
//!
//! Every file is served under a name that holds a hash of its content, so that browsers may keep
//! it for ever and still get the new one after an update.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// One file that pages load.
#[derive(Debug)]
pub struct Asset {
    /// The name with the content hash, as it stands after `/assets/`.
    pub file: String,
    /// The whole file.
    pub bytes: &'static [u8],
    /// The exact media type for the `Content-Type` header.
    pub media_type: &'static str,
    name: &'static str,
}

struct Source {
    name: &'static str,
    bytes: &'static [u8],
    media_type: &'static str,
}

const SOURCES: &[Source] = &[
    Source {
        name: "keymend.css",
        bytes: include_bytes!("../../assets/keymend.css"),
        media_type: "text/css; charset=utf-8",
    },
    Source {
        name: "parts.css",
        bytes: include_bytes!("../../assets/parts.css"),
        media_type: "text/css; charset=utf-8",
    },
    Source {
        name: "keymend.js",
        bytes: include_bytes!("../../assets/keymend.js"),
        media_type: "text/javascript; charset=utf-8",
    },
    Source {
        name: "keymend.svg",
        bytes: include_bytes!("../../assets/keymend.svg"),
        media_type: "image/svg+xml",
    },
];

/// Enough to tell versions apart; the hash proves nothing.
const HASH_BYTES: usize = 8;

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| SOURCES.iter().map(fingerprint).collect());

/// The address of the file that is called `name` in the source tree, for example
/// `/assets/keymend.0123456789abcdef.css` for `keymend.css`; `None` if there is no such file.
pub fn asset_url(name: &str) -> Option<String> {
    let asset = ASSETS.iter().find(|asset| asset.name == name)?;
    Some(format!("/assets/{}", asset.file))
}

/// The file that is served under `file`, the last part of the address.
///
/// Names without the right hash are unknown, so that no answer is kept under a wrong name.
pub fn asset(file: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.file == file)
}

fn fingerprint(source: &Source) -> Asset {
    let digest = Sha256::digest(source.bytes);
    let hash: String = digest
        .iter()
        .take(HASH_BYTES)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let (stem, ending) = source.name.rsplit_once('.').unwrap_or((source.name, ""));
    Asset {
        file: format!("{stem}.{hash}.{ending}"),
        bytes: source.bytes,
        media_type: source.media_type,
        name: source.name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_found_under_the_name_its_address_gives() {
        for source in SOURCES {
            let url = asset_url(source.name).unwrap();
            let file = url.strip_prefix("/assets/").unwrap();
            let found = asset(file).unwrap();
            assert_eq!(found.bytes, source.bytes, "{file}");
            assert_eq!(found.media_type, source.media_type, "{file}");
            assert!(!found.bytes.is_empty(), "{file}");
        }
    }

    #[test]
    fn a_name_without_its_hash_or_with_a_wrong_one_is_unknown() {
        assert!(asset("keymend.css").is_none());
        assert!(asset("keymend.0000000000000000.css").is_none());
        assert!(asset("../keymend.css").is_none());
        assert!(asset_url("other.css").is_none());
    }

    #[test]
    fn two_contents_never_share_a_name() {
        let one = Source {
            name: "a.css",
            bytes: b"one",
            media_type: "text/css",
        };
        let two = Source {
            name: "a.css",
            bytes: b"two",
            media_type: "text/css",
        };
        assert_ne!(fingerprint(&one).file, fingerprint(&two).file);
    }
}
