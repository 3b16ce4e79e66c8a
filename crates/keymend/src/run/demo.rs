//! `keymend demo`: the whole service with sample accounts, and nothing left behind.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use keymend_directory::embedded::demo::{ADMINS, Placed, SAMPLES, STAFF, SUFFIX, SampleKind};
use keymend_directory::embedded::{Embedded, EmbeddedOptions, HashingCost};
use keymend_domain::account::DirectoryName;
use keymend_domain::directory::Directory;
use keymend_domain::id::MethodId;
use keymend_domain::method::{Assurance, Contact, Method, MethodKind, email};
use keymend_domain::policy::{
    NotificationSettings, Policy, Profile, RegistrationSettings, Scope, Settings,
};
use keymend_domain::time::{Clock, Entropy};

use super::{Service, bind};
use crate::app::{App, Directories, Parts, SitePasswords};
use crate::cli::{DemoArguments, Output, Stop, print};
use crate::clock::SystemClock;
use crate::deliver::{Carriers, Composer, DemoOutbox, SiteWords};
use crate::entropy::SystemEntropy;
use crate::human::Human;
use crate::keys::{AuditSigner, Keys, RootKey};
use crate::store::{Store, StoreFault, StoreOptions, Tx};
use crate::text::Lang;
use crate::web::page::Help;
use crate::web::page::demo::DemoAccount;
use crate::web::{DemoSite, PublicOrigin, Site, TrustedProxies};

/// The earliest moment of an answer in the demonstration: short, so that trying is no waiting.
const PACE: Duration = Duration::from_millis(80);
const REGION: &str = "GB";

/// Starts the demonstration and serves until it is told to stop.
///
/// # Errors
///
/// [`Stop::Usage`] if the address is taken or not on loopback; [`Stop::Fault`] for accidents.
pub fn demo(arguments: &DemoArguments, output: Output<'_>) -> Result<(), Stop> {
    if !arguments.listen.ip().is_loopback() {
        return Err(Stop::Usage(format!(
            "--listen {}: the demonstration is for this computer alone; use 127.0.0.1 or [::1]",
            arguments.listen
        )));
    }
    let listener = bind(arguments.listen)?;
    let address = listener.address().unwrap_or(arguments.listen);
    super::runtime()?.block_on(async {
        let service = build(arguments, address).await?;
        print(output, &announcement(address, arguments.data.as_deref()))?;
        service.serve(listener).await
    })
}

async fn build(arguments: &DemoArguments, address: SocketAddr) -> Result<Service, Stop> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let (keys, signer) = keys(arguments.data.as_deref(), entropy.as_ref())?;
    let keys = Arc::new(keys);
    let embedded = embedded(arguments.data.as_deref(), &clock, &entropy)?;
    let placed = keymend_directory::embedded::demo::fill(&embedded)
        .await
        .map_err(fault)?;
    let store = store(arguments.data.as_deref(), &keys, signer).await?;
    let policy = policy(&store, arguments.gates, clock.as_ref()).await?;
    register(&store, &placed, &keys, clock.as_ref()).await?;
    let outbox = DemoOutbox::default();
    let site = site(address)?;
    let words = SiteWords {
        organisation: site.organisation.clone(),
        public_origin: url::Url::parse(&format!("http://localhost:{}", address.port()))
            .map_err(fault)?,
        helpdesk: None,
        language: site.language.tag().to_owned(),
        zone: site.time_zone.clone(),
    };
    let directory: Arc<dyn Directory> = Arc::new(embedded);
    let parts = Parts {
        store,
        directories: Directories::new(
            vec![(directory, "the demo directory".to_owned())],
            Arc::clone(&clock),
        ),
        clock,
        entropy,
        flow_keys: keys.for_flows(),
        human: Human::new(keys.human.clone()),
        carriers: Arc::new(Carriers::demo(&outbox)),
        composer: Composer::new(words).map_err(fault)?,
        region: REGION.to_owned(),
        own_networks: vec![
            "127.0.0.0/8".parse().map_err(fault)?,
            "::1/128".parse().map_err(fault)?,
        ],
        passwords: SitePasswords {
            organisation: site.organisation.clone(),
            ..SitePasswords::default()
        },
        policy,
    };
    Service::new(App::new(parts), site, keys.csrf.clone())
}

