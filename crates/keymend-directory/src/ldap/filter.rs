//! Search filters as trees.  Values are escaped in one place, here (RFC 4515).

use std::fmt;

/// A search filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    /// Every part holds.
    And(Vec<Filter>),
    /// One part holds at least.
    Or(Vec<Filter>),
    /// The part does not hold.
    Not(Box<Filter>),
    /// The attribute has this value.
    Equal(String, Vec<u8>),
    /// The attribute meets a rule of the server's own with this value (RFC 4511 §4.5.1.7.7).
    Rule(String, String, Vec<u8>),
    /// The attribute is there.
    Present(String),
}

/// A text that is no filter this adapter takes.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a filter at character {at}: only (&…), (|…), (!…), (name=value), (name:1.2.3:=value) and \
     (name=*) are taken"
)]
pub(super) struct NotAFilter {
    /// Where reading stopped, in bytes from the start.
    pub(super) at: usize,
}

/// How deep filters may nest; nobody writes deeper ones, and recursion must end.
const DEPTH_MAX: usize = 16;

impl Filter {
    /// A test for one text value.
    pub(super) fn equal(attribute: &str, value: &str) -> Self {
        Self::Equal(attribute.to_owned(), value.as_bytes().to_vec())
    }

    /// A test for one text value by a rule of the server's own, which is named by its number.
    pub(super) fn rule(attribute: &str, rule: &str, value: &str) -> Self {
        let value = value.as_bytes().to_vec();
        Self::Rule(attribute.to_owned(), rule.to_owned(), value)
    }

    /// Reads a filter from the configuration.  Substring and ordering tests are not taken.
    pub(super) fn parse(text: &str) -> Result<Self, NotAFilter> {
        let mut reader = Reader {
            bytes: text.as_bytes(),
            at: 0,
        };
        let filter = reader.filter(0)?;
        if reader.at == text.len() {
            Ok(filter)
        } else {
            Err(reader.stop())
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::And(parts) => list(f, '&', parts),
            Self::Or(parts) => list(f, '|', parts),
            Self::Not(part) => write!(f, "(!{part})"),
            Self::Equal(attribute, value) => {
                write!(f, "({attribute}=")?;
                value.iter().try_for_each(|byte| escaped(f, *byte))?;
                f.write_str(")")
            }
            Self::Rule(attribute, rule, value) => {
                write!(f, "({attribute}:{rule}:=")?;
                value.iter().try_for_each(|byte| escaped(f, *byte))?;
                f.write_str(")")
            }
            Self::Present(attribute) => write!(f, "({attribute}=*)"),
        }
    }
}

fn list(f: &mut fmt::Formatter<'_>, sign: char, parts: &[Filter]) -> fmt::Result {
    write!(f, "({sign}")?;
    parts.iter().try_for_each(|part| write!(f, "{part}"))?;
    f.write_str(")")
}

