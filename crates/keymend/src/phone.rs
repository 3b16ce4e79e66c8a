//! Telephone numbers: what somebody typed becomes the one form in which numbers are stored.

use std::panic::{AssertUnwindSafe, catch_unwind};

use phonenumber::country::Id;
use phonenumber::metadata::DATABASE;
use phonenumber::{Mode, PhoneNumber, Type};

use keymend_domain::method::Contact;

/// The most bytes that are looked at: E.164 has 15 digits, the rest is for blanks and brackets.
pub const TYPED_BYTES_MAX: usize = 32;

/// Numbers that a regulator keeps free for films and manuals (Ofcom, "Telephone numbers for use
/// in TV and radio drama"): no line exists, so nobody can be called, and samples can show them.
const FICTION: &str = "+447700900";

/// Brings a typed number into E.164 form, or gives `None` if no text message can go there.
///
/// Blanks, brackets, dots, dashes and slashes are understood, as in `+44 7700 900123`; a number
/// without `+` is one of `site_region` (ISO 3166, `GB`).  Only numbers that a mobile telephone
/// can have are taken, since a code sent to a landline or a premium line reaches nobody or costs
/// money.  The tables of all countries are read at the first call and not before.
#[must_use]
pub fn normalise(typed: &str, site_region: &str) -> Option<Contact> {
    let digits = digits(typed)?;
    let region: Option<Id> = site_region.to_ascii_uppercase().parse().ok();
    let number = parsed(region, &digits)?;
    let text = guarded(|| number.format().mode(Mode::E164).to_string())?;
    is_textable(&number, &text).then_some(Contact::Phone(text))
}

/// The calling code of a stored number: 44 for `+447700900123`.
#[must_use]
pub fn calling_code(stored: &str) -> Option<u16> {
    parsed(None, stored).map(|number| number.country().code())
}

/// The calling code of a region: 44 for `GB`; `None` for what is no region.
#[must_use]
pub fn region_calling_code(region: &str) -> Option<u16> {
    guarded(|| {
        DATABASE
            .by_id(&region.to_ascii_uppercase())
            .map(|own| own.country_code())
    })?
}

/// A mobile number of a region (ISO 3166) for pages to show as an example: one that its regulator
/// keeps free for films, so that nobody is called; the British one where none is known.
///
/// Sources: Ofcom, NANPA (555-0100 to 555-0199), Bundesnetzagentur (0171 39200xx), ACMA
/// (0491 570 xxx), PTS (070-1740605 to 699).
#[must_use]
pub fn example(region: &str) -> String {
    let number = match region {
        "US" | "CA" => "+1 202 555 0123",
        "DE" => "+49 171 3920012",
        "AU" => "+61 491 570 156",
        "SE" => "+46 70 174 06 23",
        _ => "+44 7700 900123",
    };
    number.to_owned()
}

/// Drops what people put between digits; anything else, letters above all, is not a number.
fn digits(typed: &str) -> Option<String> {
    let typed = typed.trim();
    if typed.len() > TYPED_BYTES_MAX {
        return None;
    }
    // People write the digit to be left out from abroad: +44 (0)7700 900123.
    let typed = if typed.starts_with('+') {
        typed.replacen("(0)", "", 1)
    } else {
        typed.into()
    };
    let mut digits = String::with_capacity(typed.len());
    for (place, sign) in typed.char_indices() {
        match sign {
            '0'..='9' => digits.push(sign),
            '+' if place == 0 => digits.push(sign),
            ' ' | '\u{a0}' | '\u{202f}' | '-' | '\u{2010}' | '\u{2011}' | '\u{2013}' | '.'
            | '/' | '(' | ')' => {}
            _ => return None,
        }
    }
    Some(digits)
}

fn parsed(region: Option<Id>, digits: &str) -> Option<PhoneNumber> {
    guarded(|| phonenumber::parse(region, digits).ok())?
}

fn is_textable(number: &PhoneNumber, text: &str) -> bool {
    if text.starts_with(FICTION) {
        return text.len() == "+447700900123".len();
    }
    let can_be_mobile = |number: &PhoneNumber| {
        let kind = number.number_type(&DATABASE);
        number.is_valid() && matches!(kind, Type::Mobile | Type::FixedLineOrMobile)
    };
    guarded(|| can_be_mobile(number)).unwrap_or(false)
}

/// The crate has panicked on hostile input before; a panic here is just "not a number".
fn guarded<T>(ask: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(ask)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(typed: &str, region: &str, expected: Option<&str>) {
        let found = normalise(typed, region);
        let found = found.as_ref().map(Contact::in_full);
        assert_eq!(found, expected, "{typed:?} in {region}");
    }

    #[test]
    fn a_number_is_understood_however_it_is_written() {
        for typed in [
            "+44 7700 900123",
            "+447700900123",
            "+44 (0)7700 900123",
            "07700 900123",
            "(07700) 900-123",
            "00447700900123",
            "\u{a0}07700.900.123 ",
        ] {
            check(typed, "GB", Some("+447700900123"));
        }
        check("+1 4255550123", "GB", Some("+14255550123"));
        check("0171 1234567", "DE", Some("+491711234567"));
        check("079 123 45 67", "ch", Some("+41791234567"));
        check("+49 171 1234567", "", Some("+491711234567"));
    }

    #[test]
    fn a_number_without_country_needs_the_sites_region() {
        check("07700 900123", "", None);
        check("07700 900123", "XX", None);
    }

    #[test]
    fn numbers_that_no_text_message_reaches_are_refused() {
        for typed in [
            "+44 20 7946 0018", // a landline in London
            "+44 909 879 0000", // premium rate
            "+44 800 111 111",  // freephone
            "+44 7700",
            "112",
            "",
            "+",
            "jane@mail.example",
            "0800 FLOWERS",
            "+447700900123x12",
            "+44+7700900123",
            "07700 900123, 07700 900124",
            "\u{661}\u{662}\u{663}",
            "07700\r\n900123",
        ] {
            check(typed, "GB", None);
        }
        check(&"0".repeat(10_000), "GB", None);
    }

    #[test]
    fn the_example_of_a_region_is_a_number_of_it() {
        for region in ["US", "DE", "AU", "SE", "GB"] {
            assert!(normalise(&example(region), region).is_some(), "{region}");
        }
    }

    #[test]
    fn the_calling_code_of_a_stored_number_is_known() {
        assert_eq!(calling_code("+447700900123"), Some(44));
        assert_eq!(calling_code("+14255550123"), Some(1));
        assert_eq!(calling_code("nonsense"), None);
    }

    proptest! {
        #[test]
        fn whatever_is_typed_gives_a_number_or_nothing(typed in ".{0,40}", digits in "[+0-9 ()./-]{0,32}") {
            for text in [typed, digits] {
                if let Some(contact) = normalise(&text, "GB") {
                    let stored = contact.in_full();
                    prop_assert!(stored.starts_with('+') && stored.len() <= 16);
                    prop_assert!(stored.chars().skip(1).all(|sign| sign.is_ascii_digit()));
                    let again = normalise(stored, "US");
                    prop_assert_eq!(again, Some(contact.clone()));
                }
            }
        }
    }
}
