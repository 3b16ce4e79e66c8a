//! Puts notices into words: which sentences, with which values, for which kind of message.

mod word;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use minijinja::Environment;
use minijinja::value::Serde;
use serde::Serialize;
use url::Url;

use keymend_domain::deliver::{Notice, Tidings};
use keymend_domain::method::{Contact, MethodKind};
use keymend_domain::time::Moment;

use super::texts::{BrokenFile, MessageTexts, Value};
use super::{Mail, Message, TextMessage, value};
use word::{change_word, lock_word, purpose_word, reason_word, stem};

/// What messages say about the installation.  All of it comes from the configuration.
#[derive(Clone, Debug)]
pub struct SiteWords {
    /// The organisation's name, with which every subject begins.
    pub organisation: String,
    /// Where people reach the service; every link starts with it, and with nothing else.
    pub public_origin: Url,
    /// How to reach the helpdesk: a link (`https:`, `mailto:`, `tel:`), an address, a number.
    pub helpdesk: Option<String>,
    /// The language of people whose own is not known, `en` for instance.
    pub language: String,
    /// The time zone that times are given in, beside UTC.
    pub zone: TimeZone,
}

/// Turns notices into messages.
#[derive(Debug)]
pub struct Composer {
    site: SiteWords,
    origin: String,
    host: String,
    texts: MessageTexts,
    templates: Environment<'static>,
}

