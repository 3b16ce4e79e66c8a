//! The whole service inside this process, from the router down, on any directory.

use std::sync::Arc;
use std::time::Duration;

use keymend::app::{App, Directories, Parts, SitePasswords};
use keymend::clock::SystemClock;
use keymend::deliver::{Carriers, Composer, DemoOutbox, SiteWords};
use keymend::entropy::SystemEntropy;
use keymend::human::Human;
use keymend::keys::{AuditSigner, Keys};
use keymend::run::Service;
use keymend::store::{Store, StoreFault, StoreOptions, Tx};
use keymend::text::Lang;
use keymend::web::page::Help;
use keymend::web::{PublicOrigin, Site, TrustedProxies};
use keymend_directory::embedded::demo::STAFF;
use keymend_domain::directory::Directory;
use keymend_domain::method::MethodKind;
use keymend_domain::policy::{
    BotCheck, LimitSettings, Policy, Profile, RegistrationSettings, Required, Scope, Settings,
};
use keymend_domain::time::Clock;
use tempfile::TempDir;

use super::people;

/// What the visitors' requests name as their host.
pub const HOST: &str = "localhost:8080";

/// A service and what a benchmark needs to reach beside its pages.
pub struct House {
    service: Service,
    /// The store, to give people their methods.
    pub store: Store,
    /// The keys, to tag contacts as the service does.
    pub keys: Arc<Keys>,
    /// What was sent.
    pub outbox: DemoOutbox,
    names: Names,
    _folder: TempDir,
}

/// The name of an account, by its number.
type Names = fn(usize) -> String;

impl House {
    /// Builds the service as it ships, with three differences: no bot check, no pace (both only
    /// make people wait) and limits of the whole site that a benchmark does not run into.
    pub async fn build(directory: Arc<dyn Directory>) -> Self {
        Self::build_with(directory, (Scope::All, Duration::ZERO)).await
    }

    /// The same with accounts that are named in another way.
    pub async fn build_for(directory: Arc<dyn Directory>, names: Names) -> Self {
        let mut house = Self::build(directory).await;
        house.names = names;
        house
    }

    /// The same for staff alone, with an earliest moment that answers have, as in a real service.
    pub async fn build_paced(directory: Arc<dyn Directory>, pace: Duration) -> Self {
        Self::build_with(directory, (Scope::Selected, pace)).await
    }

    async fn build_with(directory: Arc<dyn Directory>, (scope, pace): (Scope, Duration)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = Arc::new(Keys::generate_ephemeral(&SystemEntropy).unwrap());
        let (signer, _) = AuditSigner::fresh(&SystemEntropy).unwrap();
        let file = folder.path().join("keymend.db");
        let options = StoreOptions::at(file, Arc::clone(&keys), Arc::new(signer));
        let store = Store::open(options).await.unwrap();
        let policy = policy(&store, scope).await;
        let outbox = DemoOutbox::default();
        let parts = parts(directory, &store, &keys, (policy, &outbox));
        let app = App::new(parts);
        let service = Service::new(app.clone(), site(pace), keys.csrf.clone());
        let service = service.expect("texts and templates are whole");
        tokio::spawn(async move { app.dispatch_forever().await });
        Self {
            service,
            store,
            keys,
            outbox,
            names: people::login,
            _folder: folder,
        }
    }

    /// The name of an account.
    pub fn login(&self, number: usize) -> String {
        (self.names)(number)
    }

    /// The service, for a visitor.
    pub fn service(&self) -> &Service {
        &self.service
    }
}

fn parts(
    directory: Arc<dyn Directory>,
    store: &Store,
    keys: &Keys,
    (policy, outbox): (Policy, &DemoOutbox),
) -> Parts {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let words = SiteWords {
        organisation: "Example Works".to_owned(),
        public_origin: format!("http://{HOST}").parse().unwrap(),
        helpdesk: None,
        language: "en".to_owned(),
        zone: jiff::tz::TimeZone::UTC,
    };
    Parts {
        store: store.clone(),
        directories: Directories::new(
            vec![(directory, "the directory".to_owned())],
            Arc::clone(&clock),
        ),
        clock,
        entropy: Arc::new(SystemEntropy),
        flow_keys: keys.for_flows(),
        human: Human::new(keys.human.clone()),
        carriers: Arc::new(Carriers::demo(outbox)),
        composer: Composer::new(words).expect("texts are whole"),
        region: "GB".to_owned(),
        own_networks: vec!["127.0.0.0/8".parse().unwrap()],
        passwords: SitePasswords::default(),
        policy,
    }
}

async fn policy(store: &Store, scope: Scope) -> Policy {
    let settings = Settings {
        profile: Profile::Demo,
        scope,
        groups: vec![STAFF.to_owned()],
        methods: MethodKind::ALL.to_vec(),
        registration: RegistrationSettings {
            probation_hours: 0,
            required: Required::No,
            ..RegistrationSettings::default()
        },
        limits: LimitSettings {
            texts_per_day: 1_000_000,
            ..LimitSettings::default()
        },
        bot_check: BotCheck::Off,
        ..Settings::default()
    };
    let now = SystemClock.now();
    let saved = settings.clone();
    let version = store
        .transact(move |tx: &mut Tx<'_>| -> Result<_, StoreFault> {
            tx.save_settings(0, &saved, "bench", now)
        })
        .await
        .unwrap();
    Policy::try_new(settings, version.ok().unwrap_or(1)).expect("a policy that can work")
}

fn site(pace: Duration) -> Site {
    Site {
        organisation: "Example Works".to_owned(),
        origins: vec![PublicOrigin::parse(&format!("http://{HOST}")).unwrap()],
        language: Lang::English,
        time_zone: jiff::tz::TimeZone::UTC,
        help: Help::Request,
        sign_in_url: "/signin".to_owned(),
        systems: None,
        user_example: "jane.doe".to_owned(),
        number_example: "+44 7700 900123".to_owned(),
        trusted_proxies: TrustedProxies::default(),
        behind_proxy_only: false,
        pace,
        demo: None,
    }
}
