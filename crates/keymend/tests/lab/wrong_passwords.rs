//! Two real controllers, of which one goes on seeing a wrong password, and the mail that says so.

use std::sync::Arc;

use jiff::tz::TimeZone;
use keymend::app::{App, Directories, Parts, SitePasswords};
use keymend::clock::{ManualClock, SystemClock};
use keymend::deliver::{Carriers, Composer, DemoOutbox, SiteWords};
use keymend::entropy::SystemEntropy;
use keymend::human::Human;
use keymend::keys::{AuditSigner, Keys, RootKey};
use keymend::store::{AuditFilter, Store, StoreFault, StoreOptions, Tx};
use keymend_directory::ldap::{Ldap, LdapOptions};
use keymend_domain::account::{Account, Claim, DirectoryName};
use keymend_domain::audit::AuditDeed;
use keymend_domain::directory::{Directory, Found};
use keymend_domain::method::MethodKind;
use keymend_domain::policy::{Policy, Settings};
use keymend_domain::secret::Secret;
use keymend_domain::time::{Clock, HOUR_MS, MINUTE_MS, Moment};
use keymend_domain::watch::Watch;
use keymend_lab::samba::{PEOPLE_DN, SERVICE_PASSWORD, SERVICE_UPN, ad_person};
use keymend_lab::{Samba, SambaOptions, SambaVersion};

const NEW: &str = "Winter harbour 52 lanterns";

/// The service in front of two controllers, with a clock that is moved by hand.
struct House {
    app: App,
    store: Store,
    clock: ManualClock,
    outbox: DemoOutbox,
    first: Samba,
    second: Samba,
}

fn controllers() -> (Samba, Samba, LdapOptions) {
    let plan = || SambaOptions {
        version: SambaVersion::V4_25,
        ..SambaOptions::default()
    };
    let (first, second) = (Samba::start(plan()), Samba::start(plan()));
    let urls = [&first, &second].map(|samba| samba.ldaps_url().parse().unwrap());
    let mut options = LdapOptions::new(
        DirectoryName("lab".into()),
        urls.to_vec(),
        PEOPLE_DN.into(),
        SERVICE_UPN.into(),
        Secret::new(SERVICE_PASSWORD.into()),
    );
    let path = first.ca_file().with_extension("both.pem");
    let read = |samba: &Samba| std::fs::read_to_string(samba.ca_file()).unwrap();
    std::fs::write(&path, read(&first) + &read(&second)).unwrap();
    options.ca_file = Some(path);
    (first, second, options)
}

impl House {
    async fn open() -> Self {
        let (first, second, options) = controllers();
        let directory: Arc<dyn Directory> =
            Arc::new(Ldap::new(options, Arc::new(SystemClock)).unwrap());
        let clock = ManualClock::at(SystemClock.now());
        let root = RootKey::fresh(&SystemEntropy).unwrap();
        let keys = Arc::new(Keys::derive(&root, "tests").unwrap());
        let (signer, _) = AuditSigner::fresh(&SystemEntropy).unwrap();
        let options = StoreOptions::in_memory(Arc::clone(&keys), Arc::new(signer));
        let store = Store::open(options).await.unwrap();
        let settings = Settings {
            methods: MethodKind::ALL.to_vec(),
            ..Settings::default()
        };
        let outbox = DemoOutbox::default();
        let named = vec![(directory, "Lab directory".to_owned())];
        let app = App::new(Parts {
            store: store.clone(),
            directories: Directories::new(named, Arc::new(clock.clone())),
            clock: Arc::new(clock.clone()),
            entropy: Arc::new(SystemEntropy),
            flow_keys: keys.for_flows(),
            human: Human::new(keys.human.clone()),
            carriers: Arc::new(Carriers::demo(&outbox)),
            composer: Composer::new(words()).unwrap(),
            region: "GB".to_owned(),
            own_networks: Vec::new(),
            passwords: SitePasswords::default(),
            policy: Policy::try_new(settings, 1).unwrap(),
        });
        Self {
            app,
            store,
            clock,
            outbox,
            first,
            second,
        }
    }

