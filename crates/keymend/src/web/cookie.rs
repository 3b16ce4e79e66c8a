//! Cookies: opaque handles and nothing else (security-gates R-04, §5).

use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::header::COOKIE;

/// The cookies there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cookie {
    /// The handle of a flow.
    Flow,
    /// The handle of a signed-in person.
    Me,
    /// The mark of a familiar browser.
    Device,
    /// The queue's ticket of a visitor without script, with the typed name under seal.
    Wait,
    /// Language choice.
    Language,
}

/// The longest value anybody accepts.
const VALUE_BYTES_MAX: usize = 1_024;

impl Cookie {
    /// Without the prefix only for the demonstration on loopback: browsers keep no `__Host-`
    /// cookie from plain HTTP.
    fn name(self, is_secure: bool) -> &'static str {
        match (self, is_secure) {
            (Self::Flow, true) => "__Host-km_flow",
            (Self::Flow, false) => "km_flow",
            (Self::Me, true) => "__Host-km_me",
            (Self::Me, false) => "km_me",
            (Self::Device, true) => "__Host-km_dev",
            (Self::Device, false) => "km_dev",
            (Self::Wait, true) => "__Host-km_wait",
            (Self::Wait, false) => "km_wait",
            (Self::Language, true) => "__Host-km_ui",
            (Self::Language, false) => "km_ui",
        }
    }

    fn life_secs(self) -> Option<u32> {
        match self {
            // How long a mark lasts is the policy's to say.
            Self::Flow | Self::Me | Self::Device => None,
            // The longest wait, and the time a ticket is good for.
            Self::Wait => Some(180),
            Self::Language => Some(365 * 24 * 3_600),
        }
    }

    /// The value the browser sent, if it sent exactly one.
    pub(super) fn read(self, headers: &HeaderMap, is_secure: bool) -> Option<String> {
        let name = self.name(is_secure);
        let mut found = headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|text| text.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(own, _)| *own == name)
            .map(|(_, value)| value);
        let value = found.next()?;
        // Two cookies of one name means that somebody planted one.
        let is_single = found.next().is_none();
        (is_single && value.len() <= VALUE_BYTES_MAX).then(|| value.to_owned())
    }

    /// The header that sets the cookie.
    pub(super) fn set(self, value: &str, is_secure: bool) -> Option<HeaderValue> {
        let life = self
            .life_secs()
            .map_or_else(String::new, |secs| format!("; Max-Age={secs}"));
        self.header(value, &life, is_secure)
    }

    /// The header that sets the cookie for so many seconds.
    pub(super) fn set_for(self, value: &str, secs: u32, is_secure: bool) -> Option<HeaderValue> {
        self.header(value, &format!("; Max-Age={secs}"), is_secure)
    }

    /// The header that takes the cookie away.
    pub(super) fn clear(self, is_secure: bool) -> Option<HeaderValue> {
        self.header("", "; Max-Age=0", is_secure)
    }

    fn header(self, value: &str, life: &str, is_secure: bool) -> Option<HeaderValue> {
        let secure = if is_secure { "; Secure" } else { "" };
        let name = self.name(is_secure);
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{life}");
        HeaderValue::from_str(&text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(text: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(COOKIE, HeaderValue::from_str(text).unwrap());
        headers
    }

    #[test]
    fn a_cookie_is_read_by_its_whole_name() {
        let sent = headers("a=1; __Host-km_flow=abc; x__Host-km_flow=evil");
        assert_eq!(Cookie::Flow.read(&sent, true).as_deref(), Some("abc"));
        assert_eq!(Cookie::Flow.read(&sent, false), None);
    }

    #[test]
    fn two_cookies_of_one_name_count_as_none() {
        assert_eq!(
            Cookie::Flow.read(&headers("km_flow=a; km_flow=b"), false),
            None
        );
    }

    #[test]
    fn a_cookie_is_strict_and_bound_to_the_host() {
        let header = Cookie::Flow.set("abc", true).unwrap();
        assert_eq!(
            header,
            "__Host-km_flow=abc; Path=/; HttpOnly; SameSite=Strict; Secure"
        );
    }
}
