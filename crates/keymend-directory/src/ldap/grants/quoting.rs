//! Names as each tool takes them, whatever is in them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A word for a POSIX shell (Shell Command Language 2.2.2).
pub(super) fn shell_word(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A word for PowerShell, where a single quote is written twice (about_Quoting_Rules); the curly
/// quotes count as single ones there.
pub(super) fn power_shell_word(text: &str) -> String {
    let mut word = "'".to_owned();
    for sign in text.chars() {
        if matches!(sign, '\'' | '\u{2018}'..='\u{201b}') {
            word.push(sign);
        }
        word.push(sign);
    }
    word + "'"
}

/// A name inside an access rule of OpenLDAP.
///
/// Inside quotes `slapd` (tried on 2.5.13) hands numbers on as they are, while other escapes are
/// lost or end the rule; so every sign that is escaped is written as a number (RFC 4514 §2.4).
pub(super) fn rule_dn(dn: &str) -> String {
    let mut plain = "\"".to_owned();
    let mut signs = dn.chars();
    while let Some(sign) = signs.next() {
        match (sign, sign == '\\') {
            (_, true) => match signs.next() {
                Some(digit) if digit.is_ascii_hexdigit() => {
                    plain.push('\\');
                    plain.push(digit);
                }
                Some(next) => numbered(&mut plain, next),
                None => {}
            },
            ('"', _) => numbered(&mut plain, sign),
            _ => plain.push(sign),
        }
    }
    plain + "\""
}

/// Adds a sign as `\` and two digits for each of its bytes.
fn numbered(text: &mut String, sign: char) {
    for byte in sign.encode_utf8(&mut [0; 4]).bytes() {
        text.push_str(&format!("\\{byte:02X}"));
    }
}

/// A name with no sign in it that a Windows command line, or a path of PowerShell, takes for
/// something else: such signs are written as numbers (RFC 4514 §2.4, `\` and two digits).
pub(super) fn windows_dn(dn: &str) -> String {
    let is_awkward = |sign: char| {
        matches!(sign, '"' | '%' | '!' | '^' | '&' | '|' | '<' | '>' | '/') || sign.is_control()
    };
    let mut plain = String::new();
    let mut signs = dn.chars();
    while let Some(sign) = signs.next() {
        let (escape, sign) = match sign {
            '\\' => match signs.next() {
                Some(next) => ("\\", next),
                None => ("", '\\'),
            },
            sign => ("", sign),
        };
        match sign {
            sign if is_awkward(sign) => numbered(&mut plain, sign),
            // A blank at the end would be lost in front of the quote, and a backslash eat it.
            ' ' if !escape.is_empty() => plain.push_str("\\20"),
            '\\' if !escape.is_empty() => plain.push_str("\\5C"),
            sign => {
                plain.push_str(escape);
                plain.push(sign);
            }
        }
    }
    plain
}

/// A name inside `ldap:///…` (RFC 4516 §2.1, RFC 3986 §2.3): all but the plainest signs as `%` and
/// two digits.
pub(super) fn url_dn(dn: &str) -> String {
    let mut plain = String::new();
    for byte in dn.bytes() {
        let is_plain =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'=' | b',');
        match is_plain {
            true => plain.push(char::from(byte)),
            false => plain.push_str(&format!("%{byte:02X}")),
        }
    }
    plain
}

/// One line of LDIF (RFC 2849): in base64 if it holds anything but plain signs.
pub(super) fn ldif_line(name: &str, value: &str) -> String {
    let is_plain = value.bytes().all(|byte| matches!(byte, 0x20..=0x7e))
        && !value.starts_with([' ', ':', '<'])
        && !value.ends_with(' ');
    match is_plain {
        true => format!("{name}: {value}\n"),
        false => format!("{name}:: {}\n", STANDARD.encode(value)),
    }
}

/// The parts of a name, cut at commas that separate (RFC 4514 §2.4).
pub(super) fn parts(dn: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut is_escaped = false;
    for (place, sign) in dn.char_indices() {
        match sign {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            ',' => {
                parts.extend(dn.get(start..place));
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.extend(dn.get(start..));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_at_the_commas_that_separate() {
        assert_eq!(
            parts(r#"OU=Sales\, \"North\",DC=lab"#),
            [r#"OU=Sales\, \"North\""#, "DC=lab"]
        );
        assert_eq!(parts(r"OU=a\\,DC=b"), [r"OU=a\\", "DC=b"]);
        assert_eq!(parts(""), [""]);
    }

    #[test]
    fn a_windows_command_line_gets_names_without_signs_of_its_own() {
        let check = |dn: &str, plain: &str| assert_eq!(windows_dn(dn), plain, "{dn}");
        check("OU=People,DC=lab", "OU=People,DC=lab");
        check(
            r#"OU=Sales\, \"North\",DC=lab"#,
            r"OU=Sales\, \22North\22,DC=lab",
        );
        check("OU=50%,DC=lab", r"OU=50\25,DC=lab");
        check(r"OU=a & b\<c\>,DC=lab", r"OU=a \26 b\3Cc\3E,DC=lab");
        check(r"OU=\ a\ ,DC=lab", r"OU=\20a\20,DC=lab");
        check(r"OU=\#1\+2,DC=lab", r"OU=\#1\+2,DC=lab");
        check(r"OU=back\\,DC=lab", r"OU=back\5C,DC=lab");
        check("OU=R/D,DC=lab", r"OU=R\2FD,DC=lab");
        check("OU=Jürgen,DC=lab", "OU=Jürgen,DC=lab");
    }

    #[test]
    fn quotes_of_every_kind_end_nothing() {
        assert_eq!(shell_word("O'Hare"), r"'O'\''Hare'");
        assert_eq!(power_shell_word("O'Hare ’s"), "'O''Hare ’’s'");
        assert_eq!(
            rule_dn(r#"ou=a\, \"b\" \C3\BC\\,dc=x"#),
            r#""ou=a\2C \22b\22 \C3\BC\5C,dc=x""#
        );
        assert_eq!(rule_dn("ou=O'Hare"), "\"ou=O'Hare\"");
        assert_eq!(
            url_dn(r#"ou=a\, "b" ü,dc=x"#),
            "ou=a%5C,%20%22b%22%20%C3%BC,dc=x"
        );
    }

    #[test]
    fn ldif_hides_what_would_end_its_line() {
        assert_eq!(ldif_line("dn", "ou=a,dc=x"), "dn: ou=a,dc=x\n");
        assert_eq!(ldif_line("dn", "ou=ü"), "dn:: b3U9w7w=\n");
        for value in [" a", ":a", "<a", "a ", "a\nb"] {
            assert!(ldif_line("dn", value).starts_with("dn:: "), "{value:?}");
        }
    }
}
