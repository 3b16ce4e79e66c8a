//! Values that come from outside, made fit to stand inside a sentence of ours.
//!
//! Every sink encodes once more for itself (header words, HTML, JSON, form fields); what is done
//! here is what no sink can do later: a value stays one short piece of one line, runs in its own
//! direction, and does not turn into a link.

use std::net::IpAddr;

/// The longest value in signs; whoever needs more is not naming anything.
const VALUE_SIGNS_MAX: usize = 80;

/// A name from a directory or the configuration: one line, no invisible signs, no URL.
pub(super) fn name(raw: &str) -> String {
    shortened(&one_line(raw).replace("//", "/ /"))
}

/// A text of the configuration that may well be a link: one line, no invisible signs.
pub(super) fn text(raw: &str) -> String {
    one_line(raw)
}

/// A network address, if it is one; anything else is dropped.
pub(super) fn network_address(raw: &str) -> Option<String> {
    raw.trim().parse::<IpAddr>().ok().map(|ip| ip.to_string())
}

/// The name of a browser, which began as a stranger's header: letters, digits and little else, so
/// that no mail program can find a host name in it.
pub(super) fn browser(raw: &str) -> Option<String> {
    let mut kept = String::new();
    let mut signs = raw.chars().peekable();
    while let Some(sign) = signs.next() {
        // A full stop stays inside a version number, where no host name can form around it.
        let is_version_dot = sign == '.'
            && kept.ends_with(|last: char| last.is_ascii_digit())
            && signs.peek().is_some_and(char::is_ascii_digit);
        if sign.is_alphanumeric() || matches!(sign, ' ' | '-' | '(' | ')') || is_version_dot {
            kept.push(sign);
        } else {
            kept.push(' ');
        }
    }
    let tidy = shortened(&one_line(&kept));
    (!tidy.is_empty()).then_some(tidy)
}

fn one_line(raw: &str) -> String {
    let visible: String = raw
        .chars()
        .map(|sign| if sign.is_control() { ' ' } else { sign })
        .filter(|sign| !is_invisible(*sign))
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Signs that change the direction of text, join or hide (Unicode category Cf, and the two
/// separators that some programs break lines at).
fn is_invisible(sign: char) -> bool {
    matches!(
        sign,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(VALUE_SIGNS_MAX) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_visible_line_without_a_url() {
        for (raw, expected) in [
            ("jane.doe", "jane.doe"),
            ("CORP\\jane", "CORP\\jane"),
            (
                "jane\r\nBcc: all@mail.example",
                "jane Bcc: all@mail.example",
            ),
            ("jane\u{202e}live\u{200b}\u{0}", "janelive"),
            ("http://evil.example/x", "http:/ /evil.example/x"),
            ("a\u{2028}b", "ab"),
        ] {
            assert_eq!(name(raw), expected, "{raw:?}");
        }
        assert_eq!(name(&"x".repeat(10_000)).chars().count(), 83);
    }

    #[test]
    fn only_an_address_is_an_address() {
        assert_eq!(
            network_address("203.0.113.7").as_deref(),
            Some("203.0.113.7")
        );
        assert_eq!(
            network_address("2001:DB8::1").as_deref(),
            Some("2001:db8::1")
        );
        assert_eq!(network_address("evil.example"), None);
    }

    #[test]
    fn a_browser_cannot_bring_a_link() {
        for (raw, expected) in [
            ("Firefox 128.0 on Windows", Some("Firefox 128.0 on Windows")),
            (
                "see https://evil.example/now",
                Some("see https evil example now"),
            ),
            ("www.evil.example", Some("www evil example")),
            ("1.evil", Some("1 evil")),
            ("<b>\"x\"&\r\n\u{202e}", Some("b x")),
            ("\r\n", None),
        ] {
            assert_eq!(browser(raw).as_deref(), expected, "{raw:?}");
        }
    }
}
