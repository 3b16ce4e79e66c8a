//! What came of an order, and what follows from it.

use expect_test::expect;

use crate::account::{Account, Lock};
use crate::audit::AuditDeed;
use crate::directory::{
    Barrier, Check, DeedKind, Found, NotDone, Reread, RuleBroken, WriteOutcome,
};
use crate::flow::{EndOthers, Flow, Intent, OpenOrder, View};
use crate::limit::{CounterKey, Lane};
use crate::method::MethodKind;
use crate::time::Moment;
use crate::world::{WRONG, World};

const KINDS: [DeedKind; 3] = [DeedKind::Reset, DeedKind::Change, DeedKind::Unlock];

fn outcomes() -> Vec<WriteOutcome> {
    let done = |check, unlocked, change_again| WriteOutcome::Done {
        check,
        unlocked,
        change_again,
    };
    let mut outcomes = vec![
        done(Check::SignedIn, false, false),
        done(Check::ReadBack, true, true),
        WriteOutcome::Barred(Barrier::StillLocked),
        WriteOutcome::Barred(Barrier::CannotSignIn),
        WriteOutcome::Refused(vec![]),
        WriteOutcome::Refused(vec![RuleBroken::History { remembered: 24 }]),
    ];
    let not_done = [
        NotDone::Down,
        NotDone::Late,
        NotDone::Gone,
        NotDone::Protected,
        NotDone::Rights,
        NotDone::WrongCurrent,
        NotDone::NotLocked,
    ];
    outcomes.extend(not_done.map(WriteOutcome::NotDone));
    outcomes.push(WriteOutcome::Unknown);
    outcomes
}

/// A world with one open order of this kind.
fn writing(kind: DeedKind) -> (World, Flow) {
    let mut world = World::new();
    world.account().state.lock = Some(Lock { until: None });
    let flow = match kind {
        DeedKind::Reset => {
            let flow = world.proves(Intent::Reset);
            world.orders_reset(flow)
        }
        DeedKind::Unlock => {
            let flow = world.proves(Intent::Unlock);
            world.orders_unlock(flow)
        }
        DeedKind::Change => world.orders_change(false),
    };
    world.outbox.clear();
    world.audit.clear();
    (world, flow)
}

fn page(world: &World, flow: &Flow) -> String {
    match flow.view(&world.policy(), world.now) {
        View::Finished { finish, .. } => format!("{finish:?}"),
        View::NewPassword { .. } => "NewPassword".into(),
        View::Unlock { .. } => "Unlock".into(),
        other => format!("{other:?}"),
    }
}

fn settled(kind: DeedKind) -> String {
    let mut table = String::new();
    for outcome in outcomes() {
        let (mut world, flow) = writing(kind);
        let flow = world.does(flow, |flow, ctx| flow.settle(&outcome, ctx));
        let reason = world.recorded(AuditDeed::OrderSettled)[0]
            .reason
            .clone()
            .unwrap();
        let deeds: Vec<&str> = world.audit[1..]
            .iter()
            .map(|event| event.event.word())
            .collect();
        let told: Vec<String> = world
            .told()
            .iter()
            .map(|line| line[..2].to_owned())
            .collect();
        table.push_str(&format!(
            "{reason} | {} | {} | {} | {}\n",
            page(&world, &flow),
            world.refused(),
            deeds.join(" "),
            told.join(" "),
        ));
        // What may have been written is treated as written.
        let was_written = matches!(outcome, WriteOutcome::Done { .. })
            || matches!(outcome, WriteOutcome::Barred(_) | WriteOutcome::Unknown)
                && kind != DeedKind::Unlock;
        let account = world.account().id.clone();
        let ends = was_written.then(|| EndOthers::All(account.clone()));
        assert_eq!(world.effects.end_others, ends, "{kind:?} {outcome:?}");
        assert_eq!(world.effects.raise_epoch, was_written.then_some(account));
        assert_eq!(world.effects.veto.is_some(), was_written);
        let is_watched = was_written && kind != DeedKind::Unlock;
        assert_eq!(
            world.effects.watch.is_some(),
            is_watched,
            "{kind:?} {outcome:?}"
        );
    }
    table
}

