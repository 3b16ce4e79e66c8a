use std::collections::BTreeSet;

use keymend_domain::deliver::{Notice, Origin, Recipient, Tidings, Urgency};
use keymend_domain::id::{CorrelationId, NoticeId};
use keymend_domain::limit::{Book, Counter, CounterKey, Lane};
use keymend_domain::method::{Contact, MethodKind};
use keymend_domain::policy::Settings;
use keymend_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS};

use super::{Bench, NOW, Stop, account, method};
use crate::store::{Conflict, Leased, Over, Queue, StoreFault};

fn notice(id: &str) -> Notice {
    Notice {
        id: NoticeId::stored(id.into()),
        to: Recipient::of_settings("security@mail.example").unwrap(),
        tidings: Tidings::PasswordChanged,
        subject: None,
        language: None,
        happened_at: NOW,
        origin: Origin::default(),
        correlation_id: CorrelationId::stored("journey".into()),
        expires_at: NOW.plus_ms(HOUR_MS),
        not_me: None,
        answers: None,
    }
}

const WARNINGS: Queue = Queue {
    carrier: MethodKind::Email,
    urgency: Urgency::Warning,
};

fn ids(leased: &[Leased]) -> Vec<&str> {
    leased.iter().map(|one| one.notice.id.as_str()).collect()
}

#[tokio::test]
async fn a_leased_notice_is_nobody_elses_until_the_lease_is_over() {
    let bench = Bench::new();
    let (one, other) = (bench.open().await, bench.open().await);
    one.transact(|tx| (1..=8).try_for_each(|n| tx.enqueue(&notice(&format!("n{n}")), NOW)))
        .await
        .unwrap();
    let mut taken = Vec::new();
    for store in [&one, &other, &one, &other] {
        let leased = store.transact(|tx| tx.lease_notices(WARNINGS, 3, NOW, MINUTE_MS));
        taken.extend(leased.await.unwrap());
    }
    assert_eq!(taken.len(), 8);
    assert_eq!(ids(&taken).iter().collect::<BTreeSet<_>>().len(), 8);
    assert!(taken.iter().all(|leased| leased.attempts == 1));

    let (done, later) = (taken[0].notice.id.clone(), taken[1].notice.id.clone());
    one.transact(move |tx| {
        tx.notice_done(&done)?;
        tx.notice_later(&later, NOW.plus_ms(HOUR_MS))
    })
    .await
    .unwrap();
    let after = NOW.plus_ms(MINUTE_MS);
    let again = other.transact(move |tx| tx.lease_notices(WARNINGS, 100, after, MINUTE_MS));
    let again = again.await.unwrap();
    assert_eq!(again.len(), 6);
    assert!(again.iter().all(|leased| leased.attempts == 2));
    assert_eq!(one.read(|rx| rx.outbox_len()).await.unwrap(), 7);
}

#[tokio::test]
async fn methods_are_added_used_shared_set_aside_and_removed() {
    let bench = Bench::new();
    let store = bench.in_memory().await;
    let phone = || Contact::Phone("+447700900123".into());
    store
        .transact(move |tx| {
            for name in ["jane", "bob"] {
                let mut old = method(&format!("old-{name}"), phone());
                old.added_at = NOW.plus_ms(-HOUR_MS);
                tx.add_method(&account(name), &old, "tag")?;
            }
            tx.add_method(&account("jane"), &method("new", phone()), "tag")?;
            tx.touch_methods(&account("jane"), &[method("new", phone()).id], NOW)
        })
        .await
        .unwrap();
    assert_eq!(store.read(|rx| rx.sharers("tag")).await.unwrap(), 2);
    let aside = store.transact(|tx| tx.set_aside_methods(&account("jane"), NOW.plus_ms(-1)));
    let aside = aside.await.unwrap();
    assert_eq!(aside.len(), 1);
    assert_eq!(aside[0].used_at, Some(NOW));
    let left = store
        .read(|rx| rx.standing(&account("jane")))
        .await
        .unwrap();
    assert_eq!(left.methods.len(), 1);
    assert_eq!(left.methods[0].id.as_str(), "old-jane");
    let foreign = method("old-bob", phone()).id;
    let removed = store.transact(move |tx| tx.remove_method(&account("jane"), &foreign));
    assert!(!removed.await.unwrap());
}

