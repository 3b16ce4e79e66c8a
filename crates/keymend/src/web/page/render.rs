//! Turns page structs into HTML.

use std::collections::BTreeMap;
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Object, Serde, Value, from_args};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior, context};
use serde::Serialize;

use super::{Frame, Help, Page, TimeLeft, refusal_text_id};
use crate::text::{Lang, TextValue, Texts};
use crate::web::asset::asset_url;

/// All templates, compiled once when the service starts.
#[derive(Debug)]
pub struct Renderer {
    environment: Environment<'static>,
    texts: Arc<Texts>,
}

/// A page could not be rendered: a defect of a template, never of the person.
#[derive(Debug, thiserror::Error)]
#[error("the template {template} could not be used")]
pub struct RenderFault {
    template: &'static str,
    source: Error,
}

impl Renderer {
    /// Compiles all templates.
    ///
    /// # Errors
    ///
    /// `RenderFault` if a template that was built in is broken; the service must not start.
    pub fn new(texts: Arc<Texts>) -> Result<Self, RenderFault> {
        let mut environment = Environment::new();
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_syntax(tight_syntax()?);
        environment.add_function("asset", address_of_asset);
        for (template, source) in TEMPLATES {
            environment
                .add_template(template, source)
                .map_err(|source| RenderFault { template, source })?;
        }
        Ok(Self { environment, texts })
    }

    /// The whole HTML document of a page.
    ///
    /// # Errors
    ///
    /// `RenderFault` if the template does not fit the struct; answer with a plain fault.
    pub fn page<P: Page>(&self, frame: &Frame, page: &P) -> Result<String, RenderFault> {
        let context = context! {
            frame => Value::from(Serde(self.view(frame))),
            page => Value::from(Serde(page)),
            t => Value::from_object(Translator::new(frame, &self.texts)),
        };
        self.environment
            .get_template(P::TEMPLATE)
            .and_then(|template| template.render(context))
            .map_err(|source| RenderFault {
                template: P::TEMPLATE,
                source,
            })
    }

    /// The texts that the pages are made of.
    pub fn texts(&self) -> &Arc<Texts> {
        &self.texts
    }

    fn view<'a>(&self, frame: &'a Frame) -> FrameView<'a> {
        let errors: Vec<ErrorView> = frame
            .errors
            .iter()
            .map(|line| self.error_view(frame, line))
            .collect();
        // The first message of a field stands beside it; the summary has them all.
        let beside = errors
            .iter()
            .rev()
            .filter_map(|error| Some((error.field?, error.text.clone())))
            .collect();
        FrameView {
            organisation: &frame.organisation,
            lang: frame.lang.tag(),
            languages: Lang::ALL
                .iter()
                .map(|lang| LanguageView::new(*lang, frame.lang))
                .collect(),
            here: &frame.here,
            nonce: &frame.nonce,
            form_token: &frame.form_token,
            reference: &frame.reference,
            errors,
            beside,
            is_demo: frame.is_demo,
            signed_in: frame.signed_in.as_deref(),
            ended_others: frame.ended_others,
            time_left: frame.time_left,
            help: &frame.help,
        }
    }

    fn error_view(&self, frame: &Frame, line: &super::ErrorLine) -> ErrorView {
        let mut values = line.values.clone();
        values.extend(frame.common_values(&self.texts));
        if let Some(field) = line.field {
            let name = self.texts.text(frame.lang, &format!("field-{field}"), &[]);
            values.push(("field", name.into()));
        }
        let text = self
            .texts
            .text(frame.lang, &refusal_text_id(line.refusal_id), &values);
        ErrorView {
            field: line.field,
            text,
        }
    }
}

#[derive(Serialize)]
struct FrameView<'a> {
    organisation: &'a str,
    lang: &'static str,
    languages: Vec<LanguageView>,
    here: &'a str,
    nonce: &'a str,
    form_token: &'a str,
    reference: &'a str,
    errors: Vec<ErrorView>,
    beside: BTreeMap<&'static str, String>,
    is_demo: bool,
    signed_in: Option<&'a str>,
    ended_others: bool,
    time_left: Option<TimeLeft>,
    help: &'a Help,
}

