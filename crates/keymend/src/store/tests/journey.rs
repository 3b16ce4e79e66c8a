//! Flows as the service saves them: every step decided and saved in one transaction.

use keymend_domain::account::{Account, AccountState, Claim};
use keymend_domain::code::{MacKey, typed};
use keymend_domain::deliver::Tidings;
use keymend_domain::directory::{Check, Found, WriteOutcome};
use keymend_domain::flow::{
    Caller, Context, Flow, FlowFault, FlowKeys, Fresh, Gathered, Intent, Judged, Stage, Step,
};
use keymend_domain::id::CorrelationId;
use keymend_domain::method::{Contact, MethodKind};
use keymend_domain::policy::{Policy, Scope, Settings};
use keymend_domain::time::MINUTE_MS;

use super::{Bench, NOW, account, method};
use crate::entropy::SystemEntropy;
use crate::store::{FaultKind, Store, StoreFault, Tx};

#[derive(Debug)]
#[expect(dead_code, reason = "shown when a test fails")]
enum Stop {
    Flow(FlowFault),
    Store(StoreFault),
}

impl From<StoreFault> for Stop {
    fn from(fault: StoreFault) -> Self {
        Self::Store(fault)
    }
}

fn mail() -> Contact {
    Contact::Email("jane@mail.example".into())
}

fn jane() -> Account {
    Account {
        id: account("jane"),
        login: "jane".into(),
        display_name: "Jane Roe".into(),
        given_name: None,
        surname: None,
        mail: Vec::new(),
        phones: Vec::new(),
        groups: Vec::new(),
        language: None,
        state: AccountState::default(),
    }
}

fn policy() -> Policy {
    let settings = Settings {
        scope: Scope::All,
        gates: 1,
        ..Settings::default()
    };
    Policy::try_new(settings, 1).unwrap()
}

