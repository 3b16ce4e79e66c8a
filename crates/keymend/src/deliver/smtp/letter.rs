//! A mail in the form in which it travels.

use std::time::{Duration, SystemTime};

use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::{Address, Message};
use url::Host;

use crate::deliver::Mail;

/// Sender, recipient and the bytes between them.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) from: Address,
    pub(super) to: Address,
    pub(super) content: Vec<u8>,
}

impl Envelope {
    /// Whether only a server with SMTPUTF8 can carry it (RFC 6531).
    pub(super) fn needs_utf8(&self) -> bool {
        !self.from.user().is_ascii() || !self.to.user().is_ascii()
    }
}

/// Builds headers and body; every value is encoded by the type of its header.
///
/// Fails with a detail for the log if the address cannot stand in a mail.
pub(super) fn envelope(
    mail: &Mail,
    from: &Mailbox,
    reply_to: Option<&Mailbox>,
) -> Result<Envelope, &'static str> {
    let to = address(&mail.to).ok_or("the address cannot be used in mail")?;
    let mut builder = Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, to.clone()))
        .subject(mail.subject.clone())
        .message_id(Some(format!("<{}>", mail.message_id)))
        .date(date(mail));
    if let Some(reply_to) = reply_to {
        builder = builder.reply_to(reply_to.clone());
    }
    // RFC 3834 §5; Exchange heeds the second one only.
    for (name, value) in [
        (
            HeaderName::new_from_ascii_str("Auto-Submitted"),
            "auto-generated",
        ),
        (
            HeaderName::new_from_ascii_str("X-Auto-Response-Suppress"),
            "All",
        ),
    ] {
        builder = builder.raw_header(HeaderValue::new(name, value.to_owned()));
    }
    let body = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
    let message = builder
        .multipart(body)
        .map_err(|_| "the mail cannot be put together")?;
    Ok(Envelope {
        from: from.email.clone(),
        to,
        content: message.formatted(),
    })
}

/// A domain of other than Latin letters travels in its ASCII form, which every server takes.
fn address(text: &str) -> Option<Address> {
    let (local, domain) = text.rsplit_once('@')?;
    let Host::Domain(domain) = Host::parse(domain).ok()? else {
        return None;
    };
    Address::new(local, domain).ok()
}

fn date(mail: &Mail) -> SystemTime {
    let since = Duration::from_millis(u64::try_from(mail.at.0).unwrap_or(0));
    SystemTime::UNIX_EPOCH
        .checked_add(since)
        .unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use keymend_domain::time::Moment;

    fn mail(to: &str, subject: &str) -> Mail {
        Mail {
            message_id: "01ARZ@reset.contoso.example".into(),
            number: "M4",
            to: to.into(),
            subject: subject.into(),
            text: "Hello,\n.\n\nGrüße\n".into(),
            html: "<p>Hello</p>".into(),
            at: Moment(1_795_338_660_000),
        }
    }

    fn built(to: &str, subject: &str) -> Result<Envelope, &'static str> {
        let from = Mailbox::new(
            Some("Contoso, Ltd".into()),
            "no-reply@contoso.example".parse().unwrap(),
        );
        envelope(&mail(to, subject), &from, None)
    }

    fn header_names(envelope: &Envelope) -> Vec<String> {
        let content = String::from_utf8(envelope.content.clone()).unwrap();
        let (head, _) = content.split_once("\r\n\r\n").unwrap();
        head.lines()
            .filter(|line| !line.starts_with([' ', '\t']))
            .filter_map(|line| Some(line.split_once(':')?.0.to_owned()))
            .collect()
    }

    #[test]
    fn a_mail_says_that_a_machine_wrote_it() {
        let envelope = built("jane@mail.example", "Contoso: your code").unwrap();
        let names = header_names(&envelope);
        assert_eq!(
            names,
            [
                "From",
                "To",
                "Subject",
                "Message-ID",
                "Date",
                "Auto-Submitted",
                "X-Auto-Response-Suppress",
                "MIME-Version",
                "Content-Type"
            ]
        );
        assert!(envelope.content.is_ascii() && !envelope.needs_utf8());
    }

    #[test]
    fn no_value_adds_a_header_or_a_recipient() {
        let plain = built("jane@mail.example", "x").unwrap();
        for subject in [
            "a\r\nBcc: all@mail.example",
            "a\r\n\r\nbody",
            "=?utf-8?q?=0d=0aBcc:x?=",
            "\u{0}ä",
        ] {
            let envelope = built("jane@mail.example", subject).unwrap();
            assert_eq!(header_names(&envelope), header_names(&plain), "{subject:?}");
        }
        for to in [
            "jane@mail.example\r\nBcc: x@y.example",
            "a@b.example, c@d.example",
            "jane",
            "jane@[127.0.0.1]",
            "jane@127.0.0.1",
        ] {
            assert!(built(to, "x").is_err(), "{to:?}");
        }
    }

    #[test]
    fn a_foreign_domain_travels_in_ascii() {
        let envelope = built("jane@bücher.example", "x").unwrap();
        assert_eq!(envelope.to.as_ref() as &str, "jane@xn--bcher-kva.example");
        assert!(built("jäne@mail.example", "x").unwrap().needs_utf8());
    }
}
