//! The whole service in one process: real pages, real store, real directory, a clock that stands
//! still until it is moved, and an outbox instead of carriers.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use jiff::tz::TimeZone;
use keymend::app::{App, Directories, Parts, SitePasswords};
use keymend::clock::ManualClock;
use keymend::deliver::{Carrier, Carriers, Composer, DemoOutbox, SiteWords};
use keymend::human::Human;
use keymend::keys::{AuditSigner, Keys, RootKey};
use keymend::run::Service;
use keymend::store::{AuditFilter, AuditRecord, Store, StoreFault, StoreOptions, Tx};
use keymend::text::Lang;
use keymend::web::page::Help;
use keymend::web::{PublicOrigin, Site, TrustedProxies};
use keymend_directory::embedded::{Embedded, EmbeddedOptions, HashingCost};
use keymend_domain::account::{AccountRef, DirectoryName};
use keymend_domain::directory::Directory;
use keymend_domain::method::MethodKind;
use keymend_domain::policy::{BotCheck, Policy, Settings};
use keymend_domain::route::Realms;
use keymend_domain::time::{Clock, Entropy, Moment};

use crate::chance::Seeded;
use crate::people::{self, Kind};
use crate::stall::{Stall, Stalling};
use crate::visitor::Visitor;

/// Where the service is reached.
pub const ORIGIN: &str = "https://reset.example";
/// The same as it stands in a `Host` header.
pub const HOST: &str = "reset.example";
/// A Monday morning: 2026-03-02T09:00:00Z.
pub const MORNING: Moment = Moment(1_772_442_000_000);

/// What a world is to be like.
pub struct Plan {
    settings: Settings,
    data: Option<PathBuf>,
    proxies: Vec<ipnet::IpNet>,
    stall: Option<Stall>,
    mail: Option<Carrier>,
    texts: Option<Carrier>,
    is_plain: bool,
    beside: Option<Arc<dyn Directory>>,
    called: Vec<(DirectoryName, Realms)>,
}