#[derive(Serialize)]
struct ErrorView {
    field: Option<&'static str>,
    text: String,
}

#[derive(Serialize)]
struct LanguageView {
    tag: &'static str,
    name: &'static str,
    is_current: bool,
}

impl LanguageView {
    fn new(lang: Lang, current: Lang) -> Self {
        Self {
            tag: lang.tag(),
            name: lang.name(),
            is_current: lang == current,
        }
    }
}

/// The `t("id", name=value)` of the templates; `organisation` and `help` are always known.
#[derive(Debug)]
struct Translator {
    texts: Arc<Texts>,
    lang: Lang,
    common: [(&'static str, TextValue); 2],
}

impl Translator {
    fn new(frame: &Frame, texts: &Arc<Texts>) -> Self {
        Self {
            texts: Arc::clone(texts),
            lang: frame.lang,
            common: frame.common_values(texts),
        }
    }
}

impl Object for Translator {
    fn call(self: &Arc<Self>, _: &mut State<'_, '_>, args: &[Value]) -> Result<Value, Error> {
        let (id, map, named): (String, Option<Value>, Kwargs) = from_args(args)?;
        let mut given: Vec<(String, TextValue)> = Vec::new();
        for name in named.args() {
            given.push((name.to_owned(), text_value(&named.get::<Value>(name)?)));
        }
        if let Some(map) = map {
            for key in map.try_iter()? {
                given.push((key.to_string(), text_value(&map.get_item(&key)?)));
            }
        }
        let values: Vec<(&str, TextValue)> = given
            .iter()
            .map(|(name, value)| (name.as_str(), value.clone()))
            .chain(self.common.iter().cloned())
            .collect();
        self.texts
            .try_text(self.lang, &id, &values)
            .map(Value::from)
            .map_err(|fault| {
                Error::new(ErrorKind::InvalidOperation, "text not built").with_source(fault)
            })
    }
}

fn text_value(value: &Value) -> TextValue {
    match value.as_i64() {
        // A string of digits stays a string: only numbers choose a plural.
        Some(count) if value.as_str().is_none() => TextValue::Count(count),
        _ => TextValue::Text(value.to_string()),
    }
}

/// Lines that hold nothing but a template tag leave no empty line behind.
fn tight_syntax() -> Result<SyntaxConfig, RenderFault> {
    SyntaxConfig::builder()
        .trim_blocks(true)
        .lstrip_blocks(true)
        .build()
        .map_err(|source| RenderFault {
            template: "base.html",
            source,
        })
}

fn address_of_asset(name: &str) -> Result<String, Error> {
    asset_url(name)
        .ok_or_else(|| Error::new(ErrorKind::InvalidOperation, format!("no asset {name}")))
}

macro_rules! templates {
    ($($name:literal),* $(,)?) => {
        /// All template files.
        const TEMPLATES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../templates/", $name)))),*];
    };
}

// The names cannot be found at compile time without a build script; a missing one fails the test
// that renders every page.
templates![
    "base.html",
    "part/code.html",
    "part/fields.html",
    "part/password.html",
    "part/rules.html",
    "ask_for_help.html",
    "barred.html",
    "cancelled.html",
    "change_password.html",
    "choose_way.html",
    "add_email.html",
    "add_number.html",
    "directory_down.html",
    "expired.html",
    "fault.html",
    "help_sent.html",
    "intent.html",
    "new_password.html",
    "next_way.html",
    "not_found.html",
    "not_me.html",
    "not_me_done.html",
    "outbox.html",
    "password_changed.html",
    "paused.html",
    "proof_choice.html",
    "proof_code.html",
    "prove_by_email.html",
    "prove_by_text.html",
    "queue_wait.html",
    "saving.html",
    "security_info.html",
    "set_up.html",
    "set_up_done.html",
    "sign_in.html",
    "site_off.html",
    "start.html",
    "still_right.html",
    "stopped.html",
    "type_code.html",
    "type_own_code.html",
    "unconfirmed.html",
    "unlock.html",
    "unlocked.html",
    "ways.html",
];
