//! Distinguished names, compared as names and never as text (RFC 4514, RFC 4518).

/// A name brought to one spelling, for comparing and as a key.  It is never sent to a server.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DnKey(String);

impl DnKey {
    /// The key of a DN; `None` if the text is no DN.
    ///
    /// Types and values are compared without case and with runs of blanks as one, which is what
    /// `caseIgnoreMatch` does with the attributes that names are made of.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let mut names = Vec::new();
        for name in split(text, ',')? {
            let mut parts = split(&name, '+')?
                .iter()
                .map(|part| pair(part))
                .collect::<Option<Vec<_>>>()?;
            parts.sort_unstable();
            names.push(parts.join("+"));
        }
        Some(Self(names.join(",")))
    }
}

impl DnKey {
    /// Whether the name begins with these parts, spelled in small letters with a comma at the
    /// end.
    #[must_use]
    pub fn begins_with(&self, parts: &str) -> bool {
        self.0.starts_with(parts)
    }

    /// Whether this is the name `base`, or of an entry somewhere below it.
    #[must_use]
    pub fn is_at_or_below(&self, base: &Self) -> bool {
        let Some(front) = self.0.strip_suffix(&base.0) else {
            return false;
        };
        // The comma must be one that separates, not the end of a value.
        let above = front.strip_suffix(',');
        let is_separate = |above: &str| {
            let escapes = above
                .bytes()
                .rev()
                .take_while(|byte| *byte == b'\\')
                .count();
            escapes.is_multiple_of(2)
        };
        front.is_empty() || above.is_some_and(is_separate)
    }
}

/// Cuts at a sign that is not escaped; escapes stay for the next stage.
fn split(text: &str, at: char) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut signs = text.chars();
    while let Some(sign) = signs.next() {
        if sign == at {
            parts.push(String::new());
            continue;
        }
        let part = parts.last_mut()?;
        part.push(sign);
        if sign == '\\' {
            part.push(signs.next()?);
        }
    }
    Some(parts)
}

/// `type=value` in one spelling.
fn pair(part: &str) -> Option<String> {
    let (kind, value) = part.split_once('=')?;
    let kind = kind.trim().to_ascii_lowercase();
    if kind.is_empty()
        || !kind
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.'))
    {
        return None;
    }
    let plain = String::from_utf8(unescaped(value.trim_start())?).ok()?;
    let words: Vec<String> = plain.split_whitespace().map(str::to_lowercase).collect();
    // What separates the parts must not come from a value.
    let mut spelled = format!("{kind}=");
    for sign in words.join(" ").chars() {
        if matches!(sign, '\\' | ',' | '+') {
            spelled.push('\\');
        }
        spelled.push(sign);
    }
    Some(spelled)
}

fn unescaped(value: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let next = rest.next()?;
        match char::from(next).to_digit(16) {
            Some(high) => {
                let low = char::from(rest.next()?).to_digit(16)?;
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            None => bytes.push(next),
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_name_are_one() {
        let check = |left: &str, right: &str| {
            assert_eq!(DnKey::of(left), DnKey::of(right), "{left} {right}");
            assert!(DnKey::of(left).is_some(), "{left}");
        };
        check(
            "CN=Staff, OU=Groups,DC=Lab,DC=test",
            "cn=staff,ou=groups,dc=lab,dc=test",
        );
        check("cn=a+uid=b,dc=x", "UID=B+CN=A,dc=x");
        check("cn=Two  Words,dc=x", "cn=two words,dc=x");
        check("cn=J\\C3\\BCrgen,dc=x", "cn=Jürgen,dc=x");
        check("cn=a\\2cb,dc=x", "cn=a\\,b,dc=x");
    }

    #[test]
    fn different_names_stay_different() {
        assert_ne!(DnKey::of("cn=a,ou=b,dc=x"), DnKey::of("cn=a\\,ou=b,dc=x"));
        assert_ne!(DnKey::of("cn=a+ou=b,dc=x"), DnKey::of("cn=a\\+ou=b,dc=x"));
        assert_ne!(DnKey::of("cn=a,dc=x"), DnKey::of("cn=a,dc=y"));
    }

    #[test]
    fn what_is_below_a_base_is_told_by_its_names() {
        let check = |dn: &str, base: &str, is_below| {
            let (dn, base) = (DnKey::of(dn).unwrap(), DnKey::of(base).unwrap());
            assert_eq!(dn.is_at_or_below(&base), is_below, "{dn:?} {base:?}");
        };
        check("cn=jane,OU=People,dc=x", "ou=people, DC=x", true);
        check("ou=people,dc=x", "ou=people,dc=x", true);
        check("cn=jane,ou=other,dc=x", "ou=people,dc=x", false);
        check("cn=a\\,ou=people,dc=x", "ou=people,dc=x", false);
        check("cn=a\\\\,ou=people,dc=x", "ou=people,dc=x", true);
        check("cn=jane,ou=morepeople,dc=x", "ou=people,dc=x", false);
        check("dc=x", "ou=people,dc=x", false);
    }

    #[test]
    fn other_texts_are_not_names() {
        for text in [
            "",
            "staff",
            "cn=a,",
            "=a",
            "cn=a\\",
            "cn=\\2",
            "c n=a",
            "cn=\\ff\\fe",
        ] {
            assert_eq!(DnKey::of(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,40}") {
            let _ = DnKey::of(&text);
        }
    }
}