fn fault(error: impl std::fmt::Display) -> Stop {
    Stop::Fault(error.to_string())
}

/// Keys for this run, or those of the data folder.
fn keys(data: Option<&Path>, entropy: &dyn Entropy) -> Result<(Keys, Arc<AuditSigner>), Stop> {
    let Some(data) = data else {
        let keys = Keys::generate_ephemeral(entropy).map_err(fault)?;
        let (signer, _) = AuditSigner::fresh(entropy).map_err(fault)?;
        return Ok((keys, Arc::new(signer)));
    };
    std::fs::create_dir_all(data)
        .map_err(|error| Stop::Usage(format!("--data {}: {error}", data.display())))?;
    let root_file = data.join("demo-root.key");
    if !root_file.exists() {
        let command = crate::cli::KeysCommand::New {
            file: root_file.clone(),
        };
        crate::cli::keys::run(&command, entropy, &mut std::io::sink())?;
    }
    let read = |path: &Path| {
        std::fs::read_to_string(path)
            .map_err(|error| Stop::Usage(format!("{}: {error}", path.display())))
    };
    let root = RootKey::parse(read(&root_file)?.trim()).map_err(fault)?;
    let audit = crate::config::audit_file_beside(&root_file);
    let signer = AuditSigner::parse(read(&audit)?.trim()).map_err(fault)?;
    Ok((
        Keys::derive(&root, "demo").map_err(fault)?,
        Arc::new(signer),
    ))
}

fn embedded(
    data: Option<&Path>,
    clock: &Arc<dyn Clock>,
    entropy: &Arc<dyn Entropy>,
) -> Result<Embedded, Stop> {
    Embedded::open(EmbeddedOptions {
        name: DirectoryName("demo".to_owned()),
        path: data.map(|data| data.join("demo-directory.db")),
        suffixes: vec![SUFFIX.to_owned()],
        hashing: HashingCost::RECOMMENDED,
        clock: Arc::clone(clock),
        entropy: Arc::clone(entropy),
    })
    .map_err(fault)
}

async fn store(
    data: Option<&Path>,
    keys: &Arc<Keys>,
    signer: Arc<AuditSigner>,
) -> Result<Store, Stop> {
    let options = match data {
        Some(data) => StoreOptions::at(data.join("demo-keymend.db"), Arc::clone(keys), signer),
        None => StoreOptions::in_memory(Arc::clone(keys), signer),
    };
    Store::open(options).await.map_err(fault)
}

/// The demonstration's settings, or those a kept folder has.
async fn policy(store: &Store, gates: u32, clock: &dyn Clock) -> Result<Policy, Stop> {
    let now = clock.now();
    let settings = Settings {
        profile: Profile::Demo,
        scope: Scope::Selected,
        groups: vec![STAFF.to_owned()],
        administrator_groups: vec![ADMINS.to_owned()],
        gates,
        methods: MethodKind::ALL.to_vec(),
        registration: RegistrationSettings {
            probation_hours: 0,
            ..Default::default()
        },
        notifications: NotificationSettings {
            administrator_addresses: vec![format!("administrators@{SUFFIX}")],
            ..Default::default()
        },
        ..Settings::default()
    };
    let (version, settings) = store
        .transact(move |tx: &mut Tx<'_>| -> Result<_, StoreFault> {
            if let Some(kept) = tx.settings()? {
                return Ok(kept);
            }
            let saved = tx.save_settings(0, &settings, "demo", now)?;
            Ok((saved.unwrap_or(1), settings))
        })
        .await
        .map_err(fault)?;
    Policy::try_new(settings, version)
        .map_err(|lint| Stop::Usage(format!("--gates {gates}: {:?}", lint.findings)))
}