    async fn account(&self, name: &str) -> Account {
        let claim = Claim::new(name).unwrap();
        match self.app.directories().find(&claim).await.unwrap() {
            Found::One(account) => *account,
            other => panic!("{name} should be one account: {other:?}"),
        }
    }

    /// A new password at both controllers, as after a reset and its replication, and the watch
    /// that the settlement of the reset begins.
    async fn resets(&self, account: &Account, password: &str) {
        let dn = ad_person(&account.login).dn();
        for samba in [&self.first, &self.second] {
            samba.set_password(&dn, password);
        }
        let entry = self.first.entry(&account.login);
        let set_at = entry.get("pwdLastSet").unwrap();
        self.second.force(&format!(
            "dn: {dn}\nchangetype: modify\nreplace: pwdLastSet\npwdLastSet: {set_at}\n"
        ));
        self.clock.set(SystemClock.now());
        let watch = watch(account, self.clock.now());
        let saved = self
            .store
            .transact(move |tx: &mut Tx<'_>| -> Result<(), StoreFault> { tx.save_watch(&watch) });
        saved.await.unwrap();
    }

    /// The servers in the lines about wrong passwords.
    async fn recorded(&self) -> Vec<String> {
        let filter = AuditFilter {
            event: Some(AuditDeed::WrongPasswordsSeen),
            ..AuditFilter::default()
        };
        let read = self
            .store
            .read(move |rx| -> Result<_, StoreFault> { rx.audit_search(&filter) });
        let lines = read.await.unwrap();
        let servers = lines.into_iter().map(|line| line.event.reason);
        servers.map(Option::unwrap_or_default).collect()
    }

    /// So much time passes on the service's clock; what was sent since then.
    async fn minutes_pass(&self, minutes: i64) -> Vec<String> {
        let before = self.outbox.messages().len();
        self.clock.advance_ms(minutes * MINUTE_MS);
        self.app.watch_passwords_once().await.unwrap();
        while self.app.dispatch_due().await.unwrap() > 0 {}
        let sent = self.outbox.messages();
        let fresh = sent.len() - before;
        let told = sent.into_iter().take(fresh);
        told.map(|message| format!("{}: {}", message.to, message.body))
            .collect()
    }
}

fn words() -> SiteWords {
    SiteWords {
        organisation: "Example Works".to_owned(),
        public_origin: "https://reset.example".parse().unwrap(),
        helpdesk: None,
        language: "en".to_owned(),
        zone: TimeZone::UTC,
    }
}

/// The watch in the form in which the store keeps it.
fn watch(before: &Account, now: Moment) -> Watch {
    let body = serde_json::json!({
        "account": before.id,
        "correlation": "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "started_at": now,
        "ends_at": now.plus_ms(HOUR_MS),
        "due_at": now.plus_ms(MINUTE_MS),
        "looked_at": now,
        "looks": 0,
        "changed_before": before.state.password_changed_at,
        "set_at": null,
        "seen": [],
        "told": "nothing",
    });
    serde_json::from_value(body).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_mail_names_the_controller_that_saw_a_wrong_password_and_how_many_are_left() {
    let house = House::open().await;
    let jane = house.account("jane.doe").await;
    house.resets(&jane, NEW).await;
    assert_eq!(house.minutes_pass(1).await, Vec::<String>::new());
    let upn = ad_person("jane.doe").upn();
    house.second.bind(&upn, "what the phone still knows");
    let told = house.minutes_pass(2).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let second = house.second.ldaps_url().replace("ldaps://", "");
    let mail = &told[0];
    assert!(mail.starts_with("jane.doe@lab.test: "), "{mail}");
    // Both run on one machine; the log tells which of its ports it was.
    let host = second.split(':').next().unwrap();
    assert!(mail.contains(&format!("noticed by {host}.")), "{mail}");
    assert_eq!(house.recorded().await, [second]);
    // The lab's domain locks at three.
    assert!(
        mail.contains("After 2 more wrong passwords it will be locked."),
        "{mail}"
    );
    house.second.bind(&upn, "what the phone still knows");
    assert_eq!(
        house.minutes_pass(5).await,
        Vec::<String>::new(),
        "told once"
    );
}
