//! Templates with named places, filled so that a value stays a value.

use serde_json::Value as Json;
use url::form_urlencoded;

use keymend_domain::secret::Secret;

/// The names of all places.
const NAMES: [&str; 7] = [
    "to",
    "to_digits",
    "text",
    "alphabet",
    "from",
    "account",
    "token",
];

/// The letters of GSM 03.38 outside ASCII; with others in it, a text message travels as UCS-2.
const GSM_LETTERS: &str = "£¥èéùìòÇØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà€";

/// A template cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateFault {
    /// A place that does not exist.
    #[error(
        "there is no place {{{name}}}; there are {{to}}, {{to_digits}}, {{text}}, {{alphabet}}, \
         {{from}}, {{account}} and {{token}}, and a brace itself is written twice"
    )]
    UnknownPlace {
        /// The name between the braces.
        name: String,
    },
    /// A place that may not stand here.
    #[error("{{{name}}} may not stand in {place}")]
    Misplaced {
        /// The name between the braces.
        name: &'static str,
        /// Where it stands.
        place: &'static str,
    },
    /// A brace without its other half.
    #[error("a brace is opened or closed alone; a brace itself is written twice")]
    LoneBrace,
    /// The body is not JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// The number or the words would not be sent.
    #[error("the body has no place for {{{name}}}")]
    Missing {
        /// The place.
        name: &'static str,
    },
    /// A query made of JSON.
    #[error("GET sends its values in the query: give the body as form fields")]
    QueryIsForm,
}

/// What the body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `application/json`.
    Json,
}

/// The values that places stand for.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    to: &'a str,
    text: &'a str,
    from: &'a str,
    account: &'a str,
    token: &'a str,
}

impl<'a> Places<'a> {
    /// The values that are known before there is a message.
    pub(super) fn secrets(
        from: &'a str,
        account: Option<&'a Secret>,
        token: Option<&'a Secret>,
    ) -> Self {
        let exposed = |secret: Option<&'a Secret>| secret.map(Secret::expose).unwrap_or_default();
        Self {
            to: "",
            text: "",
            from,
            account: exposed(account),
            token: exposed(token),
        }
    }

    pub(super) fn with_message(self, to: &'a str, text: &'a str) -> Self {
        Self { to, text, ..self }
    }

    fn value(&self, name: &str) -> &'a str {
        match name {
            "to" => self.to,
            "to_digits" => self.to.trim_start_matches('+'),
            "text" => self.text,
            "alphabet" => alphabet(self.text),
            "from" => self.from,
            "account" => self.account,
            "token" => self.token,
            _ => "",
        }
    }
}

fn alphabet(text: &str) -> &'static str {
    let is_gsm = |sign: char| {
        sign == '\n' || (' '..='~').contains(&sign) && sign != '`' || GSM_LETTERS.contains(sign)
    };
    if text.chars().all(is_gsm) {
        "text"
    } else {
        "unicode"
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Words(String),
    Place(&'static str),
}

/// A line of text with places.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

impl Template {
    pub(super) fn parse(source: &str) -> Result<Self, TemplateFault> {
        let mut pieces = Vec::new();
        let mut words = String::new();
        let mut rest = source;
        while let Some(place) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(place);
            words.push_str(before);
            if let Some(after) = from.strip_prefix("{{") {
                words.push('{');
                rest = after;
            } else if let Some(after) = from.strip_prefix("}}") {
                words.push('}');
                rest = after;
            } else {
                let inner = from
                    .strip_prefix('{')
                    .and_then(|inner| inner.split_once('}'));
                let (name, after) = inner.ok_or(TemplateFault::LoneBrace)?;
                pieces.push(Piece::Words(std::mem::take(&mut words)));
                pieces.push(Piece::Place(known(name)?));
                rest = after;
            }
        }
        words.push_str(rest);
        pieces.push(Piece::Words(words));
        Ok(Self(pieces))
    }

    pub(super) fn fill(&self, places: &Places<'_>) -> String {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Words(words) => words.as_str(),
                Piece::Place(name) => places.value(name),
            })
            .collect()
    }

    pub(super) fn allows_only(
        &self,
        allowed: &[&str],
        place: &'static str,
    ) -> Result<(), TemplateFault> {
        match self.names().find(|name| !allowed.contains(name)) {
            Some(name) => Err(TemplateFault::Misplaced { name, place }),
            None => Ok(()),
        }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter_map(|piece| match piece {
            Piece::Place(name) => Some(*name),
            Piece::Words(_) => None,
        })
    }
}

fn known(name: &str) -> Result<&'static str, TemplateFault> {
    let unknown = || TemplateFault::UnknownPlace {
        name: name.to_owned(),
    };
    NAMES
        .into_iter()
        .find(|known| *known == name)
        .ok_or_else(unknown)
}

/// A body whose shape is fixed before any value is known.
#[derive(Debug)]
pub(super) enum BodyTemplate {
    Form(Vec<(String, Template)>),
    Json(JsonTemplate),
}

/// JSON whose strings are templates.
#[derive(Debug)]
pub(super) enum JsonTemplate {
    Text(Template),
    List(Vec<JsonTemplate>),
    Object(Vec<(String, JsonTemplate)>),
    Other(Json),
}

