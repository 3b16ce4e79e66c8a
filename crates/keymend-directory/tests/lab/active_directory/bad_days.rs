//! Controllers that freeze or die, and lines that break in the middle.

use std::time::{Duration, Instant};

use keymend_directory::ldap::LdapOptions;
use keymend_domain::directory::{Directory, Health, NotDone, WriteOutcome};
use keymend_lab::samba::Samba;
use keymend_lab::{Fault, Proxy, SambaOptions};

use super::domain::{Domain, options};
use crate::house::{NEW, is_done};

const OLD: &str = "Start-Passw0rd-1";

/// Two controllers with the same people in them, the adapter in front, and a line to the first.
fn two_controllers() -> (Domain, Samba, Proxy) {
    let first = Samba::start(SambaOptions::default());
    let second = Samba::start(SambaOptions::default());
    let line = Proxy::start(first.tls_port());
    let mut options = options(&first, &format!("ldaps://127.0.0.1:{}", line.port()));
    options.urls.push(second.ldaps_url().parse().unwrap());
    options.ca_file = Some(both_authorities(&first, &second));
    (Domain::around(first, options), second, line)
}

/// A file that trusts both, beside the first one's own.
pub fn both_authorities(first: &Samba, second: &Samba) -> std::path::PathBuf {
    let path = first.ca_file().with_extension("both.pem");
    let read = |samba: &Samba| std::fs::read_to_string(samba.ca_file()).unwrap();
    std::fs::write(&path, read(first) + &read(second)).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_controller_that_hangs_or_is_gone_costs_its_share_and_the_next_one_serves() {
    let (domain, second, line) = two_controllers();
    let jane = domain.account("jane.doe").await;
    for fault in [Fault::Hang, Fault::Refuse] {
        line.set(fault);
        line.cut_all();
        let begun = Instant::now();
        let mark = second.mark();
        let new = format!("{NEW} {fault:?}");
        let outcome = domain.reset(&jane, &new).await;
        assert!(is_done(&outcome), "{fault:?} {outcome:?}");
        assert!(
            begun.elapsed() < Duration::from_secs(15),
            "{:?}",
            begun.elapsed()
        );
        // Written and verified on the one that serves, and once.
        let resets = second.deeds_since(&mark);
        assert_eq!(
            resets
                .iter()
                .filter(|deed| deed.is_about_a_password())
                .count(),
            1
        );
        assert!(second.opens_with("jane.doe", &new));
        assert_eq!(domain.directory.health().await, Health::Up);
        line.set(Fault::None);
    }
    assert!(domain.samba.opens_with("jane.doe", OLD));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_found_out_by_reading_and_never_sent_twice() {
    let samba = Samba::start(SambaOptions::default());
    let line = Proxy::start(samba.tls_port());
    let options = options(&samba, &format!("ldaps://127.0.0.1:{}", line.port()));
    let domain = Domain::around(samba, options);
    let jane = domain.account("jane.doe").await;
    for (number, fault) in [Fault::DropAnswers, Fault::CutDownAfter(1)]
        .into_iter()
        .enumerate()
    {
        let new = format!("{NEW} {number}");
        let mark = domain.samba.mark();
        let writing = domain.reset(&jane, &new);
        let breaking = async {
            let until = Instant::now() + Duration::from_secs(10);
            while domain.samba.deeds_since(&mark).is_empty() && Instant::now() < until {
                tokio::task::yield_now().await;
            }
            line.set(fault);
            let until = Instant::now() + Duration::from_millis(400);
            while Instant::now() < until {
                tokio::task::yield_now().await;
            }
            line.set(Fault::None);
            line.cut_all();
        };
        let (outcome, ()) = tokio::join!(writing, breaking);
        // It was written: said so, or that it is not certain, but never that it was not.
        let is_honest = is_done(&outcome) || outcome == WriteOutcome::Unknown;
        assert!(is_honest, "{fault:?} {outcome:?}");
        assert!(domain.samba.opens_with("jane.doe", &new), "{fault:?}");
        let deeds = domain.samba.deeds_since(&mark);
        let resets = deeds.iter().filter(|deed| deed.is_about_a_password());
        assert_eq!(resets.count(), 1, "{fault:?}");
        line.set(Fault::None);
        line.cut_all();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_swallowed_is_never_a_success() {
    let samba = Samba::start(SambaOptions::default());
    let line = Proxy::start(samba.tls_port());
    let options = options(&samba, &format!("ldaps://127.0.0.1:{}", line.port()));
    let domain = Domain::around(samba, options);
    let jane = domain.account("jane.doe").await;
    line.set(Fault::DropRequests);
    let outcome = domain
        .reset_within(&jane, NEW, Duration::from_secs(3))
        .await;
    assert_eq!(outcome, WriteOutcome::NotDone(NotDone::Down));
    assert!(domain.samba.opens_with("jane.doe", OLD));
}

#[tokio::test(flavor = "multi_thread")]
async fn start_tls_serves_as_well_and_a_foreign_base_is_named() {
    let samba = Samba::start(SambaOptions::default());
    let mut by_start_tls = options(&samba, &samba.ldap_url());
    by_start_tls.start_tls = true;
    let mut elsewhere: LdapOptions = options(&samba, &samba.ldaps_url());
    elsewhere.base = "DC=other,DC=example".into();
    let elsewhere = crate::desk::connect(elsewhere);
    let health = elsewhere.health().await;
    assert!(
        matches!(&health, Health::Down { during, .. } if during == "search"),
        "{health:?}"
    );
    let domain = Domain::around(samba, by_start_tls);
    let jane = domain.account("jane.doe").await;
    assert!(is_done(&domain.reset(&jane, NEW).await));
}
