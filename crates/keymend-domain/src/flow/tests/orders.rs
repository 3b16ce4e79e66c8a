//! From the last gate to an open order.

use crate::account::{Lock, Protection};
use crate::audit::AuditDeed;
use crate::directory::{DeedKind, Found, RuleBroken, WriteOutcome};
use crate::flow::{Finish, Flow, Intent, Judged, View};
use crate::limit::{self, CounterKey};
use crate::method::MethodKind;
use crate::policy::Scope;
use crate::refusal::Refusal;
use crate::secret::Password;
use crate::time::{MINUTE_MS, SECOND_MS};
use crate::world::World;

fn view(world: &World, flow: &Flow) -> View {
    flow.view(&world.policy(), world.now)
}

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

#[test]
fn a_proven_flow_gets_one_ticket_that_is_saved_before_it_is_used() {
    let mut world = World::new();
    let flow = world.proves(Intent::Reset);
    let flow = world.orders_reset(flow);
    let opened = world.recorded(AuditDeed::OrderOpened);
    assert_eq!(opened[0].reason.as_deref(), Some("reset"));
    assert_eq!(view(&world, &flow), View::Working);
    let order = flow.open_order().unwrap();
    assert_eq!(order.deadline, world.now.plus_ms(30 * SECOND_MS));
    assert_eq!(world.ticket.as_ref().unwrap().order(), order);

    let second = world.orders_reset(flow);
    assert!(world.ticket.is_none());
    assert_eq!(world.refused(), "step.wrong");
    assert_eq!(second.stage().word(), "writing");
}

#[test]
fn a_ticket_becomes_an_order_with_the_passwords_of_its_kind_only() {
    let (new, current) = (password("quiet river 7"), password("old"));
    let table = [
        (DeedKind::Reset, [true, true, false, false]),
        (DeedKind::Change, [false, true, false, false]),
        (DeedKind::Unlock, [true, true, true, true]),
    ];
    for (kind, fits) in table {
        let given = [
            (Some(&new), None),
            (Some(&new), Some(&current)),
            (None, Some(&current)),
            (None, None),
        ];
        for ((new, current), fits) in given.into_iter().zip(fits) {
            let ticket = ticket(kind);
            let account = ticket.order().account.clone();
            let order = ticket.into_order(new, current);
            assert_eq!(order.is_some(), fits, "{kind:?}");
            if let Some(order) = order {
                assert_eq!((order.deed().kind(), order.account()), (kind, &account));
            }
        }
    }
}

fn ticket(kind: DeedKind) -> crate::flow::Ticket {
    let mut world = World::new();
    world.account().state.lock = Some(Lock { until: None });
    match kind {
        DeedKind::Reset => {
            let flow = world.proves(Intent::Reset);
            world.orders_reset(flow);
        }
        DeedKind::Unlock => {
            let flow = world.proves(Intent::Unlock);
            world.orders_unlock(flow);
        }
        DeedKind::Change => {
            world.orders_change(false);
        }
    }
    world.ticket.take().unwrap()
}

#[test]
fn a_password_that_breaks_rules_is_refused_with_all_of_them_and_the_gates_are_kept() {
    let mut world = World::new();
    let mut flow = world.proves(Intent::Reset);
    let broken = vec![
        RuleBroken::Short { least: 8, typed: 4 },
        RuleBroken::Few { least: 5 },
    ];
    for _ in 0..10 {
        let (fresh, judged) = (
            world.fresh(),
            Judged {
                broken: broken.clone(),
            },
        );
        flow = world.orders(|ctx| flow.order_reset(&fresh, judged, ctx));
        assert_eq!(
            world.refusal,
            Some(Refusal::PasswordRejected(broken.clone()))
        );
        assert!(world.ticket.is_none());
        assert!(matches!(view(&world, &flow), View::NewPassword { .. }));
    }
    let rejected = world.recorded(AuditDeed::PasswordRejected);
    assert_eq!(rejected[0].reason.as_deref(), Some("KM-4001,KM-4013"));
    // The eleventh submission ends the flow: guessing at the history is bounded.
    let flow = world.orders_reset(flow);
    assert_eq!(world.refused(), "flow.expired");
    assert_eq!(flow.stage().word(), "closed");
    assert!(world.ticket.is_none());
}

/// One thing that changed between the last gate and the write, and what the person then hears.
type Change = (&'static str, fn(&mut World), &'static str);