/// Decides one step from what is stored, and saves it; `handle` is the browser's next handle.
async fn stepped(
    store: &Store,
    handle: &'static str,
    gather: impl FnOnce(&Tx<'_>) -> Decide + Send + 'static,
) -> Step {
    let saved = store.transact(move |tx| {
        let decide = gather(tx);
        let keys = FlowKeys {
            code: MacKey::new([1; 32]),
            name: MacKey::new([2; 32]),
        };
        let mut ctx = Context {
            now: NOW,
            entropy: &SystemEntropy,
            keys: &keys,
            policy: &policy(),
            book: tx.book(),
            caller: &Caller::default(),
        };
        let step = decide(&mut ctx).map_err(Stop::Flow)?;
        let renewed = step.effects.renews_handle.then_some(handle);
        tx.commit_step(&step, None, renewed)?;
        Ok::<Step, Stop>(step)
    });
    saved.await.unwrap()
}

type Decide = Box<dyn FnOnce(&mut Context<'_>) -> Result<Step, FlowFault>>;

fn kept(tx: &Tx<'_>, handle: &str) -> Flow {
    tx.flow(handle).unwrap().unwrap()
}

async fn register(store: &Store) {
    store
        .transact(|tx| tx.add_method(&account("jane"), &method("m-mail", mail()), "tag"))
        .await
        .unwrap();
}

/// A flow of Jane's that waits for "I forgot".
async fn opened(store: &Store, handle: &'static str) -> Step {
    stepped(store, handle, |tx| {
        let standing = tx.standing(&account("jane")).unwrap();
        let gathered = Gathered {
            found: Found::One(Box::new(jane())),
            standing,
        };
        let claim = Claim::new("jane").unwrap();
        let journey = CorrelationId::stored("journey".into());
        Box::new(move |ctx| Flow::open(&claim, journey, gathered, ctx))
    })
    .await
}

/// A flow of Jane's that passed its gate; its browser holds `handle` then.
async fn proven(store: &Store, first: &'static str, handle: &'static str) -> Step {
    opened(store, first).await;
    stepped(store, "unused", move |tx| {
        let flow = kept(tx, first);
        Box::new(move |ctx| flow.choose_intent(Intent::Reset, ctx))
    })
    .await;
    stepped(store, "unused", move |tx| {
        let flow = kept(tx, first);
        Box::new(move |ctx| flow.choose_method(MethodKind::Email, ctx))
    })
    .await;
    let asked = stepped(store, "unused", move |tx| {
        let flow = kept(tx, first);
        Box::new(move |ctx| flow.challenge(Some(&mail()), ctx))
    })
    .await;
    let Some(Tidings::Code { code, .. }) = asked.notices.first().map(|notice| &notice.tidings)
    else {
        panic!("no code was sent: {asked:?}");
    };
    let code = code.expose().to_owned();
    stepped(store, handle, move |tx| {
        let flow = kept(tx, first);
        Box::new(move |ctx| flow.prove(typed(&code).as_ref(), ctx))
    })
    .await
}

/// Jane's proven flow orders its write.
async fn ordered(store: &Store, handle: &'static str) -> Step {
    stepped(store, handle, move |tx| {
        let flow = kept(tx, handle);
        let fresh = Fresh {
            account: Some(jane()),
            standing: tx.standing(&account("jane")).unwrap(),
        };
        let judged = Judged { broken: Vec::new() };
        Box::new(move |ctx| Ok(flow.order_reset(&fresh, judged, ctx)?.step))
    })
    .await
}

async fn stage(store: &Store, handle: &'static str) -> Option<&'static str> {
    let flow = store.read(move |rx| rx.flow(handle)).await.unwrap();
    flow.map(|flow| flow.stage().word())
}

#[tokio::test]
async fn a_renewed_handle_ends_the_old_one() {
    let bench = Bench::new();
    let store = bench.open().await;
    register(&store).await;
    proven(&store, "first", "second").await;
    assert_eq!(stage(&store, "first").await, None);
    assert_eq!(stage(&store, "unused").await, None);
    assert_eq!(stage(&store, "second").await, Some("proven"));
    let used = store
        .read(|rx| rx.standing(&account("jane")))
        .await
        .unwrap();
    assert_eq!(used.methods[0].used_at, Some(NOW));
}

#[tokio::test]
async fn a_step_leaves_its_notices_and_its_audit_lines_together() {
    let bench = Bench::new();
    let store = bench.open().await;
    register(&store).await;
    proven(&store, "first", "second").await;
    let (lines, notices) = store
        .read(|rx| Ok::<_, StoreFault>((rx.audit_len()?, rx.outbox_len()?)))
        .await
        .unwrap();
    assert_eq!(notices, 1);
    // opened, intent, offered, sent, given, passed
    assert_eq!(lines, 6);
}

#[tokio::test]
async fn a_second_proven_flow_replaces_the_first() {
    let bench = Bench::new();
    let store = bench.open().await;
    register(&store).await;
    proven(&store, "one", "one-proven").await;
    opened(&store, "waiting").await;
    proven(&store, "two", "two-proven").await;
    assert_eq!(stage(&store, "one-proven").await, Some("closed"));
    assert_eq!(stage(&store, "waiting").await, Some("choosing"));
    assert_eq!(stage(&store, "two-proven").await, Some("proven"));
}

#[tokio::test]
async fn a_written_password_ends_every_other_flow_but_one_with_an_open_order() {
    let bench = Bench::new();
    let store = bench.open().await;
    register(&store).await;
    proven(&store, "one", "writing").await;
    ordered(&store, "writing").await;
    opened(&store, "waiting").await;
    proven(&store, "two", "done").await;
    ordered(&store, "done").await;
    let settled = stepped(&store, "unused", |tx| {
        let flow = kept(tx, "done");
        let outcome = WriteOutcome::Done {
            check: Check::ReadBack,
            unlocked: false,
            change_again: false,
        };
        Box::new(move |ctx| {
            let order = flow.open_order().unwrap().id.clone();
            Ok(flow.settle_order(&order, &outcome, ctx)?.unwrap())
        })
    })
    .await;
    assert_eq!(stage(&store, "done").await, Some("closed"));
    assert_eq!(stage(&store, "waiting").await, Some("closed"));
    assert_eq!(stage(&store, "writing").await, Some("writing"));
    let token = settled.effects.veto.unwrap().token;
    let (veto, standing) = store
        .read(move |rx| {
            Ok::<_, StoreFault>((
                rx.veto(token.expose(), NOW)?,
                rx.standing(&account("jane"))?,
            ))
        })
        .await
        .unwrap();
    assert_eq!(veto.unwrap().0, account("jane"));
    assert_eq!(standing.epoch, 1);
}

#[tokio::test]
async fn orders_past_their_deadline_and_flows_past_their_time_are_found() {
    let bench = Bench::new();
    let store = bench.open().await;
    register(&store).await;
    proven(&store, "one", "writing").await;
    ordered(&store, "writing").await;
    opened(&store, "waiting").await;
    let (now, later) = (NOW.plus_ms(1), NOW.plus_ms(60 * MINUTE_MS));
    let found = store
        .read(move |rx| {
            assert!(rx.unsettled(now, (0, 9))?.is_empty());
            assert!(rx.unsettled(later, (1, 9))?.is_empty());
            assert!(rx.expired(now, 9)?.is_empty());
            let count = rx.count_flows_by_stage()?;
            Ok::<_, StoreFault>((rx.unsettled(later, (0, 9))?, rx.expired(later, 9)?, count))
        })
        .await
        .unwrap();
    assert_eq!(found.0.len(), 1);
    assert!(matches!(found.0[0].stage(), Stage::Writing(_)));
    assert_eq!(found.1.len(), 1);
    assert!(matches!(found.1[0].stage(), Stage::Choosing(_)));
    assert_eq!(
        found.2,
        [("choosing".to_owned(), 1), ("writing".to_owned(), 1)]
    );
    let forgotten = store.transact(move |tx| {
        for flow in tx.expired(later, 9)? {
            tx.commit_step(&flow.expire(later), None, None)?;
        }
        tx.forget_flows(later, 9)
    });
    assert_eq!(forgotten.await.unwrap(), 1);
}

#[tokio::test]
async fn a_proven_flow_handed_to_another_browser_does_not_open() {
    let bench = Bench::new();
    let store = bench.open().await;
    register(&store).await;
    proven(&store, "one", "jane-s").await;
    opened(&store, "mallory-s").await;
    let intruder = bench.intruder();
    let hash = crate::store::tx::hashed("mallory-s");
    intruder
        .execute("DELETE FROM flow WHERE handle_hash = $1", [&hash])
        .unwrap();
    intruder
        .execute("UPDATE flow SET handle_hash = $1", [&hash])
        .unwrap();
    assert_eq!(stage(&store, "mallory-s").await, None);
    assert_eq!(store.damaged_rows(), 1);
}

#[tokio::test]
async fn a_step_is_not_saved_without_its_new_handle_or_under_a_foreign_one() {
    let bench = Bench::new();
    let store = bench.open().await;
    register(&store).await;
    let step = opened(&store, "first").await;
    let refused = store.transact(move |tx| tx.commit_step(&step, None, None));
    assert_eq!(refused.await.unwrap_err().kind(), FaultKind::Other);
    let refused = store.transact(|tx| {
        let step = kept(tx, "first").expire(NOW);
        tx.commit_step(&step, Some("foreign"), None)
    });
    assert_eq!(refused.await.unwrap_err().kind(), FaultKind::Other);
    assert_eq!(stage(&store, "first").await, Some("choosing"));
}