impl BodyTemplate {
    pub(super) fn parse(kind: BodyKind, source: &str) -> Result<Self, TemplateFault> {
        let body = match kind {
            BodyKind::Form => {
                let fields = form_urlencoded::parse(source.as_bytes());
                let field =
                    |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
                        Ok((name.into_owned(), Template::parse(&value)?))
                    };
                Self::Form(fields.map(field).collect::<Result<_, TemplateFault>>()?)
            }
            BodyKind::Json => {
                let json: Json = serde_json::from_str(source)
                    .map_err(|fault| TemplateFault::NotJson(fault.to_string()))?;
                Self::Json(JsonTemplate::parse(json)?)
            }
        };
        body.needs("text", &["text"])?;
        body.needs("to", &["to", "to_digits"])?;
        Ok(body)
    }

    pub(super) fn content_type(&self) -> &'static str {
        match self {
            Self::Form(_) => "application/x-www-form-urlencoded",
            Self::Json(_) => "application/json",
        }
    }

    pub(super) fn fill(&self, places: &Places<'_>) -> String {
        match self {
            Self::Form(fields) => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                for (name, template) in fields {
                    form.append_pair(name, &template.fill(places));
                }
                form.finish()
            }
            Self::Json(json) => json.fill(places).to_string(),
        }
    }

    fn needs(&self, name: &'static str, names: &[&str]) -> Result<(), TemplateFault> {
        let is_there = match self {
            Self::Form(fields) => fields
                .iter()
                .any(|(_, template)| template.names().any(|n| names.contains(&n))),
            Self::Json(json) => json.has(names),
        };
        if is_there {
            Ok(())
        } else {
            Err(TemplateFault::Missing { name })
        }
    }
}

impl JsonTemplate {
    fn parse(json: Json) -> Result<Self, TemplateFault> {
        Ok(match json {
            Json::String(text) => Self::Text(Template::parse(&text)?),
            Json::Array(items) => Self::List(
                items
                    .into_iter()
                    .map(Self::parse)
                    .collect::<Result<_, _>>()?,
            ),
            Json::Object(members) => {
                let member = |(name, value)| Ok((name, Self::parse(value)?));
                Self::Object(
                    members
                        .into_iter()
                        .map(member)
                        .collect::<Result<_, TemplateFault>>()?,
                )
            }
            other => Self::Other(other),
        })
    }

    fn fill(&self, places: &Places<'_>) -> Json {
        match self {
            Self::Text(template) => Json::String(template.fill(places)),
            Self::List(items) => items.iter().map(|item| item.fill(places)).collect(),
            Self::Object(members) => members
                .iter()
                .map(|(name, value)| (name.clone(), value.fill(places)))
                .collect(),
            Self::Other(json) => json.clone(),
        }
    }

    fn has(&self, names: &[&str]) -> bool {
        match self {
            Self::Text(template) => template.names().any(|name| names.contains(&name)),
            Self::List(items) => items.iter().any(|item| item.has(names)),
            Self::Object(members) => members.iter().any(|(_, value)| value.has(names)),
            Self::Other(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "\"},{\"to\":\"+1\"}\r\n&To=%2B1&{token}\u{0}";

    fn filled(kind: BodyKind, source: &str) -> String {
        let token = Secret::new("s3cret".into());
        let places =
            Places::secrets("Contoso", None, Some(&token)).with_message("+447700900123", HOSTILE);
        BodyTemplate::parse(kind, source).unwrap().fill(&places)
    }

    #[test]
    fn a_value_cannot_leave_its_json_string() {
        let body = filled(
            BodyKind::Json,
            r#"{"to":["{to_digits}"],"m":{"text":"{text}","n":1}}"#,
        );
        let json: Json = serde_json::from_str(&body).unwrap();
        assert_eq!(json["to"][0], "447700900123");
        assert_eq!(json["m"]["text"], HOSTILE);
        assert_eq!(json["m"]["n"], 1);
        assert_eq!(json.as_object().unwrap().len(), 2);
    }

    #[test]
    fn a_value_cannot_leave_its_form_field() {
        let body = filled(
            BodyKind::Form,
            "To={to}&From={from}&Body=a+%26+{text}&key={token}",
        );
        let fields: Vec<_> = form_urlencoded::parse(body.as_bytes())
            .into_owned()
            .collect();
        let expected = [
            ("To", "+447700900123".to_owned()),
            ("From", "Contoso".to_owned()),
            ("Body", format!("a & {HOSTILE}")),
            ("key", "s3cret".to_owned()),
        ];
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect();
        assert_eq!(fields, expected);
    }

    #[test]
    fn the_alphabet_follows_the_words() {
        assert_eq!(
            alphabet("Grüße von Contoso: 123456\n@reset.example #123456"),
            "text"
        );
        assert_eq!(alphabet("Контора: 123456"), "unicode");
        assert_eq!(alphabet("Contoso\u{2019}s code"), "unicode");
    }

    #[test]
    fn braces_are_written_twice() {
        let body = filled(BodyKind::Form, "a={{{to}}}&b={text}");
        assert!(body.starts_with("a=%7B%2B447700900123%7D&"), "{body}");
    }

    #[test]
    fn a_template_that_cannot_work_is_refused_at_the_start() {
        let fault = |source| BodyTemplate::parse(BodyKind::Form, source).unwrap_err();
        assert!(matches!(
            fault("t={to}&m={text}&x={env}"),
            TemplateFault::UnknownPlace { .. }
        ));
        assert!(matches!(
            fault("t={to}&m={text}&x={"),
            TemplateFault::LoneBrace
        ));
        assert!(matches!(
            fault("t={to}&m={text}&x=}"),
            TemplateFault::LoneBrace
        ));
        assert!(matches!(
            fault("t={to}"),
            TemplateFault::Missing { name: "text" }
        ));
        assert!(matches!(
            fault("m={text}"),
            TemplateFault::Missing { name: "to" }
        ));
        let json = BodyTemplate::parse(BodyKind::Json, "{to}").unwrap_err();
        assert!(matches!(json, TemplateFault::NotJson(_)));
    }
}