const CHANGES: [Change; 14] = [
    ("epoch", |world| world.standing.epoch += 1, "standing.lost"),
    (
        "frozen",
        |world| world.standing.is_frozen = true,
        "standing.lost",
    ),
    (
        "disabled",
        |world| world.account().state.is_disabled = true,
        "standing.lost",
    ),
    (
        "expired",
        |world| world.account().state.is_expired = true,
        "standing.lost",
    ),
    (
        "no change",
        |world| world.account().state.may_not_change = true,
        "standing.lost",
    ),
    (
        "protected",
        |world| world.account().state.protection = Some(Protection("tier 0".into())),
        "standing.lost",
    ),
    (
        "excluded",
        |world| world.settings.excluded_groups = vec!["staff".into()],
        "standing.lost",
    ),
    (
        "site off",
        |world| world.settings.scope = Scope::None,
        "standing.lost",
    ),
    (
        "administrator",
        |world| world.account().groups.push("admins".into()),
        "standing.lost",
    ),
    ("gone", |world| world.found = Found::Nobody, "standing.lost"),
    (
        "created anew",
        |world| world.account().id.anchor.0 = "a2".into(),
        "standing.lost",
    ),
    (
        "moved",
        |world| world.account().id.directory.0 = "lab".into(),
        "standing.lost",
    ),
    (
        "method off",
        |world| {
            world.settings.gates = 1;
            world.settings.methods = vec![MethodKind::Email];
        },
        "standing.lost",
    ),
    (
        "paused",
        |world| {
            world.settings.writeback.insert("corp".into(), false);
        },
        "site.paused",
    ),
];

#[test]
fn what_changed_since_the_gates_is_seen_before_the_write() {
    for (what, change, id) in CHANGES {
        for intent in [Intent::Reset, Intent::Unlock] {
            let mut world = World::new();
            world.account().state.lock = Some(Lock { until: None });
            let flow = world.proves(intent);
            change(&mut world);
            let flow = match intent {
                Intent::Reset => world.orders_reset(flow),
                Intent::Unlock => world.orders_unlock(flow),
            };
            assert_eq!(world.refused(), id, "{what}");
            assert!(world.ticket.is_none(), "{what}");
            let kept = if id == "site.paused" {
                "proven"
            } else {
                "closed"
            };
            assert_eq!(flow.stage().word(), kept, "{what}");
            assert_eq!(world.recorded(AuditDeed::OrderOpened).len(), 0, "{what}");
        }
    }
}

#[test]
fn a_policy_that_asks_for_more_gates_takes_effect_before_the_write() {
    let mut world = World::with_one_gate();
    let flow = world.proves(Intent::Reset);
    world.settings.gates = 2;
    world.orders_reset(flow);
    assert_eq!(world.refused(), "standing.lost");
}

#[test]
fn a_pause_keeps_the_gates_until_it_is_over() {
    let mut world = World::new();
    let flow = world.proves(Intent::Reset);
    world.settings.writeback.insert("corp".into(), false);
    let flow = world.orders_reset(flow);
    assert_eq!(world.refused(), "site.paused");
    world.settings.writeback.insert("corp".into(), true);
    world.orders_reset(flow);
    assert!(world.ticket.is_some());
}

#[test]
fn an_entry_that_was_only_renamed_is_the_same_account() {
    let mut world = World::new();
    let flow = world.proves(Intent::Reset);
    world.account().login = "jane.smith".into();
    world.account().display_name = "Jane Smith".into();
    world.orders_reset(flow);
    assert!(world.ticket.is_some());
}

#[test]
fn three_resets_in_a_day_are_the_most_and_an_unlock_is_none() {
    let mut world = World::new();
    world.account().state.lock = Some(Lock { until: None });
    let account = world.account().id.clone();
    let flow = world.proves(Intent::Reset);
    let resets = CounterKey::resets(&account);
    for _ in 0..3 {
        limit::take(&mut world.book, &resets, &limit::RESETS, world.now).unwrap();
    }
    world.orders_reset(flow.clone());
    assert_eq!(world.refused(), "standing.lost");
    let flow = world.does(flow, |flow, ctx| flow.switch_intent(Intent::Unlock, ctx));
    world.orders_unlock(flow);
    assert!(world.ticket.is_some());
}

#[test]
fn a_lock_is_lifted_where_there_is_one_and_only_if_that_was_asked_for() {
    let mut world = World::new();
    let flow = world.proves(Intent::Unlock);
    assert_eq!(
        view(&world, &flow),
        View::Unlock {
            login: "jane".into(),
            is_locked: false,
            is_allowed: true
        }
    );
    let flow = world.orders_unlock(flow);
    assert_eq!(world.refused(), "lock.none");
    assert_eq!(flow.stage().word(), "proven");

    world.account().state.lock = Some(Lock { until: None });
    let wrong = world.orders_reset(flow.clone());
    assert_eq!(world.refused(), "step.wrong");
    assert_eq!(wrong.stage().word(), "proven");
    let locked = world.orders_unlock(flow);
    assert_eq!(locked.open_order().unwrap().kind, DeedKind::Unlock);

    let resetting = world.proves(Intent::Reset);
    world.orders_unlock(resetting);
    assert_eq!(world.refused(), "step.wrong");
}

#[test]
fn unlocking_alone_is_switched_off_within_the_flow() {
    let mut world = World::new();
    world.account().state.lock = Some(Lock { until: None });
    let flow = world.proves(Intent::Unlock);
    world.settings.actions.unlock_without_reset = false;
    world.orders_unlock(flow);
    assert_eq!(world.refused(), "step.wrong");
    assert!(world.ticket.is_none());
}

