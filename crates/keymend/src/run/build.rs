//! From the configuration to the parts: what the service and the administrator's commands share.

mod carriers;
mod directories;
mod installation;

use std::path::Path;
use std::sync::Arc;

use keymend_domain::code::MacKey;
use keymend_domain::policy::{Policy, Settings};
use keymend_domain::time::{Clock, Entropy};

use super::words;
use crate::app::{App, Parts, SitePasswords};
use crate::breach::Leaked;
use crate::cli::Stop;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::deliver::{Composer, SiteWords};
use crate::entropy::SystemEntropy;
use crate::human::Human;
use crate::keys::{AuditSigner, Keys};
use crate::store::{FaultKind, Rx, Store, StoreFault, StoreOptions};
use crate::text::Lang;
use crate::web::page::Help;
use crate::web::{PublicOrigin, Site, TrustedProxies};

pub(super) use carriers::{carriers, gateway, smtp};
use directories::connected;
pub(super) use directories::{directories, ldap};

use installation::Installation;

/// The earliest moment of an answer that could tell a known name from an unknown one
/// (behaviour §2.6).
const PACE: std::time::Duration = std::time::Duration::from_millis(250);

/// The parts, put together.
pub(super) struct Built {
    /// The deeds.
    pub app: App,
    /// The same store, for what is no deed: audit trail, versions of the policy.
    pub store: Store,
    /// The key of forms.
    pub form_key: MacKey,
    /// Chance, for new references.
    pub entropy: Arc<dyn Entropy>,
    /// Whether settings were ever saved; if not, the defaults are in force and resetting is off.
    pub has_settings: bool,
}

/// Builds everything but the listener.  Nothing connects to a directory or a mail server.
///
/// # Errors
///
/// [`Stop::Usage`] for settings that cannot work, [`Stop::Fault`] if the store cannot be opened:
/// the text says what to do.
pub(super) async fn build(path: &Path, config: &Config) -> Result<Built, Stop> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let carriers = Arc::new(carriers(path, config)?);
    let directories = connected(path, config, &clock)?;
    let composer = composer(path, config)?;
    let now = clock.now();
    let installation = Installation::open(path, config, now, entropy.as_ref())?;
    let keys = Arc::new(installation.keys);
    let store = open_store(config, &installation.database, &keys).await?;
    let (policy, has_settings) = policy_in_force(&store).await?;
    let parts = Parts {
        store: store.clone(),
        directories,
        clock,
        entropy: Arc::clone(&entropy),
        flow_keys: keys.for_flows(),
        human: Human::new(keys.human.clone()),
        carriers,
        composer,
        region: config.site.region.clone(),
        own_networks: Vec::new(),
        passwords: passwords(config),
        policy,
    };
    let app = App::new(parts);
    Ok(Built {
        app,
        store,
        form_key: keys.csrf.clone(),
        entropy,
        has_settings,
    })
}

/// What the site knows of passwords that are easy to guess: its name, the labels of its domain,
/// and the lists of leaked passwords.
fn passwords(config: &Config) -> SitePasswords {
    let host = config.site.public_origin.authority();
    let labels = host
        .split(['.', ':'])
        .filter(|label| !label.starts_with(|sign: char| sign.is_ascii_digit()));
    let mut words: Vec<String> = labels.map(str::to_owned).collect();
    // The last label is the country's or the trade's, not the organisation's.
    if words.len() > 1 {
        words.pop();
    }
    SitePasswords {
        organisation: config.site.organisation.clone(),
        words,
        leaked: leaked(config),
    }
}

/// The lists of leaked passwords.
pub(super) fn leaked(config: &Config) -> Leaked {
    match &config.breach_file {
        Some(file) => Leaked::with_file(file),
        None => Leaked::shipped(),
    }
}

/// Opens the store alone: for commands that read it and need nothing else.
pub(super) async fn build_store(path: &Path, config: &Config) -> Result<Store, Stop> {
    let now = SystemClock.now();
    let installation = Installation::open(path, config, now, &SystemEntropy)?;
    open_store(config, &installation.database, &Arc::new(installation.keys)).await
}

async fn open_store(config: &Config, database: &Path, keys: &Arc<Keys>) -> Result<Store, Stop> {
    let signer: Arc<AuditSigner> = Arc::clone(&config.keys.audit);
    let options = StoreOptions::at(database.to_path_buf(), Arc::clone(keys), signer);
    Store::open(options)
        .await
        .map_err(|fault| store_stop(database, &fault))
}

