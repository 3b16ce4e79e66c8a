//! Form tokens: a form is good for the browser and the step it was made for.

use keymend_domain::code::MacKey;
use keymend_domain::time::{HOUR_MS, Moment};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// How long a form that belongs to no flow yet may stay open.
const OPEN_FORM_LIFE_MS: i64 = 4 * HOUR_MS;

/// Makes and checks tokens.
#[derive(Debug, Clone)]
pub struct FormTokens(MacKey);

/// Why a token was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadToken {
    /// Too old.
    Stale,
    /// Not ours, or of another browser.
    Foreign,
}

impl FormTokens {
    /// Tokens under a key of their own.
    #[must_use]
    pub fn new(key: MacKey) -> Self {
        Self(key)
    }

    fn mac(&self, parts: &[&[u8]]) -> String {
        let tag = self.0.tag(parts);
        let (half, _) = tag.bytes().split_at(16);
        URL_SAFE_NO_PAD.encode(half)
    }

    /// A token for a form that belongs to no flow and to nobody yet.
    #[must_use]
    pub fn open(&self, now: Moment) -> String {
        let at = now.0.to_string();
        format!("{at}.{}", self.mac(&[b"open", at.as_bytes()]))
    }

    /// Checks a token made by [`Self::open`].
    ///
    /// # Errors
    ///
    /// [`BadToken`].
    pub fn check_open(&self, token: &str, now: Moment) -> Result<(), BadToken> {
        let (at, mac) = token.split_once('.').ok_or(BadToken::Foreign)?;
        if !same(mac, &self.mac(&[b"open", at.as_bytes()])) {
            return Err(BadToken::Foreign);
        }
        let made_at = at.parse().map(Moment).map_err(|_| BadToken::Foreign)?;
        match now.since_ms(made_at) {
            age if (0..=OPEN_FORM_LIFE_MS).contains(&age) => Ok(()),
            _ => Err(BadToken::Stale),
        }
    }

    /// A token for a form of one step, bound to the browser's handle.
    #[must_use]
    pub fn step(&self, handle: &str, step: u32) -> String {
        let text = step.to_string();
        format!(
            "{text}.{}",
            self.mac(&[b"step", handle.as_bytes(), text.as_bytes()])
        )
    }

    /// The step a token made by [`Self::step`] is good for.
    ///
    /// # Errors
    ///
    /// [`BadToken::Foreign`].
    pub fn check_step(&self, token: &str, handle: &str) -> Result<u32, BadToken> {
        let (step, mac) = token.split_once('.').ok_or(BadToken::Foreign)?;
        let expected = self.mac(&[b"step", handle.as_bytes(), step.as_bytes()]);
        if !same(mac, &expected) {
            return Err(BadToken::Foreign);
        }
        step.parse().map_err(|_| BadToken::Foreign)
    }
}

fn same(one: &str, other: &str) -> bool {
    use subtle::ConstantTimeEq;
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_browser_and_names_its_step() {
        let tokens = FormTokens::new(MacKey::new([1; 32]));
        let token = tokens.step("handle", 7);
        assert_eq!(tokens.check_step(&token, "handle"), Ok(7));
        assert_eq!(tokens.check_step(&token, "other"), Err(BadToken::Foreign));
        let raised = token.replacen('7', "8", 1);
        assert_eq!(tokens.check_step(&raised, "handle"), Err(BadToken::Foreign));
    }

    #[test]
    fn an_open_form_grows_old() {
        let tokens = FormTokens::new(MacKey::new([1; 32]));
        let token = tokens.open(Moment(1_000));
        assert_eq!(tokens.check_open(&token, Moment(2_000)), Ok(()));
        let late = Moment(1_001 + OPEN_FORM_LIFE_MS);
        assert_eq!(tokens.check_open(&token, late), Err(BadToken::Stale));
        assert_eq!(tokens.check_open("1.x", Moment(2)), Err(BadToken::Foreign));
    }
}