#[test]
fn unlocking_alone_that_one_directory_does_not_have_is_said_and_a_new_password_goes_on() {
    let mut world = World::new();
    world.account().state.lock = Some(Lock { until: None });
    let directory = world.account().id.directory.0.clone();
    world.settings.unlocking.insert(directory, false);
    let flow = world.proves(Intent::Unlock);
    assert!(matches!(
        view(&world, &flow),
        View::Unlock {
            is_allowed: false,
            ..
        }
    ));
    // The step stays where it says so; nothing else is paused.
    let flow = world.orders_unlock(flow);
    assert_eq!(world.refused(), "step.wrong");
    assert!(world.ticket.is_none());
    assert_eq!(flow.stage().word(), "proven");

    let flow = world.does(flow, |flow, ctx| flow.switch_intent(Intent::Reset, ctx));
    let back = world.does(flow.clone(), |flow, ctx| {
        flow.switch_intent(Intent::Unlock, ctx)
    });
    assert_eq!(world.refused(), "step.wrong");
    assert_eq!(back.intent(), Some(Intent::Reset));
    let flow = world.orders_reset(flow);
    assert_eq!(flow.open_order().unwrap().kind, DeedKind::Reset);
}

#[test]
fn a_flow_that_is_over_writes_nothing() {
    let mut world = World::new();
    world.account().state.lock = Some(Lock { until: None });
    for intent in [Intent::Reset, Intent::Unlock] {
        let flow = world.proves(intent);
        world.now = flow.expires_at;
        let flow = match intent {
            Intent::Reset => world.orders_reset(flow),
            Intent::Unlock => world.orders_unlock(flow),
        };
        assert!(world.ticket.is_none());
        assert_eq!(world.refused(), "flow.expired");
        assert!(matches!(
            view(&world, &flow),
            View::Finished {
                finish: Finish::Expired,
                ..
            }
        ));
        world.wait_mins(120);
    }
}

#[test]
fn a_directory_refusal_lengthens_the_proofs_once() {
    let mut world = World::new();
    let mut flow = world.proves(Intent::Reset);
    for (waited, left) in [(14, 5), (4, 1)] {
        world.wait_mins(waited);
        flow = world.orders_reset(flow);
        assert!(world.ticket.is_some());
        let refused = WriteOutcome::Refused(vec![RuleBroken::Unsaid]);
        flow = world.does(flow, |flow, ctx| flow.settle(&refused, ctx));
        assert_eq!(flow.expires_at.since_ms(world.now), left * MINUTE_MS);
    }
    world.wait_mins(1);
    world.orders_reset(flow);
    assert_eq!(world.refused(), "flow.expired");
}

#[test]
fn a_change_needs_no_proofs_because_the_directory_asks_for_the_old_password() {
    let mut world = World::new();
    world.standing.methods.clear();
    let flow = world.orders_change(true);
    assert!(world.effects.renews_handle);
    assert!(world.ticket.is_some());
    let order = flow.open_order().unwrap();
    assert_eq!((order.kind, order.forced), (DeedKind::Change, true));
}

#[test]
fn a_change_stops_where_keymend_may_not_write() {
    let table: [Change; 5] = [
        (
            "protected",
            |world| world.account().state.protection = Some(Protection("tier 0".into())),
            "write.protected",
        ),
        (
            "paused",
            |world| {
                world.settings.writeback.insert("corp".into(), false);
            },
            "site.paused",
        ),
        (
            "out of scope, allowed",
            |world| world.settings.scope = Scope::None,
            "",
        ),
        (
            "out of scope",
            |world| {
                world.settings.scope = Scope::None;
                world.settings.actions.change_out_of_scope = false;
            },
            "standing.lost",
        ),
        (
            "administrator",
            |world| world.account().groups.push("admins".into()),
            "",
        ),
    ];
    for (what, change, id) in table {
        let mut world = World::new();
        change(&mut world);
        let flow = world.orders_change(false);
        assert_eq!(world.refused(), id, "{what}");
        assert_eq!(world.ticket.is_some(), id.is_empty(), "{what}");
        if let Some(refusal) = world.refusal.clone() {
            let View::Finished { finish, .. } = view(&world, &flow) else {
                panic!("still going: {what}");
            };
            assert_eq!(finish, Finish::NotDone(refusal));
        }
    }
}

/// Rewrites a stored flow, as a thief with the database might.
fn forged(flow: &Flow, change: impl FnOnce(&mut serde_json::Value)) -> Flow {
    let mut stored = serde_json::to_value(flow).unwrap();
    change(&mut stored);
    serde_json::from_value(stored).unwrap()
}

#[test]
fn neither_a_proof_that_ran_out_nor_one_counted_twice_writes_anything() {
    let mut world = World::new();
    let flow = world.proves(Intent::Reset);
    let twice = forged(&flow, |stored| {
        let proofs = &mut stored["stage"]["proven"]["proofs"];
        proofs[1] = proofs[0].clone();
    });
    world.orders_reset(twice);
    assert_eq!(world.refused(), "standing.lost");

    world.wait_mins(16);
    let later = world.now.plus_ms(MINUTE_MS).0;
    let late = forged(&flow, |stored| stored["expires_at"] = later.into());
    world.orders_reset(late);
    assert_eq!(world.refused(), "standing.lost");
    assert!(world.ticket.is_none());
}