/// A message could not be composed: a defect of the build, since nothing in a notice can cause it.
#[derive(Debug, thiserror::Error)]
pub enum ComposeFault {
    /// A language file is broken.
    #[error(transparent)]
    Texts(#[from] BrokenFile),
    /// A template is broken.
    #[error("a template for mails cannot be used")]
    Template(#[from] minijinja::Error),
}

/// Everything a mail shows, ready for both templates.
#[derive(Serialize)]
struct Letter {
    language: &'static str,
    organisation: String,
    subject: String,
    greeting: String,
    code: Option<String>,
    paragraphs: Vec<String>,
    facts: Vec<Fact>,
    not_me: Option<NotMe>,
    closing: Vec<String>,
}

#[derive(Serialize)]
struct Fact {
    label: String,
    value: String,
}

#[derive(Serialize)]
struct NotMe {
    lead: String,
    label: String,
    url: String,
}

impl Composer {
    /// Reads the language files and templates, which are built in.
    ///
    /// # Errors
    ///
    /// [`ComposeFault`] if one of them is broken; the service must not start.
    pub fn new(site: SiteWords) -> Result<Self, ComposeFault> {
        let mut templates = Environment::new();
        // The ending of the name decides about escaping.
        templates.add_template("mail.txt", include_str!("../../templates/mail/mail.txt"))?;
        templates.add_template("mail.html", include_str!("../../templates/mail/mail.html"))?;
        Ok(Self {
            origin: site.public_origin.origin().ascii_serialization(),
            host: site.public_origin.host_str().unwrap_or_default().to_owned(),
            texts: MessageTexts::load()?,
            templates,
            site: SiteWords {
                organisation: value::name(&site.organisation),
                helpdesk: site.helpdesk.as_deref().map(helpdesk),
                ..site
            },
        })
    }

    /// The message for a notice: a mail if it goes to an address, a text message if it goes to a
    /// number.  The language is the account's, else the site's, else English.
    ///
    /// # Errors
    ///
    /// [`ComposeFault::Template`]: a defect of the build.
    pub fn compose(&self, notice: &Notice) -> Result<Message, ComposeFault> {
        let wanted = [
            notice.language.as_deref(),
            Some(self.site.language.as_str()),
        ];
        let language = self.texts.choose(wanted);
        let draft = |style: TimeStyle| Draft {
            composer: self,
            notice,
            language,
            values: self.values(notice, language, style),
        };
        match notice.to.contact() {
            Contact::Email(address) => draft(TimeStyle::Full).mail(address).map(Message::Mail),
            Contact::Phone(number) => {
                Ok(Message::Text(draft(TimeStyle::Short).text_message(number)))
            }
        }
    }

    fn say(&self, language: &str, id: &str, values: &[(&str, Value)]) -> String {
        self.texts.text(language, id, values)
    }

    /// What may be filled into the sentences of this notice.
    fn values(
        &self,
        notice: &Notice,
        language: &str,
        style: TimeStyle,
    ) -> Vec<(&'static str, Value)> {
        let method = |kind: MethodKind| self.method(language, kind);
        let told = |moment: Option<Moment>| {
            Value::from(
                moment
                    .map(|moment| self.moment(moment, style))
                    .unwrap_or_default(),
            )
        };
        let mut values = vec![
            ("organisation", Value::from(self.site.organisation.as_str())),
            ("site", Value::from(self.origin.as_str())),
        ];
        match &notice.tidings {
            Tidings::Code {
                code,
                purpose,
                minutes,
            } => {
                values.push(("code", code.expose().into()));
                values.push(("purpose", purpose_word(*purpose).into()));
                values.push(("minutes", (*minutes).into()));
            }
            Tidings::PasswordReset { unlocked } => values.push(("unlocked", (*unlocked).into())),
            Tidings::PasswordUnsure | Tidings::PasswordChanged | Tidings::AccountUnlocked => {}
            Tidings::WrongPasswords {
                servers,
                at,
                is_exact,
                left,
            } => {
                let servers = servers.iter().map(|server| value::name(server));
                values.push(("servers", self.list(language, servers).into()));
                values.push(("at", told(Some(*at))));
                values.push(("exact", (*is_exact).into()));
                values.push(("lock", lock_word(*left).into()));
                values.push(("left", left.unwrap_or_default().into()));
            }
            Tidings::AdministratorReset { login, methods } => {
                let kinds = methods.iter().copied().map(method);
                values.push(("login", value::name(login).into()));
                values.push(("methods", self.list(language, kinds).into()));
            }
            Tidings::SecurityInfo {
                change,
                kind,
                counts_from,
            } => {
                values.push(("change", change_word(*change).into()));
                values.push(("method", method(*kind).into()));
                values.push(("probation", counts_from.is_some().into()));
                values.push(("from", told(*counts_from)));
            }
            Tidings::Help(reason) => {
                let (word, from) = reason_word(*reason);
                values.push(("reason", word.into()));
                values.push(("from", told(from)));
            }
            Tidings::TooManyTries { until } => values.push(("until", told(Some(*until)))),
            Tidings::HalfWay { passed } => values.push(("method", method(*passed).into())),
            Tidings::HelpWanted { login } => values.push(("login", value::name(login).into())),
            Tidings::Frozen { login, set_aside } => {
                values.push(("login", value::name(login).into()));
                values.push(("count", (*set_aside).into()));
            }
            Tidings::Attention { what, name } => {
                values.push(("what", value::name(what).into()));
                values.push(("name", value::name(name).into()));
            }
        }
        values
    }

    fn list(&self, language: &str, parts: impl Iterator<Item = String>) -> String {
        let separator = self.say(language, "message-separator", &[]);
        parts.collect::<Vec<_>>().join(&separator)
    }

    fn method(&self, language: &str, kind: MethodKind) -> String {
        self.say(language, "message-method", &[("kind", kind.word().into())])
    }

    /// An instant with its zone, in a form that reads the same in every language.
    fn moment(&self, moment: Moment, style: TimeStyle) -> String {
        let instant = Timestamp::from_millisecond(moment.0).unwrap_or_default();
        let told = |zone: &TimeZone| {
            instant
                .to_zoned(zone.clone())
                .strftime("%Y-%m-%d %H:%M")
                .to_string()
        };
        let universal = format!("{} UTC", told(&TimeZone::UTC));
        let local = match self.site.zone.iana_name() {
            Some("UTC" | "Etc/UTC") => return universal,
            Some(name) => format!("{} {name}", told(&self.site.zone)),
            None => format!(
                "{} UTC{}",
                told(&self.site.zone),
                self.site.zone.to_offset(instant)
            ),
        };
        match style {
            TimeStyle::Full => format!("{local} ({universal})"),
            TimeStyle::Short => local,
        }
    }

    /// The page behind "This was not me".  It asks for a press; to open it changes nothing.
    fn not_me_url(&self, token: &str) -> String {
        let mut url = self.site.public_origin.clone();
        url.set_query(None);
        url.set_fragment(None);
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().push("not-me").push(token);
        }
        url.into()
    }
}

/// A link to a mailbox or a number is written as what it leads to.
fn helpdesk(raw: &str) -> String {
    let bare = raw
        .strip_prefix("mailto:")
        .or_else(|| raw.strip_prefix("tel:"));
    value::text(bare.unwrap_or(raw))
}

/// How much room there is for an instant.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TimeStyle {
    /// In the site's zone and in UTC.
    Full,
    /// In the site's zone alone: signs cost money.
    Short,
}