impl Plan {
    /// Changes the settings.
    pub fn with(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// How many proofs a reset takes.
    pub fn gates(self, gates: u32) -> Self {
        self.with(|settings| settings.gates = gates)
    }

    /// Keeps the store and the directory in a folder, for worlds that are opened again.
    pub fn kept_in(mut self, folder: PathBuf) -> Self {
        self.data = Some(folder);
        self
    }

    /// Who may speak for a client's address.
    pub fn behind(mut self, proxies: &str) -> Self {
        self.proxies = vec![proxies.parse().unwrap()];
        self
    }

    /// Plain HTTP, spoken to nobody but these proxies.
    pub fn plain_behind(mut self, proxies: &str) -> Self {
        self.is_plain = true;
        self.behind(proxies)
    }

    /// Mail goes this way instead of into the outbox.
    pub fn mails_by(mut self, carrier: Carrier) -> Self {
        self.mail = Some(carrier);
        self
    }

    /// Text messages go this way instead of into the outbox.
    pub fn texts_by(mut self, carrier: Carrier) -> Self {
        self.texts = Some(carrier);
        self
    }

    /// A directory that takes orders and answers when the stall is over.
    pub fn stalled(mut self, stall: &Stall) -> Self {
        self.stall = Some(stall.clone());
        self
    }

    /// A second directory beside the first.
    pub fn beside(mut self, directory: Arc<dyn Directory>) -> Self {
        self.beside = Some(directory);
        self
    }

    /// The endings and domains by which names mean this directory alone.
    pub fn called(mut self, name: &str, realms: Realms) -> Self {
        self.called.push((DirectoryName(name.to_owned()), realms));
        self
    }

    /// Builds it.
    pub async fn opens(mut self) -> World {
        let clock = ManualClock::at(MORNING);
        let entropy: Arc<dyn Entropy> = Arc::new(Seeded::new(1));
        let keys = keys();
        let directory = Arc::new(self.directory(&clock, &entropy));
        let store = self.store(&keys).await;
        let accounts = match directory.account_count().await.unwrap() {
            0 => {
                let accounts = people::fill(&directory, clock.now()).await;
                register(&store, &accounts, &keys).await;
                accounts
            }
            _ => Vec::new(),
        };
        let outbox = DemoOutbox::default();
        let port: Arc<dyn Directory> = match &self.stall {
            Some(stall) => Arc::new(Stalling::new(Arc::clone(&directory), stall.clone())),
            None => directory.clone(),
        };
        let mut directories = vec![(port, "the directory".to_owned())];
        directories.extend(
            self.beside
                .clone()
                .map(|other| (other, "the branch".to_owned())),
        );
        let directories = Directories::new(directories, Arc::new(clock.clone()));
        let called = self.called.drain(..);
        let directories = called.fold(directories, |all, (name, written)| {
            all.called(&name, written)
        });
        let site = self.site();
        let mut carriers = Carriers::demo(&outbox);
        carriers.mail = self.mail.take().or(carriers.mail);
        carriers.text = self.texts.take().or(carriers.text);
        let app = App::new(Parts {
            store: store.clone(),
            directories,
            clock: Arc::new(clock.clone()),
            entropy,
            flow_keys: keys.for_flows(),
            human: Human::new(keys.human.clone()),
            carriers: Arc::new(carriers),
            composer: Composer::new(words()).unwrap(),
            region: "GB".to_owned(),
            own_networks: Vec::new(),
            passwords: SitePasswords::default(),
            policy: saved_policy(&store, self.settings).await,
        });
        let service = Service::new(app.clone(), site, keys.csrf.clone()).unwrap();
        World {
            router: service.router(),
            app,
            clock,
            store,
            directory,
            outbox,
            accounts,
            mails_seen: Mutex::new(0),
            audit_seen: AtomicU64::new(0),
            visitors: AtomicU32::new(0),
            is_over: false,
        }
    }

    fn directory(&self, clock: &ManualClock, entropy: &Arc<dyn Entropy>) -> Embedded {
        Embedded::open(EmbeddedOptions {
            name: DirectoryName("corp".to_owned()),
            path: self.data.as_ref().map(|folder| folder.join("directory.db")),
            suffixes: vec!["corp.example".to_owned()],
            hashing: HashingCost::FEATHER,
            clock: Arc::new(clock.clone()),
            entropy: Arc::clone(entropy),
        })
        .unwrap()
    }

    async fn store(&self, keys: &Arc<Keys>) -> Store {
        let (signer, _) = AuditSigner::fresh(&Seeded::new(11)).unwrap();
        let (keys, signer) = (Arc::clone(keys), Arc::new(signer));
        let options = match &self.data {
            Some(folder) => StoreOptions::at(folder.join("keymend.db"), keys, signer),
            None => StoreOptions::in_memory(keys, signer),
        };
        Store::open(options).await.unwrap()
    }

    fn site(&self) -> Site {
        Site {
            organisation: "Example Works".to_owned(),
            origins: vec![PublicOrigin::parse(ORIGIN).unwrap()],
            language: Lang::English,
            time_zone: TimeZone::UTC,
            help: Help::Request,
            sign_in_url: "/signin".to_owned(),
            systems: None,
            user_example: "jane.doe".to_owned(),
            number_example: "+44 7700 900123".to_owned(),
            trusted_proxies: TrustedProxies(self.proxies.clone()),
            behind_proxy_only: self.is_plain,
            pace: std::time::Duration::ZERO,
            demo: None,
        }
    }
}

/// The keys of every world.
pub fn keys() -> Arc<Keys> {
    let root = RootKey::fresh(&Seeded::new(7)).unwrap();
    Arc::new(Keys::derive(&root, "tests").unwrap())
}

fn words() -> SiteWords {
    SiteWords {
        organisation: "Example Works".to_owned(),
        public_origin: url::Url::parse(ORIGIN).unwrap(),
        helpdesk: None,
        language: "en".to_owned(),
        zone: TimeZone::UTC,
    }
}

fn settings() -> Settings {
    let mut settings = Settings {
        administrator_groups: vec!["admins".to_owned()],
        scope: keymend_domain::policy::Scope::Selected,
        groups: vec!["staff".to_owned()],
        methods: MethodKind::ALL.to_vec(),
        bot_check: BotCheck::Off,
        ..Settings::default()
    };
    settings.notifications.administrator_addresses = vec!["admins@work.example".to_owned()];
    settings
}

async fn saved_policy(store: &Store, settings: Settings) -> Policy {
    let wanted = settings.clone();
    let saved = store.transact(move |tx: &mut Tx<'_>| -> Result<_, StoreFault> {
        if tx.settings()?.is_none() {
            let saved = tx.save_settings(0, &settings, "the tests", MORNING)?;
            assert!(saved.is_ok());
        }
        Ok(())
    });
    saved.await.unwrap();
    Policy::try_new(wanted, 1).unwrap()
}

