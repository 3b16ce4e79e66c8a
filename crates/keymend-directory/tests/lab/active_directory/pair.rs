//! Two controllers of one domain, of which the second hears of the first one's writes when the
//! test says so.

use std::time::{Duration, Instant};

use keymend_domain::account::Account;
use keymend_domain::directory::{Deed, Directory, NotDone, WriteOutcome};
use keymend_lab::samba::{Samba, ad_person};
use keymend_lab::{Fault, Proxy, SambaPair};

use super::bad_days::both_authorities;
use super::domain::options;
use crate::desk::Desk;
use crate::house::{NEW, is_done};

const OLD: &str = "Start-Passw0rd-1";

struct Pair {
    desk: Desk,
    /// To the first controller.
    line: Proxy,
    samba: SambaPair,
}

impl Pair {
    fn start() -> Self {
        let samba = SambaPair::start();
        let line = Proxy::start(samba.first.tls_port());
        let mut options = options(&samba.first, &format!("ldaps://127.0.0.1:{}", line.port()));
        options.urls.push(samba.second.ldaps_url().parse().unwrap());
        options.ca_file = Some(both_authorities(&samba.first, &samba.second));
        Self {
            desk: Desk::new(options),
            line,
            samba,
        }
    }

    async fn unlock(&self, account: &Account) -> WriteOutcome {
        let limit = Duration::from_secs(9);
        self.desk.write(account, limit, Deed::Unlock).await
    }
}

fn wrong_passwords(samba: &Samba, name: &str) -> String {
    let entry = samba.entry(name);
    entry.get("badPwdCount").unwrap_or("0").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_controller_took_is_checked_there_however_far_the_other_lags_behind() {
    let pair = Pair::start();
    let Pair { desk, line, samba } = &pair;
    let (jane, john) = (
        desk.account("jane.doe").await,
        desk.account("john.roe").await,
    );
    let outcome = desk.reset(&jane, NEW).await;
    assert!(is_done(&outcome), "{outcome:?}");
    assert!(samba.first.opens_with("jane.doe", NEW));
    // Nobody tried the new password where it is wrong so far.
    assert_eq!(wrong_passwords(&samba.second, "jane.doe"), "0");
    assert!(samba.second.opens_with("jane.doe", OLD));

    // The first is gone between two requests.
    line.set(Fault::Refuse);
    line.cut_all();
    let begun = Instant::now();
    let outcome = desk.reset(&john, NEW).await;
    println!("failover and reset: {} ms", begun.elapsed().as_millis());
    assert!(is_done(&outcome), "{outcome:?}");
    assert!(samba.second.opens_with("john.roe", NEW));
    assert!(samba.first.opens_with("john.roe", OLD));
    assert_eq!(wrong_passwords(&samba.first, "john.roe"), "0");
    line.set(Fault::None);

    samba.replicate();
    for controller in [&samba.first, &samba.second] {
        assert!(controller.opens_with("jane.doe", NEW));
        assert!(controller.opens_with("john.roe", NEW));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_controller_that_dies_with_the_only_copy_the_other_one_proves_nothing() {
    let pair = Pair::start();
    let Pair { desk, line, samba } = &pair;
    let jane = desk.account("jane.doe").await;
    let before = jane.state.password_changed_at;
    let mark = samba.first.mark();
    let limit = Duration::from_secs(4);
    let writing = desk.reset_within(&jane, NEW, limit);
    let dying = async {
        line.set(Fault::Latency(Duration::from_millis(150)));
        let until = Instant::now() + Duration::from_secs(10);
        while samba.first.deeds_since(&mark).is_empty() && Instant::now() < until {
            tokio::task::yield_now().await;
        }
        line.set(Fault::Refuse);
        line.cut_all();
    };
    let (outcome, ()) = tokio::join!(writing, dying);
    assert_eq!(outcome, WriteOutcome::Unknown);
    let alone = desk.directory.read_back(&jane.id).await.unwrap();
    let changed_at =
        |account: &Option<Account>| account.as_ref().unwrap().state.password_changed_at;
    assert_eq!(
        alone.shown.iter().map(changed_at).collect::<Vec<_>>(),
        [before]
    );
    assert!(!alone.is_whole);
    // Nothing was sent a second time, to the other one.
    assert!(samba.second.opens_with("jane.doe", OLD));

    line.set(Fault::None);
    let both = desk.directory.read_back(&jane.id).await.unwrap();
    assert!(both.is_whole);
    let shown: Vec<_> = both.shown.iter().map(changed_at).collect();
    assert!(
        shown[0] > before && shown[1] == before,
        "{shown:?} {before:?}"
    );
    assert!(samba.first.opens_with("jane.doe", NEW));
}

/// A lock that only the other controller knows of.
#[tokio::test(flavor = "multi_thread")]
async fn a_lock_counts_where_people_are_asked_for_and_is_lifted_when_it_has_arrived_there() {
    let pair = Pair::start();
    let Pair { desk, samba, .. } = &pair;
    let nia = ad_person("nested.nia");
    samba.second.lock_by_guessing(nia.name);
    assert!(!samba.second.opens_with(nia.name, nia.password));
    let account = desk.account(nia.name).await;
    assert_eq!(account.state.lock, None);
    let not_locked = WriteOutcome::NotDone(NotDone::NotLocked);
    assert_eq!(pair.unlock(&account).await, not_locked);
    samba.replicate();
    let account = desk.account(nia.name).await;
    assert!(account.state.lock.is_some());
    let outcome = pair.unlock(&account).await;
    assert!(is_done(&outcome), "{outcome:?}");
    assert!(!samba.second.opens_with(nia.name, nia.password));
    samba.replicate();
    assert!(samba.second.opens_with(nia.name, nia.password));

    // A new password goes out with the end of every lock, known here or not.
    let noah = ad_person("new.noah");
    samba.second.lock_by_guessing(noah.name);
    let account = desk.account(noah.name).await;
    let outcome = desk.reset(&account, NEW).await;
    assert!(is_done(&outcome), "{outcome:?}");
    samba.replicate();
    for controller in [&samba.first, &samba.second] {
        println!("{:?}", controller.bind(&noah.upn(), NEW));
    }
    for controller in [&samba.first, &samba.second] {
        assert!(controller.opens_with(noah.name, NEW));
    }
}