/// One notice on its way into words.
struct Draft<'a> {
    composer: &'a Composer,
    notice: &'a Notice,
    language: &'static str,
    values: Vec<(&'static str, Value)>,
}

impl Draft<'_> {
    fn mail(&self, address: &str) -> Result<Mail, ComposeFault> {
        let letter = self.letter();
        let render = |template: &str| {
            self.composer
                .templates
                .get_template(template)?
                .render(Serde(&letter))
        };
        Ok(Mail {
            message_id: format!("{}@{}", self.notice.id, self.composer.host),
            number: self.notice.tidings.number(),
            to: address.to_owned(),
            text: render("mail.txt")?,
            html: render("mail.html")?,
            subject: letter.subject,
            at: self.notice.happened_at,
        })
    }

    fn text_message(&self, number: &str) -> TextMessage {
        let short = self.part("short");
        let body = match &self.notice.tidings {
            // The last line lets a phone fill the code in, on our pages only
            // (source: WICG, "Origin-bound one-time codes delivered via SMS").
            Tidings::Code { code, .. } => {
                format!("{short}\n@{} #{}", self.composer.host, code.expose())
            }
            _ => self.short_notice(short),
        };
        let number_in_catalogue = match self.notice.tidings.number() {
            "M1" => "M2",
            other => other,
        };
        TextMessage {
            number: number_in_catalogue,
            to: number.to_owned(),
            body,
            at: self.notice.happened_at,
        }
    }

    fn short_notice(&self, short: String) -> String {
        let mut body = format!(
            "{short} {}.",
            self.composer
                .moment(self.notice.happened_at, TimeStyle::Short)
        );
        if let Some(token) = &self.notice.not_me {
            let url = self.composer.not_me_url(token.expose());
            body.push(' ');
            body.push_str(&self.shared("not-me-short", &[("url", url.into())]));
        }
        body
    }

    fn letter(&self) -> Letter {
        let code = match &self.notice.tidings {
            Tidings::Code { code, .. } => Some(code.expose().to_owned()),
            _ => None,
        };
        Letter {
            language: self.language,
            organisation: self.composer.site.organisation.clone(),
            subject: self.part("subject"),
            greeting: self.shared("greeting", &[]),
            code,
            paragraphs: vec![self.part("lead"), self.part("next")],
            facts: self.facts(),
            not_me: self.not_me(),
            closing: self.closing(),
        }
    }

    /// When and from where, and the reference that finds the journey in the audit log.
    fn facts(&self) -> Vec<Fact> {
        let when = self
            .composer
            .moment(self.notice.happened_at, TimeStyle::Full);
        let origin = &self.notice.origin;
        let about = |raw: Option<String>| {
            raw.map(|raw| self.shared("fact-approximately", &[("value", raw.into())]))
        };
        let is_code = matches!(self.notice.tidings, Tidings::Code { .. });
        let reference = (!is_code).then(|| self.notice.correlation_id.reference());
        [
            ("fact-when", Some(when)),
            ("fact-from", about(value::network_address(&origin.address))),
            ("fact-browser", about(value::browser(&origin.browser))),
            ("fact-reference", reference),
        ]
        .into_iter()
        .filter_map(|(id, value)| {
            Some(Fact {
                label: self.shared(id, &[]),
                value: value?,
            })
        })
        .collect()
    }

    fn not_me(&self) -> Option<NotMe> {
        let token = self.notice.not_me.as_ref()?;
        Some(NotMe {
            lead: self.shared("not-me-lead", &[]),
            label: self.shared("not-me-label", &[]),
            url: self.composer.not_me_url(token.expose()),
        })
    }

    fn closing(&self) -> Vec<String> {
        let helpdesk = self.composer.site.helpdesk.as_deref();
        helpdesk
            .map(|helpdesk| self.shared("helpdesk", &[("helpdesk", helpdesk.into())]))
            .into_iter()
            .chain([self
                .composer
                .say(self.language, "message-automatic", &self.values)])
            .collect()
    }

    /// One of the sentences that belong to this kind of tidings.
    fn part(&self, part: &str) -> String {
        let id = format!("message-{}-{part}", stem(&self.notice.tidings));
        self.composer.say(self.language, &id, &self.values)
    }

    /// One of the sentences that all messages share.
    fn shared(&self, part: &str, values: &[(&str, Value)]) -> String {
        self.composer
            .say(self.language, &format!("message-{part}"), values)
    }
}

#[cfg(test)]
mod tests;