#[tokio::test]
async fn an_account_keeps_its_facts_its_freeze_and_its_epoch_apart() {
    let bench = Bench::new();
    let store = bench.in_memory().await;
    let jane = || account("jane");
    store
        .transact(move |tx| {
            tx.save_profile(&jane(), &("skipped".to_owned(), 2))?;
            tx.set_frozen(&jane(), true, NOW)?;
            tx.raise_epoch(&jane())?;
            tx.raise_epoch(&jane())?;
            tx.set_frozen(&jane(), false, NOW)
        })
        .await
        .unwrap();
    let (standing, profile) = store
        .read(move |rx| {
            Ok::<_, StoreFault>((rx.standing(&jane())?, rx.profile::<(String, u32)>(&jane())?))
        })
        .await
        .unwrap();
    assert_eq!((standing.epoch, standing.is_frozen), (2, false));
    assert_eq!(profile, Some(("skipped".to_owned(), 2)));
}

#[tokio::test]
async fn a_link_and_an_answer_of_the_bot_check_work_once() {
    let bench = Bench::new();
    let store = bench.in_memory().await;
    store
        .transact(|tx| {
            let journey = CorrelationId::stored("journey".into());
            tx.add_veto("link", &account("jane"), NOW.plus_ms(5), &journey)?;
            assert_eq!(tx.veto("link", NOW)?, Some((account("jane"), journey)));
            assert_eq!(tx.veto("link", NOW.plus_ms(5))?, None);
            assert_eq!(tx.veto("other", NOW)?, None);
            assert!(tx.use_veto("link")?);
            assert!(!tx.use_veto("link")?);
            assert!(tx.use_human("answer", NOW)?);
            assert!(!tx.use_human("answer", NOW)?);
            Ok::<(), StoreFault>(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn settings_saved_by_two_at_once_are_a_conflict_and_history_is_kept() {
    let bench = Bench::new();
    let store = bench.open().await;
    assert_eq!(store.read(|rx| rx.settings()).await.unwrap(), None);
    let save = |expected, gates| {
        let store = store.clone();
        async move {
            let settings = Settings {
                gates,
                ..Settings::default()
            };
            store
                .transact(move |tx| tx.save_settings(expected, &settings, "root", NOW))
                .await
                .unwrap()
        }
    };
    assert_eq!(save(0, 2).await.unwrap(), 1);
    let (one, other) = tokio::join!(save(1, 1), save(1, 3));
    assert_eq!(one.unwrap(), 2);
    assert_eq!(other, Err(Conflict { current: 2 }));
    let (version, settings) = store.read(|rx| rx.settings()).await.unwrap().unwrap();
    assert_eq!((version, settings.gates), (2, 1));
    let running = store.read(|rx| rx.settings_version()).await.unwrap();
    assert_eq!(running, Some(2));
    let history = store.read(|rx| rx.settings_history(9)).await.unwrap();
    let history: Vec<_> = history
        .iter()
        .map(|saved| (saved.version, saved.settings.gates, saved.saved_by.as_str()))
        .collect();
    assert_eq!(history, [(2, 1, "root"), (1, 2, "root")]);
}

#[tokio::test]
async fn what_is_over_is_forgotten_and_nothing_else() {
    let bench = Bench::new();
    let store = bench.open().await;
    let (old, young) = (NOW.plus_ms(-1), NOW.plus_ms(1));
    let forgotten = store.transact(move |tx| {
        for (name, until) in [("old", old), ("young", young)] {
            tx.add_familiar(name, &account("jane"), until)?;
            tx.use_human(name, until)?;
            let key = CounterKey::name(name, Lane::Familiar);
            tx.save(&key, &Counter::default(), until)
                .map_err(|_| Stop::Own)?;
        }
        let browsers = tx.forget_ended(NOW, 10)?;
        let counters = tx.forget_counters(NOW, 10)?;
        assert!(tx.familiar("young", NOW)?.is_some());
        Ok::<_, Stop>((browsers, counters))
    });
    assert_eq!(forgotten.await.unwrap(), (2, 1));
}

#[tokio::test]
async fn of_familiar_browsers_the_newest_are_kept() {
    let bench = Bench::new();
    let store = bench.open().await;
    let kept = store.transact(|tx| {
        for count in 0..12 {
            let until = NOW.plus_ms(100 + count);
            tx.add_familiar(&format!("browser {count}"), &account("jane"), until)?;
        }
        tx.add_familiar("another's", &account("bob"), NOW.plus_ms(1))?;
        assert_eq!(tx.keep_familiars(&account("jane"), 10)?, 2);
        assert!(tx.has_familiar(&account("jane"), NOW)?);
        assert!(!tx.has_familiar(&account("jane"), NOW.plus_ms(200))?);
        let mut kept = Vec::new();
        for name in [
            "browser 0",
            "browser 1",
            "browser 2",
            "browser 11",
            "another's",
        ] {
            kept.push(tx.familiar(name, NOW)?.is_some());
        }
        Ok::<_, StoreFault>(kept)
    });
    assert_eq!(kept.await.unwrap(), [false, false, true, true, true]);
}

#[tokio::test]
async fn a_session_goes_on_under_its_new_handle_alone() {
    let bench = Bench::new();
    let store = bench.open().await;
    let renewed = store.transact(|tx| {
        let jane = account("jane");
        tx.insert_session("old", &jane, NOW.plus_ms(9), &1_u8)?;
        let times = (NOW.plus_ms(9), NOW);
        tx.renew_session(("old", "new"), &jane, times, &2_u8)?;
        assert_eq!(tx.word_left("old", NOW)?, Some(Over::Renewed));
        assert_eq!(tx.word_left("old", NOW.plus_ms(10_000))?, None);
        assert!(!tx.save_session("old", NOW.plus_ms(9), &3_u8)?);
        Ok::<_, StoreFault>((tx.session::<u8>("old")?, tx.session::<u8>("new")?))
    });
    assert_eq!(renewed.await.unwrap(), (None, Some(2)));
}

#[tokio::test]
async fn every_session_of_an_account_ends_at_once() {
    let bench = Bench::new();
    let store = bench.open().await;
    let ended = store.transact(|tx| {
        for (handle, name) in [("a", "jane"), ("b", "jane"), ("c", "bob")] {
            tx.insert_session(handle, &account(name), NOW.plus_ms(9), &1_u8)?;
        }
        assert!(tx.save_session("b", NOW.plus_ms(10), &2_u8)?);
        let sessions = tx.sessions_of::<u8>(&account("jane"))?;
        let numbers: Vec<u8> = sessions.into_iter().map(|(_, number)| number).collect();
        assert_eq!(numbers, [1, 2]);
        let ended = tx.remove_sessions_of(&account("jane"))?;
        assert_eq!(tx.session::<u8>("a")?, None);
        assert!(!tx.save_session("a", NOW, &3_u8)?);
        assert_eq!(tx.session::<u8>("c")?, Some(1));
        assert!(tx.remove_session("c")?);
        Ok::<_, StoreFault>(ended)
    });
    assert_eq!(ended.await.unwrap(), 2);
}

#[tokio::test]
async fn of_a_session_that_is_over_a_word_is_left_for_a_day_and_nothing_of_the_person() {
    let bench = Bench::new();
    let store = bench.open().await;
    let words = store.transact(|tx| {
        let jane = account("jane");
        for handle in ["idle", "pushed"] {
            tx.insert_session(handle, &jane, NOW.plus_ms(9), &1_u8)?;
        }
        assert!(tx.has_session(&jane, NOW)?);
        assert!(!tx.has_session(&jane, NOW.plus_ms(9))?);
        let sessions = tx.sessions_of::<u8>(&jane)?;
        let (pushed, _) = sessions
            .iter()
            .find(|(row, _)| row.is_of("pushed"))
            .unwrap();
        tx.end_session(pushed, NOW)?;
        assert_eq!(tx.sessions_of::<u8>(&jane)?.len(), 1);
        assert_eq!(tx.forget_sessions(NOW.plus_ms(9), 10)?, 0);
        assert_eq!(tx.sessions_of::<u8>(&jane)?.len(), 0);
        let mut words = Vec::new();
        for handle in ["idle", "pushed"] {
            assert_eq!(tx.session::<u8>(handle)?, None);
            assert!(!tx.save_session(handle, NOW.plus_ms(9), &2_u8)?);
            words.push(tx.word_left(handle, NOW.plus_ms(10))?);
        }
        assert_eq!(tx.forget_sessions(NOW.plus_ms(DAY_MS + 9), 10)?, 2);
        assert_eq!(tx.word_left("idle", NOW)?, None);
        Ok::<_, StoreFault>(words)
    });
    assert_eq!(words.await.unwrap(), [Some(Over::Ended); 2]);
}

#[tokio::test]
async fn no_older_mark_of_a_browser_outlives_the_newest() {
    let bench = Bench::new();
    let store = bench.open().await;
    let (long, short) = (NOW.plus_ms(100), NOW.plus_ms(50));
    let kept = store.transact(move |tx| {
        let jane = account("jane");
        tx.add_familiar("older", &jane, long)?;
        tx.add_familiar("another's", &account("bob"), long)?;
        tx.add_familiar("newest", &jane, short)?;
        assert!(tx.familiar("older", NOW)?.is_some());
        assert!(tx.familiar("older", short)?.is_none());
        assert!(tx.familiar("another's", short)?.is_some());
        assert_eq!(tx.keep_familiars(&jane, 1)?, 1);
        Ok::<_, StoreFault>(tx.familiar("newest", NOW)?.is_some())
    });
    assert!(kept.await.unwrap());
}
