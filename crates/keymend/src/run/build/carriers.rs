//! Mail servers and the gateway for text messages, as the configuration describes them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use keymend_domain::secret::Secret;

use super::unfit;
use crate::cli::Stop;
use crate::config::{Config, MailConfig, MailTls, TextsBody, TextsConfig, TextsMethod};
use crate::config::{SuccessSection, TextsPreset};
use crate::deliver::gateway::{
    BodyKind, FieldTest, Gateway, GatewayMethod, GatewayOptions, Success,
};
use crate::deliver::preset::{Preset, PresetChoices};
use crate::deliver::smtp::{Smtp, SmtpLimits, SmtpLogin, SmtpOptions, SmtpServer, TlsMode};
use crate::deliver::{Carrier, Carriers};

/// The carriers of this installation; none of them connects yet.
///
/// # Errors
///
/// [`Stop::Usage`]: the section cannot work, and the text says why.
pub(crate) fn carriers(path: &Path, config: &Config) -> Result<Carriers, Stop> {
    let mail = config.mail.as_ref().map(|mail| smtp(path, mail));
    let text = config.texts.as_ref().map(|texts| gateway(path, texts));
    Ok(Carriers {
        mail: mail.transpose()?.map(Carrier::Smtp),
        text: text
            .transpose()?
            .map(|gateway| Carrier::Gateway(Box::new(gateway))),
    })
}

/// The mail servers of one section; nothing connects yet.
///
/// # Errors
///
/// As [`carriers`].
pub(crate) fn smtp(path: &Path, mail: &MailConfig) -> Result<Smtp, Stop> {
    let servers = mail.servers.iter().map(|server| SmtpServer {
        host: server.host.clone(),
        port: server.port,
        tls: match server.tls {
            MailTls::StartTls => TlsMode::StartTls,
            MailTls::Tls => TlsMode::Implicit,
            MailTls::None => TlsMode::None,
        },
        login: mail.login.as_ref().map(|login| SmtpLogin {
            user: login.username.clone(),
            password: login.password.duplicate(),
        }),
    });
    let options = SmtpOptions {
        servers: servers.collect(),
        ca_pem: certificates(path, "mail.ca_file", mail.ca_file.as_deref())?,
        from: mail.from.clone(),
        reply_to: mail.reply_to.clone(),
        hello_name: None,
        limits: SmtpLimits::default(),
    };
    Smtp::new(options).map_err(|fault| unfit(path, "mail", fault))
}

/// The gateway of one section; nothing connects yet.
///
/// # Errors
///
/// As [`carriers`].
pub(crate) fn gateway(path: &Path, texts: &TextsConfig) -> Result<Gateway, Stop> {
    let choices = PresetChoices {
        url: texts.url.clone(),
        from: texts.sender.clone(),
        account: texts.account.clone().map(Secret::new),
        token: texts.token.as_ref().map(Secret::duplicate),
    };
    let mut options = preset(texts.preset).options(choices);
    change(&mut options, texts);
    options.ca_pem = certificates(path, "texts.ca_file", texts.ca_file.as_deref())?;
    Gateway::new(options).map_err(|fault| unfit(path, "texts", fault))
}

fn preset(preset: TextsPreset) -> Preset {
    match preset {
        TextsPreset::Twilio => Preset::Twilio,
        TextsPreset::Vonage => Preset::Vonage,
        TextsPreset::Json => Preset::Json,
    }
}

/// Puts what the file says in the place of what the preset says.
fn change(options: &mut GatewayOptions, texts: &TextsConfig) {
    if let Some(method) = texts.method {
        options.method = match method {
            TextsMethod::Post => GatewayMethod::Post,
            TextsMethod::Put => GatewayMethod::Put,
            TextsMethod::Get => GatewayMethod::Get,
        };
    }
    if let Some(kind) = texts.body_kind {
        options.body_kind = match kind {
            TextsBody::Json => BodyKind::Json,
            TextsBody::Form => BodyKind::Form,
        };
    }
    if let Some(body) = &texts.body {
        options.body.clone_from(body);
    }
    if let Some(basic_login) = texts.basic_login {
        options.has_basic_login = basic_login;
    }
    let names_own = |name: &str| {
        texts
            .headers
            .keys()
            .any(|own| own.eq_ignore_ascii_case(name))
    };
    let is_login = |name: &str| name.eq_ignore_ascii_case("authorization");
    let has_basic_login = options.has_basic_login;
    // Two logins in one request would be refused, or the wrong one would be taken.
    options
        .headers
        .retain(|(name, _)| !(names_own(name) || has_basic_login && is_login(name)));
    let own = texts.headers.iter();
    options
        .headers
        .extend(own.map(|(name, value)| (name.clone(), value.clone())));
    if let Some(test) = &texts.success {
        options.success = success(test);
    }
    options.timeout = Duration::from_secs(texts.timeout_secs.into());
}

fn success(section: &SuccessSection) -> Success {
    Success {
        statuses: section.status_first..=section.status_last,
        field: section.pointer.clone().map(|pointer| FieldTest {
            pointer,
            accepted: section.accepted.clone(),
            never: section.never.clone(),
        }),
        contains: section.contains.clone(),
    }
}

fn certificates(path: &Path, key: &str, file: Option<&Path>) -> Result<Option<Vec<u8>>, Stop> {
    let Some(file) = file else {
        return Ok(None);
    };
    fs::read(file)
        .map(Some)
        .map_err(|error| unfit(path, key, format!("{}: {error}", file.display())))
}