async fn register(store: &Store, accounts: &[(String, Kind, AccountRef)], keys: &Keys) {
    let mut rows = Vec::new();
    let mut frozen = Vec::new();
    for (login, kind, id) in accounts {
        if *kind == Kind::Frozen {
            frozen.push(id.clone());
        }
        for method in people::methods(login, *kind, MORNING) {
            let tag = keys.for_flows().contact_tag(&method.contact);
            rows.push((id.clone(), method, tag));
        }
    }
    let saved = store.transact(move |tx: &mut Tx<'_>| -> Result<(), StoreFault> {
        for (account, method, tag) in &rows {
            tx.add_method(account, method, tag)?;
        }
        for account in &frozen {
            tx.set_frozen(account, true, MORNING)?;
        }
        Ok(())
    });
    saved.await.unwrap();
}

/// The service and everything around it.
pub struct World {
    /// The pages.
    pub router: Router,
    /// The deeds.
    pub app: App,
    /// The time.
    pub clock: ManualClock,
    /// The store.
    pub store: Store,
    /// The directory.
    pub directory: Arc<Embedded>,
    outbox: DemoOutbox,
    accounts: Vec<(String, Kind, AccountRef)>,
    mails_seen: Mutex<usize>,
    audit_seen: AtomicU64,
    visitors: AtomicU32,
    is_over: bool,
}

impl World {
    /// A world with two gates and no bot check, on a Monday morning.
    pub fn plan() -> Plan {
        Plan {
            settings: settings(),
            data: None,
            proxies: Vec::new(),
            stall: None,
            mail: None,
            texts: None,
            is_plain: false,
            beside: None,
            called: Vec::new(),
        }
    }

    /// The world of [`Self::plan`].
    pub async fn open() -> Self {
        Self::plan().opens().await
    }