/// The settings of the store, or the defaults, under which nobody may reset.
async fn policy_in_force(store: &Store) -> Result<(Policy, bool), Stop> {
    let kept = store
        .read(|rx: &Rx<'_>| -> Result<_, StoreFault> { rx.settings() })
        .await
        .map_err(|fault| Stop::Fault(words::chain(&fault)))?;
    let has_settings = kept.is_some();
    let (version, settings) = kept.unwrap_or_else(|| (0, Settings::default()));
    match Policy::try_new(settings, version) {
        Ok(policy) => Ok((policy, has_settings)),
        Err(lint) => Err(Stop::Fault(format!(
            "version {version} of the policy is refused by this version of Keymend; correct it \
             with `keymend policy apply`, or go back to the version it was saved with\n{}",
            words::findings(&lint.findings)
        ))),
    }
}

/// What went wrong with the store, and what to do.
fn store_stop(database: &Path, fault: &StoreFault) -> Stop {
    let remedy = match fault.kind() {
        FaultKind::Busy => "another process holds it; try again, and end it if it hangs",
        FaultKind::Full => "make room on its disk",
        FaultKind::Damaged => {
            "restore it from a backup, or start the version of Keymend it belongs to"
        }
        FaultKind::Sealed => "restore the root key it was written with",
        FaultKind::Undone | FaultKind::Crashed | FaultKind::Stopped | FaultKind::Other => {
            "see that the folder is there, that its owner runs this command, and that the disk works"
        }
    };
    let (shown, said) = (database.display(), words::chain(fault));
    Stop::Fault(format!("{shown}: {said}; {remedy}"))
}

fn composer(path: &Path, config: &Config) -> Result<Composer, Stop> {
    let site = &config.site;
    let origin = site.public_origin.as_str();
    let words = SiteWords {
        organisation: site.organisation.clone(),
        public_origin: url::Url::parse(origin)
            .map_err(|error| unfit(path, "site.public_origin", error))?,
        helpdesk: site.helpdesk.as_ref().map(ToString::to_string),
        language: site.language.language.as_str().to_owned(),
        zone: site.time_zone.clone(),
    };
    Composer::new(words).map_err(|fault| Stop::Fault(words::chain(&fault)))
}

/// What the pages know about the site.
///
/// # Errors
///
/// [`Stop::Usage`] for a language that no page is written in.
pub(super) fn site(path: &Path, config: &Config) -> Result<Site, Stop> {
    let site = &config.site;
    let origin = PublicOrigin::parse(site.public_origin.as_str())
        .map_err(|error| unfit(path, "site.public_origin", error))?;
    Ok(Site {
        organisation: site.organisation.clone(),
        origins: vec![origin],
        language: language(path, config)?,
        time_zone: site.time_zone.clone(),
        help: help(site.helpdesk.as_ref()),
        sign_in_url: match &site.signin_url {
            Some(url) => url.to_string(),
            None => "/signin".to_owned(),
        },
        systems: None,
        user_example: site.user_example.clone().unwrap_or_default(),
        number_example: crate::phone::example(&site.region),
        trusted_proxies: TrustedProxies(config.listen.trusted_proxies.clone()),
        behind_proxy_only: config.listen.tls.is_none(),
        pace: PACE,
        demo: None,
    })
}

/// The site's language.
///
/// # Errors
///
/// [`Stop::Usage`] if no page is written in it.
pub(super) fn language(path: &Path, config: &Config) -> Result<Lang, Stop> {
    let wanted = config.site.language.language.as_str();
    Lang::from_tag(wanted).ok_or_else(|| {
        let known: Vec<&str> = Lang::ALL.iter().map(|lang| lang.tag()).collect();
        let reason = format!("no page is written in it; write {}", known.join(" or "));
        unfit(path, &format!("site.language = {wanted:?}"), reason)
    })
}

fn help(helpdesk: Option<&url::Url>) -> Help {
    match helpdesk {
        None => Help::Request,
        Some(url) if url.scheme() == "mailto" => Help::Mail {
            address: url.path().to_owned(),
        },
        Some(url) => Help::Link {
            url: url.to_string(),
        },
    }
}

/// A setting that passed the check of the file and still cannot work.
pub(super) fn unfit(path: &Path, key: &str, reason: impl std::fmt::Display) -> Stop {
    Stop::Usage(format!("{}: {key}: {reason}", path.display()))
}