/// Gives the sample accounts their methods, all but the one that is there to be registered.
async fn register(
    store: &Store,
    placed: &[Placed],
    keys: &Keys,
    clock: &dyn Clock,
) -> Result<(), Stop> {
    let now = clock.now();
    let mut methods = Vec::new();
    for Placed { sample, id } in placed {
        if sample.kind == SampleKind::Unregistered {
            continue;
        }
        let contacts = [
            (MethodKind::Email, email(&sample.mail())),
            (MethodKind::Text, Some(number(sample.phone))),
        ];
        for (kind, contact) in contacts {
            let Some(contact) = contact else { continue };
            let method = Method {
                id: MethodId::fresh(now, &SystemEntropy).map_err(fault)?,
                kind,
                contact,
                assurance: Assurance::UserVerified,
                probation_until: None,
                added_at: now,
                used_at: None,
            };
            let tag = keys.for_flows().contact_tag(&method.contact);
            methods.push((id.clone(), method, tag));
        }
    }
    store
        .transact(move |tx: &mut Tx<'_>| -> Result<(), StoreFault> {
            for (account, method, tag) in &methods {
                tx.add_method(account, method, tag)?;
            }
            Ok(())
        })
        .await
        .map_err(fault)
}

/// A sample's number, which is written with its country.  Reading it takes no tables: those of
/// all countries are megabytes, and nobody may ever type a number.
fn number(text: &str) -> Contact {
    Contact::Phone(text.split_whitespace().collect())
}

fn site(address: SocketAddr) -> Result<Site, Stop> {
    let port = address.port();
    let hosts = [
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "[::1]".to_owned(),
    ];
    let origins = hosts
        .into_iter()
        .map(|host| PublicOrigin::parse(&format!("http://{host}:{port}")).map_err(fault))
        .collect::<Result<Vec<_>, Stop>>()?;
    let accounts = SAMPLES
        .iter()
        .map(|sample| DemoAccount {
            user: sample.login.to_owned(),
            password: sample.password.to_owned(),
            email: sample.mail(),
            number: sample.phone.to_owned(),
            kind: sample.kind.id(),
        })
        .collect();
    Ok(Site {
        organisation: "Example Works".to_owned(),
        origins,
        language: Lang::English,
        time_zone: jiff::tz::TimeZone::system(),
        help: Help::Request,
        sign_in_url: "/signin".to_owned(),
        systems: None,
        user_example: "jane.doe".to_owned(),
        number_example: "+44 7700 900123".to_owned(),
        trusted_proxies: TrustedProxies::default(),
        behind_proxy_only: false,
        pace: PACE,
        demo: Some(DemoSite { accounts }),
    })
}

/// What to open and whom to try.
fn announcement(address: SocketAddr, data: Option<&Path>) -> String {
    let url = format!("http://localhost:{}", address.port());
    let mut text = format!(
        "Keymend demonstration - not for real accounts\n\n\
         Open {url} in a browser on this computer.\n\
         Mails and text messages appear at {url}/outbox.\n"
    );
    match data {
        Some(data) => text.push_str(&format!("The data is kept in {}.\n", data.display())),
        None => text.push_str("Nothing is left behind when it ends (Ctrl-C).\n"),
    }
    text.push_str("\n| user | password | mobile number | what it is for |\n|---|---|---|---|\n");
    for sample in SAMPLES {
        text.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            sample.login,
            sample.password,
            sample.phone,
            purpose(sample.kind)
        ));
    }
    text.push_str(&format!(
        "\nEach account's e-mail address is its user name followed by @{SUFFIX}.\n"
    ));
    text
}

fn purpose(kind: SampleKind) -> &'static str {
    match kind {
        SampleKind::Plain => "reset, change, security info",
        SampleKind::Locked => "locked: unlock it, or reset",
        SampleKind::PasswordExpired => "expired password: sign in and be led to a new one",
        SampleKind::MustChange => "must choose a new password at sign-in",
        SampleKind::Disabled => "disabled: looks like any other, and cannot be helped",
        SampleKind::Ended => "account has ended: sign-in says so for the right password alone",
        SampleKind::Protected => "protected administrator: never reset here",
        SampleKind::Unregistered => "not registered yet: sign in and set up a way back in",
        SampleKind::OutOfScope => "outside the groups that may reset",
        SampleKind::Young => "password too young: told after the first proof",
        SampleKind::MayNotChange => "may not change the password",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_of_the_samples_are_what_people_who_type_them_mean() {
        for sample in SAMPLES {
            let typed = crate::phone::normalise(sample.phone, REGION);
            assert_eq!(typed, Some(number(sample.phone)), "{}", sample.login);
        }
    }
}