    /// Somebody with a browser and a network of their own.
    pub fn visitor(&self) -> Visitor<'_> {
        let number = self.visitors.fetch_add(1, Ordering::SeqCst);
        let [_, _, high, low] = number.to_be_bytes();
        Visitor::new(self, [10, high, low, 1].into())
    }

    /// The id of an account.
    pub fn account(&self, login: &str) -> AccountRef {
        let found = self.accounts.iter().find(|(own, _, _)| own == login);
        found.map(|(_, _, id)| id.clone()).unwrap()
    }

    /// The account as the directory has it.
    pub async fn entry(&self, login: &str) -> keymend_domain::account::Account {
        let id = self.account(login);
        self.directory.read(&id).await.unwrap().unwrap()
    }

    /// Time passes, and the sweep goes round.
    pub async fn minutes_pass(&self, minutes: i64) {
        self.clock.advance_ms(minutes * 60_000);
        self.app.sweep_once().await.unwrap();
        self.delivers().await;
    }

    /// Carries everything that is due.
    pub async fn delivers(&self) {
        while self.app.dispatch_due().await.unwrap() > 0 {}
    }

    /// The newest code that was sent to `to`.
    pub fn code_to(&self, to: &str) -> String {
        let messages = self.outbox.messages();
        let digits = messages
            .iter()
            .filter(|message| message.to == to)
            .find_map(|message| {
                let words = message.body.split(|sign: char| !sign.is_ascii_digit());
                let mut codes = words.filter(|word| word.len() == 6);
                codes.next().map(str::to_owned)
            });
        digits.expect("a code was sent there")
    }

    /// The newest code that was sent to anybody.
    pub fn newest_code(&self) -> Option<String> {
        let newest = self.outbox.messages().into_iter().find(|message| {
            let subject = message.subject.as_deref().unwrap_or(&message.body);
            subject.contains("your code")
        });
        newest.map(|message| self.code_to(&message.to))
    }

    /// A code that was never sent to anybody.
    pub fn wrong_code(&self) -> String {
        let messages = self.outbox.messages();
        let is_sent = |code: &str| messages.iter().any(|message| message.body.contains(code));
        let codes = ["000000", "111111", "222222", "333333"];
        let wrong = codes.into_iter().find(|code| !is_sent(code));
        wrong.unwrap().to_owned()
    }

    /// How many messages of the outbox hold these words.
    pub fn count_of_messages(&self, words: &str) -> usize {
        let messages = self.outbox.messages();
        let found = messages
            .iter()
            .filter(|message| message.body.contains(words));
        found.count()
    }

    /// The newest message to `to`, in full.
    pub fn message_to(&self, to: &str) -> String {
        let found = self
            .outbox
            .messages()
            .into_iter()
            .find(|message| message.to == to);
        found.expect("a message was sent there").body
    }

    /// Who was told what since this was last asked: one line for each message.
    pub async fn told(&self) -> String {
        self.delivers().await;
        let messages = self.outbox.messages();
        let mut seen = self.mails_seen.lock().unwrap();
        let fresh = messages.len() - *seen;
        *seen = messages.len();
        let mut lines: Vec<String> = messages
            .into_iter()
            .take(fresh)
            .map(|message| {
                let subject = message.subject.unwrap_or_else(|| message.body.clone());
                format!("{}: {}", message.to, without_codes(&subject))
            })
            .collect();
        lines.reverse();
        lines.join("\n")
    }

    /// The audit log since this was last asked, one line for each event.
    pub async fn audited(&self) -> String {
        let records = self.audit().await;
        let seen = self.audit_seen.load(Ordering::SeqCst);
        let newest = records.last().map_or(0, |record| record.seq);
        self.audit_seen.store(newest, Ordering::SeqCst);
        let fresh = records.into_iter().filter(|record| record.seq > seen);
        fresh
            .map(|record| line(&record))
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// The whole audit log, oldest first.
    pub async fn audit(&self) -> Vec<AuditRecord> {
        let filter = AuditFilter {
            limit: 10_000,
            ..AuditFilter::default()
        };
        let read = self
            .store
            .read(move |rx| -> Result<_, StoreFault> { rx.audit_search(&filter) });
        let mut records = read.await.unwrap();
        records.sort_by_key(|record| record.seq);
        records
    }

    /// How often the audit log has an event of this name.
    pub async fn count_of(&self, word: &str) -> usize {
        let records = self.audit().await;
        records
            .iter()
            .filter(|record| record.event.event.word() == word)
            .count()
    }

    /// The end of a test: nothing may be left that was to be sent or settled.
    pub async fn rests(mut self) {
        self.app.tasks().wait().await;
        self.delivers().await;
        let left = self.store.read(|rx| -> Result<_, StoreFault> {
            let stages = rx.count_flows_by_stage()?;
            let writing = stages.into_iter().find(|(stage, _)| stage == "writing");
            Ok((rx.outbox_len()?, writing.map_or(0, |(_, count)| count)))
        });
        let (unsent, unsettled) = left.await.unwrap();
        assert_eq!(
            (unsent, unsettled),
            (0, 0),
            "unsent notices, unsettled orders"
        );
        self.is_over = true;
    }

    /// The end of a test that leaves messages behind on purpose.
    pub fn stays_as_it_is(mut self) {
        self.is_over = true;
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let is_forgotten = !self.is_over && !std::thread::panicking();
        assert!(!is_forgotten, "a test must end with `world.rests().await`");
    }
}

fn line(record: &AuditRecord) -> String {
    let event = &record.event;
    let mut words = vec![event.event.word().to_owned()];
    words.extend(event.method.clone());
    words.extend(event.gate.map(|gate| format!("gate {gate}")));
    words.extend(event.reason.clone());
    words.join(" ")
}

fn without_codes(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let bare = word.trim_matches(|sign: char| !sign.is_ascii_digit());
        match bare.len() == 6 && bare.bytes().all(|byte| byte.is_ascii_digit()) {
            true => word.replace(bare, "######"),
            false => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}