/// Letters, digits and four harmless signs stand for themselves, everything else is `\xx`: more
/// than RFC 4515 §3 asks for, so that nothing depends on a parser's idea of what is special.
fn escaped(f: &mut fmt::Formatter<'_>, byte: u8) -> fmt::Result {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'@') {
        write!(f, "{}", char::from(byte))
    } else {
        write!(f, "\\{byte:02x}")
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn stop(&self) -> NotAFilter {
        NotAFilter { at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn take(&mut self, expected: u8) -> Result<(), NotAFilter> {
        if self.peek() == Some(expected) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.stop())
        }
    }

    fn filter(&mut self, depth: usize) -> Result<Filter, NotAFilter> {
        if depth >= DEPTH_MAX {
            return Err(self.stop());
        }
        self.take(b'(')?;
        let filter = match self.peek() {
            Some(b'&') => Filter::And(self.parts(depth)?),
            Some(b'|') => Filter::Or(self.parts(depth)?),
            Some(b'!') => {
                self.at += 1;
                Filter::Not(Box::new(self.filter(depth + 1)?))
            }
            _ => self.item()?,
        };
        self.take(b')')?;
        Ok(filter)
    }

    fn parts(&mut self, depth: usize) -> Result<Vec<Filter>, NotAFilter> {
        self.at += 1;
        let mut parts = Vec::new();
        while self.peek() == Some(b'(') {
            parts.push(self.filter(depth + 1)?);
        }
        if parts.is_empty() {
            return Err(self.stop());
        }
        Ok(parts)
    }

    fn item(&mut self) -> Result<Filter, NotAFilter> {
        let attribute = self.attribute()?;
        if self.peek() == Some(b':') {
            self.at += 1;
            let rule = self.number()?;
            self.take(b':')?;
            self.take(b'=')?;
            return Ok(Filter::Rule(attribute, rule, self.value()?));
        }
        self.take(b'=')?;
        if self.peek() == Some(b'*') {
            self.at += 1;
            return Ok(Filter::Present(attribute));
        }
        Ok(Filter::Equal(attribute, self.value()?))
    }

    fn attribute(&mut self) -> Result<String, NotAFilter> {
        let mut name = String::new();
        while let Some(byte) = self.peek()
            && (byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b';'))
        {
            name.push(char::from(byte));
            self.at += 1;
        }
        if name.is_empty() {
            return Err(self.stop());
        }
        Ok(name)
    }

    /// Digits and dots, as rules are named.
    fn number(&mut self) -> Result<String, NotAFilter> {
        let mut number = String::new();
        while let Some(byte) = self.peek()
            && (byte.is_ascii_digit() || byte == b'.')
        {
            number.push(char::from(byte));
            self.at += 1;
        }
        if number.is_empty() {
            return Err(self.stop());
        }
        Ok(number)
    }

    fn value(&mut self) -> Result<Vec<u8>, NotAFilter> {
        let mut value = Vec::new();
        loop {
            match self.peek() {
                Some(b')') => return Ok(value),
                Some(b'\\') => value.push(self.escape()?),
                None | Some(b'(' | b'*' | 0) => return Err(self.stop()),
                Some(byte) => {
                    value.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self) -> Result<u8, NotAFilter> {
        let byte = self
            .bytes
            .get(self.at + 1..self.at + 3)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .ok_or_else(|| self.stop())?;
        self.at += 3;
        Ok(byte)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_names_stay_values() {
        let check = |name: &str, rendered: &str| {
            let filter = Filter::equal("uid", name);
            assert_eq!(filter.to_string(), rendered);
            assert_eq!(Filter::parse(rendered), Ok(filter));
        };
        check("jane", "(uid=jane)");
        check("user=*", "(uid=user\\3d\\2a)");
        check("*)(uid=*", "(uid=\\2a\\29\\28uid\\3d\\2a)");
        check("\\75ser1", "(uid=\\5c75ser1)");
        check(
            ")(|(objectClass=*",
            "(uid=\\29\\28\\7c\\28objectClass\\3d\\2a)",
        );
        check("a\0b", "(uid=a\\00b)");
        check("", "(uid=)");
    }

    #[test]
    fn a_filter_from_the_configuration_is_read_or_refused() {
        assert!(Filter::parse("(&(objectClass=person)(!(employeeType=robot)))").is_ok());
        let enabled = "(!(userAccountControl:1.2.840.113556.1.4.803:=2))";
        assert_eq!(Filter::parse(enabled).unwrap().to_string(), enabled);
        for text in [
            "",
            "uid=jane",
            "(uid=ja*)",
            "(uid>=3)",
            "(&)",
            "(uid=jane)(uid=joe)",
            "(uid=\\zz)",
            "(uid:=jane)",
            "(uid:dn:=jane)",
            "(uid=jane",
            "(!(a=b)(c=d))",
        ] {
            assert!(Filter::parse(text).is_err(), "{text}");
        }
        assert!(Filter::parse(&"(!".repeat(5_000)).is_err());
    }

    fn trees() -> impl Strategy<Value = Filter> {
        let leaf = prop_oneof![
            (
                "[a-z][a-zA-Z0-9-]{0,8}",
                proptest::collection::vec(any::<u8>(), 0..24)
            )
                .prop_map(|(name, value)| Filter::Equal(name, value)),
            (
                "[a-z][a-zA-Z0-9-]{0,8}",
                "[12](\\.[1-9][0-9]{0,4}){1,6}",
                proptest::collection::vec(any::<u8>(), 0..24)
            )
                .prop_map(|(name, rule, value)| Filter::Rule(name, rule, value)),
            "[a-z][a-zA-Z0-9-]{0,8}".prop_map(Filter::Present),
        ];
        leaf.prop_recursive(5, 32, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 1..4).prop_map(Filter::And),
                proptest::collection::vec(inner.clone(), 1..4).prop_map(Filter::Or),
                inner.prop_map(|part| Filter::Not(Box::new(part))),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_rendered_reads_back_as_the_same_tree(tree in trees()) {
            let text = tree.to_string();
            prop_assert_eq!(Filter::parse(&text), Ok(tree));
            prop_assert!(ldap3::parse_filter(&text).is_ok(), "{}", text);
        }

        #[test]
        fn every_value_is_one_literal(value in "\\PC{0,60}") {
            let text = Filter::equal("uid", &value).to_string();
            let inner = text.strip_prefix("(uid=").and_then(|rest| rest.strip_suffix(')'));
            prop_assert!(inner.is_some_and(|inner| !inner.contains(['(', ')', '*', '='])));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,60}") {
            let _ = Filter::parse(&text);
        }
    }
}
