//! `objectGUID`: the name of an entry that outlives renaming and moving.

use std::fmt::Write;

/// How the bytes of the binary form follow one another in the text (MS-DTYP 2.3.4): the first
/// three groups are turned round.
const ORDER: [usize; 16] = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

/// The canonical text of a binary GUID, as administrators and other tools write it; `None` if it
/// has not sixteen bytes.
pub(super) fn text_of(bytes: &[u8]) -> Option<String> {
    if bytes.len() != ORDER.len() {
        return None;
    }
    let mut text = String::with_capacity(36);
    for (place, from) in ORDER.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        write!(text, "{:02x}", bytes.get(*from)?).ok()?;
    }
    Some(text)
}

/// The binary form of a canonical text; `None` if the text is no GUID.
pub(super) fn bytes_of(text: &str) -> Option<Vec<u8>> {
    dn_of(text)?;
    let digits: String = text.split('-').collect();
    let byte = |place: usize| {
        let pair = digits.get(place.checked_mul(2)?..)?.get(..2)?;
        u8::from_str_radix(pair, 16).ok()
    };
    // The order is its own inverse: groups are turned round, and turned back.
    ORDER.iter().map(|place| byte(*place)).collect()
}

/// The name under which a server finds the entry wherever it is (MS-ADTS 3.1.1.3.1.2.4); `None`
/// if the text is no GUID, so that nothing else is ever put into a name.
pub(super) fn dn_of(text: &str) -> Option<String> {
    let is_guid = text.len() == 36
        && text.bytes().enumerate().all(|(place, byte)| match place {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    is_guid.then(|| format!("<GUID={text}>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_the_one_that_other_tools_show() {
        let bytes = [
            0xd1, 0x29, 0x3a, 0x65, 0x33, 0x47, 0xf8, 0x4a, 0x92, 0xfa, 0x0e, 0x27, 0xe6, 0x13,
            0x14, 0x95,
        ];
        let text = text_of(&bytes).unwrap();
        assert_eq!(text, "653a29d1-4733-4af8-92fa-0e27e6131495");
        let dn = dn_of(&text).unwrap();
        assert_eq!(dn, "<GUID=653a29d1-4733-4af8-92fa-0e27e6131495>");
        assert_eq!(bytes_of(&text).as_deref(), Some(&bytes[..]));
        assert_eq!(text_of(&bytes[..15]), None);
    }

    #[test]
    fn nothing_else_becomes_a_name() {
        for text in [
            "",
            "653a29d1-4733-4af8-92fa-0e27e613149",
            "653a29d1-4733-4af8-92fa-0e27e613149>",
            "653a29d1x4733-4af8-92fa-0e27e6131495",
            "653a29d1-4733-4af8-92fa-0e27e61314é",
        ] {
            assert_eq!(dn_of(text), None, "{text}");
            assert_eq!(bytes_of(text), None, "{text}");
        }
    }
}
