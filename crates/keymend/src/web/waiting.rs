//! What the browser of somebody without script holds while it waits: a ticket, and the typed name
//! under seal.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use keymend_domain::account::CLAIM_BYTES_MAX;
use keymend_domain::code::MacKey;

use crate::entropy::SystemEntropy;
use crate::keys::{Place, Seal};

/// Seals names into the cookie of the queue, and opens them again.
pub(super) struct Waiting(Seal);

impl Waiting {
    /// Under a key that follows from the key of the forms.
    pub(super) fn new(form_key: &MacKey) -> Self {
        Self(Seal::following("waiting", form_key))
    }

    /// The value of the cookie.  A name that is too long, or that cannot be sealed, is left out:
    /// it is typed once more.
    pub(super) fn sealed(&self, ticket: &str, user: &str) -> String {
        let name = Some(user).filter(|user| user.len() <= CLAIM_BYTES_MAX);
        let sealed = name.and_then(|user| {
            let sealed = self.0.seal(at(ticket), user.as_bytes(), &SystemEntropy);
            sealed.ok()
        });
        let text = sealed.map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        format!("{ticket}~{}", text.unwrap_or_default())
    }

    /// The ticket, and the name if it was sealed for this ticket; else an empty one.
    pub(super) fn opened<'v>(&self, value: &'v str) -> (&'v str, String) {
        let (ticket, sealed) = value.split_once('~').unwrap_or((value, ""));
        let bytes = URL_SAFE_NO_PAD.decode(sealed).ok();
        let name = bytes.and_then(|bytes| {
            let plain = self.0.open(at(ticket), &bytes).ok()?;
            String::from_utf8(plain.to_vec()).ok()
        });
        (ticket, name.unwrap_or_default())
    }
}

fn at(ticket: &str) -> Place<'_> {
    Place {
        row: ticket,
        purpose: "name",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waiting_name_cannot_be_read_altered_or_moved_to_another_ticket() {
        let waiting = Waiting::new(&MacKey::new([3; 32]));
        let value = waiting.sealed("ticket", "jane.doe");
        assert_eq!(waiting.opened(&value), ("ticket", "jane.doe".to_owned()));
        let (_, sealed) = value.split_once('~').unwrap();
        let plain = URL_SAFE_NO_PAD.decode(sealed).unwrap();
        assert!(!plain.windows(4).any(|part| part == b"jane"));
        let moved = format!("other~{sealed}");
        assert_eq!(waiting.opened(&moved), ("other", String::new()));
        for place in 0..sealed.len() {
            let mut altered = sealed.to_owned().into_bytes();
            altered[place] = if altered[place] == b'A' { b'B' } else { b'A' };
            let altered = format!("ticket~{}", String::from_utf8(altered).unwrap());
            assert_eq!(waiting.opened(&altered).1, "", "sign {place}");
        }
        let foreign = Waiting::new(&MacKey::new([4; 32]));
        assert_eq!(foreign.opened(&value).1, "");
    }

    #[test]
    fn a_name_nobody_can_have_is_not_carried_around() {
        let waiting = Waiting::new(&MacKey::new([3; 32]));
        let value = waiting.sealed("ticket", &"x".repeat(CLAIM_BYTES_MAX + 1));
        assert_eq!(value, "ticket~");
        let longest = waiting.sealed(&"t".repeat(56), &"x".repeat(CLAIM_BYTES_MAX));
        assert!(longest.len() < 1_024, "{}", longest.len());
    }
}
