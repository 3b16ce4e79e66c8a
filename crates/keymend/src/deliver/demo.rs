//! The outbox of the demo: what a server or gateway would have carried, kept in memory.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keymend_domain::deliver::Carried;
use keymend_domain::method::MethodKind;
use keymend_domain::time::Moment;

use super::Message;

/// How many messages are kept; the oldest goes first.
pub const MESSAGES_MAX: usize = 200;

/// A message as the outbox page shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct DemoMessage {
    /// The address or number.
    pub to: String,
    /// Mail or text message.
    pub kind: MethodKind,
    /// The subject of a mail.
    pub subject: Option<String>,
    /// The words; of a mail, the plain part.
    pub body: String,
    /// When the event happened.
    pub at: Moment,
}

/// A handle on the outbox; clones share it.
#[derive(Clone, Default)]
pub struct DemoOutbox {
    messages: Arc<Mutex<VecDeque<DemoMessage>>>,
}

impl DemoOutbox {
    /// What was sent, newest first.
    #[must_use]
    pub fn messages(&self) -> Vec<DemoMessage> {
        self.lock().iter().rev().cloned().collect()
    }

    pub(super) fn carry(&self, message: &Message) -> Carried {
        let mut messages = self.lock();
        if messages.len() >= MESSAGES_MAX {
            messages.pop_front();
        }
        messages.push_back(shown(message));
        Carried::Accepted
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<DemoMessage>> {
        // A panic elsewhere cannot leave a queue of finished values half-changed.
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for DemoOutbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DemoOutbox({} messages)", self.lock().len())
    }
}

fn shown(message: &Message) -> DemoMessage {
    match message {
        Message::Mail(mail) => DemoMessage {
            to: mail.to.clone(),
            kind: MethodKind::Email,
            subject: Some(mail.subject.clone()),
            body: mail.text.clone(),
            at: mail.at,
        },
        Message::Text(text) => DemoMessage {
            to: text.to.clone(),
            kind: MethodKind::Text,
            subject: None,
            body: text.body.clone(),
            at: text.at,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::deliver::TextMessage;

    fn text(place: usize) -> Message {
        Message::Text(TextMessage {
            number: "M2",
            to: "+447700900123".into(),
            body: place.to_string(),
            at: Moment(0),
        })
    }

    #[test]
    fn the_outbox_shows_the_newest_first_and_forgets_the_oldest() {
        let outbox = DemoOutbox::default();
        for place in 0..=MESSAGES_MAX {
            assert_eq!(outbox.carry(&text(place)), Carried::Accepted);
        }
        let messages = outbox.messages();
        assert_eq!(messages.len(), MESSAGES_MAX);
        assert_eq!(messages[0].body, "200");
        assert_eq!(messages[MESSAGES_MAX - 1].body, "1");
        assert_eq!(format!("{outbox:?}"), "DemoOutbox(200 messages)");
    }
}