#[test]
fn a_reset_settles_with_every_outcome() {
    expect![[r#"
        done | Done { kind: Reset, unlocked: false, change_again: false } |  | password.reset | M4 M4
        done, read back | Done { kind: Reset, unlocked: true, change_again: true } |  | password.reset account.unlocked | M4 M4
        barred | Barred(StillLocked) |  | password.reset | M4 M4
        barred | Barred(CannotSignIn) |  | password.reset | M4 M4
        refused KM-4010 | NewPassword | password.rejected |  | 
        refused KM-4008 | NewPassword | password.rejected |  | 
        not done KM-3001 | NewPassword | directory.down |  | 
        not done KM-3001 | NewPassword | directory.down |  | 
        not done KM-3005 | Refused(StandingLost) | standing.lost |  | 
        not done KM-3004 | Refused(WriteProtected) | write.protected |  | 
        not done KM-3003 | Refused(RightsMissing) | rights.missing | directory.state | 
        not done KM-4014 | Refused(PasswordOld) | pw.old |  | 
        not done KM-3013 | NewPassword | lock.none |  | 
        unknown KM-3002 | Unknown |  |  | M4 M4
    "#]].assert_eq(&settled(DeedKind::Reset));
}

#[test]
fn a_change_settles_with_every_outcome() {
    expect![[r#"
        done | Done { kind: Change, unlocked: false, change_again: false } |  | password.changed | M5 M5
        done, read back | Done { kind: Change, unlocked: true, change_again: true } |  | password.changed | M5 M5
        barred | Barred(StillLocked) |  | password.changed | M5 M5
        barred | Barred(CannotSignIn) |  | password.changed | M5 M5
        refused KM-4010 | ChangeRefused([Unsaid]) | password.rejected |  | 
        refused KM-4008 | ChangeRefused([History { remembered: 24 }]) | password.rejected |  | 
        not done KM-3001 | NotDone(DirectoryDown { directory: "corp" }) | directory.down |  | 
        not done KM-3001 | NotDone(DirectoryDown { directory: "corp" }) | directory.down |  | 
        not done KM-3005 | NotDone(StandingLost) | standing.lost |  | 
        not done KM-3004 | NotDone(WriteProtected) | write.protected |  | 
        not done KM-3003 | NotDone(RightsMissing) | rights.missing | directory.state | 
        not done KM-4014 | ChangeWrongCurrent | pw.old |  | 
        not done KM-3013 | NotDone(LockNone) | lock.none |  | 
        unknown KM-3002 | Unknown |  |  | M4 M4
    "#]].assert_eq(&settled(DeedKind::Change));
}

#[test]
fn an_unlock_settles_with_every_outcome() {
    expect![[r#"
        done | Done { kind: Unlock, unlocked: false, change_again: false } |  | account.unlocked | M6 M6
        done, read back | Done { kind: Unlock, unlocked: true, change_again: true } |  | account.unlocked | M6 M6
        barred | Barred(StillLocked) |  |  | 
        barred | Barred(CannotSignIn) |  |  | 
        refused KM-4010 | Unlock | password.rejected |  | 
        refused KM-4008 | Unlock | password.rejected |  | 
        not done KM-3001 | Unlock | directory.down |  | 
        not done KM-3001 | Unlock | directory.down |  | 
        not done KM-3005 | Refused(StandingLost) | standing.lost |  | 
        not done KM-3004 | Refused(WriteProtected) | write.protected |  | 
        not done KM-3003 | Refused(RightsMissing) | rights.missing | directory.state | 
        not done KM-4014 | Refused(PasswordOld) | pw.old |  | 
        not done KM-3013 | Unlock | lock.none |  | 
        unknown KM-3002 | Unknown |  |  | 
    "#]].assert_eq(&settled(DeedKind::Unlock));
}

#[test]
fn a_settlement_that_comes_twice_changes_nothing() {
    for kind in KINDS {
        for outcome in outcomes() {
            let (mut world, flow) = writing(kind);
            let once = world.does(flow, |flow, ctx| flow.settle(&outcome, ctx));
            let (told, recorded) = (world.outbox.len(), world.audit.len());
            let book = world.book.clone();
            let before = serde_json::to_string(&once).unwrap();
            for second in outcomes() {
                let twice = world.does(once.clone(), |flow, ctx| flow.settle(&second, ctx));
                assert_eq!(serde_json::to_string(&twice).unwrap(), before);
            }
            assert_eq!((world.outbox.len(), world.audit.len()), (told, recorded));
            assert_eq!(world.book.0, book.0);
        }
    }
}

#[test]
fn an_open_order_outlives_the_time_of_its_flow() {
    let (mut world, flow) = writing(DeedKind::Reset);
    world.wait_mins(60);
    assert!(!flow.is_over(world.now));
    assert!(page(&world, &flow).starts_with("Unknown"));
    let flow = world.does(flow, Flow::cancel);
    assert_eq!(world.refused(), "step.wrong");
    assert_eq!(flow.stage().word(), "writing");
}

#[test]
fn a_refusal_of_the_directory_without_a_reason_still_has_one() {
    let (mut world, flow) = writing(DeedKind::Reset);
    let refused = WriteOutcome::Refused(vec![]);
    world.does(flow, |flow, ctx| flow.settle(&refused, ctx));
    let unsaid = crate::refusal::Refusal::PasswordRejected(vec![RuleBroken::Unsaid]);
    assert_eq!(world.refusal, Some(unsaid));
}

#[test]
fn success_clears_the_tries_used_and_the_failures_of_the_name_and_nothing_else() {
    let mut world = World::new();
    let flow = world.starts();
    let flow = world.asks(flow, MethodKind::Email);
    let flow = world.answers(flow, WRONG);
    let flow = world.answers_right(flow);
    let flow = world.passes(flow, MethodKind::Text);
    let flow = world.orders_reset(flow);
    let keys = |world: &World, part: &str| {
        let held = world.book.0.keys();
        held.filter(|key| key.as_str().starts_with(part)).count()
    };
    assert_eq!((keys(&world, "tries:"), keys(&world, "name:")), (2, 1));
    let (sends, places) = (keys(&world, "sends:"), keys(&world, "dest:"));
    let done = WriteOutcome::Done {
        check: Check::SignedIn,
        unlocked: false,
        change_again: false,
    };
    world.does(flow, |flow, ctx| flow.settle(&done, ctx));
    assert_eq!((keys(&world, "tries:"), keys(&world, "name:")), (0, 0));
    assert_eq!(
        (keys(&world, "sends:"), keys(&world, "dest:")),
        (sends, places)
    );
    assert_eq!(keys(&world, "resets:"), 1);
}

#[test]
fn success_ends_the_streaks_of_every_lane_and_leaves_their_tries_counted() {
    let mut world = World::with_one_gate();
    let text = CounterKey::tries("corp/a1", MethodKind::Text, Lane::Familiar);
    let now = world.now;
    crate::limit::take_try(&mut world.book, &text, Lane::Familiar, 5, now).unwrap();
    crate::limit::note_wrong(&mut world.book, &text, now).unwrap();
    let flow = world.proves(Intent::Reset);
    let flow = world.orders_reset(flow);
    let done = outcomes().remove(0);
    world.does(flow, |flow, ctx| flow.settle(&done, ctx));
    let left = &world.book.0[&text];
    assert_eq!((left.streak, left.hits.len()), (0, 1));
}

#[test]
fn administrators_hear_of_an_administrator_and_the_person_concerned_does_not_hear_twice() {
    let mut world = World::new();
    world.settings.notifications.administrator_addresses =
        vec!["security@corp.example".into(), "jane@corp.example".into()];
    let flow = world.proves(Intent::Reset);
    let flow = world.orders_reset(flow);
    world.settings.administrator_groups = vec!["staff".into()];
    world.outbox.clear();
    let done = outcomes().remove(0);
    world.does(flow, |flow, ctx| flow.settle(&done, ctx));
    assert_eq!(
        world.told(),
        [
            "M4 jane@corp.example",
            "M4 jane@mail.example",
            "M7 security@corp.example"
        ]
    );
}

#[test]
fn a_notice_holds_no_code_and_no_password() {
    for kind in KINDS {
        let (mut world, flow) = writing(kind);
        let done = outcomes().remove(0);
        world.does(flow, |flow, ctx| flow.settle(&done, ctx));
        for notice in &world.outbox {
            assert!(notice.answers.is_none());
            assert!(notice.not_me.is_some());
            assert!(notice.expires_at > world.now);
        }
    }
}

fn opened_order(world: &mut World, kind: DeedKind) -> OpenOrder {
    let flow = match kind {
        DeedKind::Reset => {
            let flow = world.proves(Intent::Reset);
            world.orders_reset(flow)
        }
        DeedKind::Unlock => {
            let flow = world.proves(Intent::Unlock);
            world.orders_unlock(flow)
        }
        DeedKind::Change => world.orders_change(false),
    };
    flow.open_order().unwrap().clone()
}

#[test]
fn an_order_nobody_settled_is_judged_by_reading_the_directory() {
    type Turn = fn(&mut World);
    let nothing: Turn = |_| {};
    let changed: Turn = |world| {
        let now = world.now;
        let state = &mut world.account().state;
        (state.password_changed_at, state.lock) = (Some(now), None);
    };
    let still_locked: Turn = |world| {
        let now = world.now;
        world.account().state.password_changed_at = Some(now);
    };
    let disabled: Turn = |world| {
        let now = world.now;
        let state = &mut world.account().state;
        (state.password_changed_at, state.lock) = (Some(now), None);
        state.is_disabled = true;
    };
    let unlocked: Turn = |world| world.account().state.lock = None;
    let gone: Turn = |world| world.found = Found::Nobody;
    let untold: Turn = |world| world.account().state.password_changed_at = None;
    let table = [
        ("nothing", nothing),
        ("changed", changed),
        ("changed, still locked", still_locked),
        ("changed, disabled", disabled),
        ("unlocked", unlocked),
        ("gone", gone),
        ("no time told", untold),
    ];
    let mut lines = String::new();
    for kind in KINDS {
        for (what, turn) in table {
            let mut world = World::new();
            let state = &mut world.account().state;
            state.lock = Some(Lock { until: None });
            state.password_changed_at = Some(Moment(1));
            let order = opened_order(&mut world, kind);
            turn(&mut world);
            let outcome = order.reconcile(&Reread::of_one(world.fresh().account));
            lines.push_str(&format!("{kind:?}, {what}: {outcome:?}\n"));
        }
    }
    expect![[r#"
        Reset, nothing: NotDone(Late)
        Reset, changed: Done { check: ReadBack, unlocked: true, change_again: false }
        Reset, changed, still locked: Barred(StillLocked)
        Reset, changed, disabled: Barred(CannotSignIn)
        Reset, unlocked: NotDone(Late)
        Reset, gone: NotDone(Gone)
        Reset, no time told: Unknown
        Change, nothing: NotDone(Late)
        Change, changed: Done { check: ReadBack, unlocked: true, change_again: false }
        Change, changed, still locked: Barred(StillLocked)
        Change, changed, disabled: Barred(CannotSignIn)
        Change, unlocked: NotDone(Late)
        Change, gone: NotDone(Gone)
        Change, no time told: Unknown
        Unlock, nothing: NotDone(Late)
        Unlock, changed: Done { check: ReadBack, unlocked: true, change_again: false }
        Unlock, changed, still locked: NotDone(Late)
        Unlock, changed, disabled: Done { check: ReadBack, unlocked: true, change_again: false }
        Unlock, unlocked: Done { check: ReadBack, unlocked: true, change_again: false }
        Unlock, gone: NotDone(Gone)
        Unlock, no time told: NotDone(Late)
    "#]]
    .assert_eq(&lines);
}

/// Two servers of one directory: when the password was changed as each shows it (`None`: it does
/// not answer), and what is said of a write before which it was changed at 10.
#[test]
fn of_two_servers_one_tells_that_it_was_written_and_only_both_that_it_was_not() {
    let mut world = World::new();
    world.account().state.password_changed_at = Some(Moment(10));
    let order = opened_order(&mut world, DeedKind::Reset);
    let shows = |at: i64| {
        let mut account = world.fresh().account;
        account.as_mut().unwrap().state.password_changed_at = Some(Moment(at));
        account
    };
    let said = |servers: [Option<i64>; 2]| {
        let answers = servers.iter().flatten();
        order.reconcile(&Reread {
            shown: answers.map(|at| shows(*at)).collect(),
            is_whole: !servers.contains(&None),
        })
    };
    let late = WriteOutcome::NotDone(NotDone::Late);
    for written in [[Some(20), Some(10)], [Some(10), Some(20)], [None, Some(20)]] {
        assert!(
            matches!(said(written), WriteOutcome::Done { .. }),
            "{written:?}"
        );
    }
    // Without the password, an earlier change that one of them had not heard of looks the same.
    let unconfirmed = |servers: &[i64]| {
        order.reconcile_unconfirmed(&Reread {
            shown: servers.iter().map(|at| shows(*at)).collect(),
            is_whole: true,
        })
    };
    assert_eq!(unconfirmed(&[20, 10]), WriteOutcome::Unknown);
    assert_eq!(unconfirmed(&[10, 10]), late);
    assert!(matches!(unconfirmed(&[20]), WriteOutcome::Done { .. }));
    assert_eq!(said([Some(10), Some(10)]), late);
    // The one that took it may be the one that is silent; or one lags behind an earlier change.
    for unsure in [
        [None, Some(10)],
        [Some(10), None],
        [Some(10), Some(5)],
        [Some(5), None],
    ] {
        assert_eq!(said(unsure), WriteOutcome::Unknown, "{unsure:?}");
    }
    let gone = |is_whole| {
        let shown = vec![None];
        order.reconcile(&Reread { shown, is_whole })
    };
    assert_eq!(gone(true), WriteOutcome::NotDone(NotDone::Gone));
    assert_eq!(gone(false), WriteOutcome::Unknown);
}

#[test]
fn an_unlock_in_doubt_leads_back_to_the_button() {
    let mut world = World::new();
    world.account().state.lock = Some(Lock { until: None });
    let order = opened_order(&mut world, DeedKind::Unlock);
    let locked = world.fresh().account;
    world.account().state.lock = None;
    let open = world.fresh().account;
    let late = WriteOutcome::NotDone(NotDone::Late);
    let said = |shown: [&Option<Account>; 2], is_whole| {
        let shown = shown.into_iter().cloned().collect();
        order.reconcile(&Reread { shown, is_whole })
    };
    assert!(matches!(
        said([&open, &open], true),
        WriteOutcome::Done { .. }
    ));
    assert_eq!(said([&open, &open], false), late);
    assert_eq!(said([&open, &locked], true), late);
    assert_eq!(said([&locked, &locked], true), late);
}
