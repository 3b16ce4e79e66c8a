//! Limits across flows: silent on the account, visible on the typed name (behaviour §2.2, §2.6).

use crate::audit::AuditDeed;
use crate::deliver::Tidings;
use crate::directory::Found;
use crate::flow::{Finish, Flow, View};
use crate::limit::{self, CounterKey, Lane};
use crate::method::{Contact, MethodKind};
use crate::refusal::Refusal;
use crate::time::{DAY_MS, HOUR_MS, MINUTE_MS};
use crate::world::{WRONG, World, contact};

const EMAIL: MethodKind = MethodKind::Email;
const TEXT: MethodKind = MethodKind::Text;

fn view(world: &World, flow: &Flow) -> View {
    flow.view(&world.policy(), world.now)
}

/// Uses up the tries of a method on the account, from a name of its own each time.
fn burns(world: &mut World, kind: MethodKind, tries: u32) {
    for place in 0..tries {
        let flow = world.visits(&format!("spelling {place}")).unwrap();
        let flow = world.does(flow, |flow, ctx| {
            flow.choose_intent(crate::flow::Intent::Reset, ctx)
        });
        let flow = world.asks(flow, kind);
        world.answers(flow, WRONG);
    }
}

fn blocks(world: &mut World, name: &str) -> usize {
    let mut flows = 0;
    while let Ok(flow) = world.visits(name) {
        flows += 1;
        assert!(flows < 100);
        let flow = world.does(flow, |flow, ctx| {
            flow.choose_intent(crate::flow::Intent::Reset, ctx)
        });
        let flow = world.asks(flow, EMAIL);
        world.answers(flow, WRONG);
    }
    flows
}

#[test]
fn gate_21_all_spellings_of_one_account_share_its_silent_counter() {
    let mut world = World::with_one_gate();
    burns(&mut world, EMAIL, 5);
    world.outbox.clear();
    let flow = world.starts();
    let flow = world.asks(flow, EMAIL);
    assert!(matches!(view(&world, &flow), View::Code { .. }));
    assert_eq!(world.codes_sent(), 0);
    assert_eq!(world.refused(), "");
    assert_eq!(
        world.told(),
        ["M12 jane@corp.example", "M12 jane@mail.example"]
    );
    assert_eq!(world.recorded(AuditDeed::MethodRested).len(), 1);
    let until = world.outbox.iter().find_map(|notice| match notice.tidings {
        Tidings::TooManyTries { until } => Some(until),
        _ => None,
    });
    assert_eq!(until.unwrap().since_ms(world.now), HOUR_MS);
    // The flow is a decoy from now on: nothing more is sent, whatever is asked for.
    world.wait_secs(31);
    let flow = world.does(flow, Flow::resend);
    let flow = world.does(flow, Flow::other_way);
    world.asks(flow, TEXT);
    assert_eq!(world.codes_sent(), 0);
}

#[test]
fn an_account_at_rest_is_a_decoy_from_the_first_page_and_its_owner_hears_once() {
    let mut world = World::new();
    burns(&mut world, EMAIL, 6);
    let told = world.told().len();
    assert_eq!(told, 2);
    burns(&mut world, EMAIL, 3);
    assert_eq!(world.told().len(), told);
    let reasons: Vec<&str> = world
        .recorded(AuditDeed::FlowIneligible)
        .iter()
        .filter_map(|event| event.reason.as_deref())
        .collect();
    assert!(reasons.contains(&"KM-2205"));
}

#[test]
fn gate_18_a_method_opens_again_within_an_hour_of_the_last_attack() {
    let mut world = World::with_one_gate();
    burns(&mut world, EMAIL, 5);
    world.wait_mins(66);
    burns(&mut world, EMAIL, 5);
    // Ten in a day were used; from now on the account has one try an hour, and its owner needs
    // no more than that to ask for a code and to type it.
    for _ in 0..3 {
        world.wait_mins(61);
        let flow = world.starts();
        let flow = world.passes(flow, EMAIL);
        assert_eq!(flow.stage().word(), "proven");
        let flow = world.starts();
        let flow = world.asks(flow, EMAIL);
        let flow = world.answers_right(flow);
        assert_eq!(flow.stage().word(), "proving");
    }
}

#[test]
fn strangers_use_up_neither_the_tries_nor_the_messages_of_the_owners_own_browser() {
    let mut world = World::with_one_gate();
    burns(&mut world, EMAIL, 9);
    assert!(blocks(&mut world, "jane") <= 5);
    world.caller.familiar_account = Some("corp/a1".into());
    let flow = world.starts();
    let flow = world.passes(flow, EMAIL);
    assert_eq!(flow.stage().word(), "proven");
}

#[test]
fn the_mark_of_another_account_opens_no_lane() {
    let mut world = World::new();
    blocks(&mut world, "jane");
    world.caller.familiar_account = Some("corp/somebody-else".into());
    let flow = world.visits("jane").unwrap();
    assert!(matches!(
        view(&world, &flow),
        View::Finished {
            finish: Finish::Blocked { .. },
            ..
        }
    ));
    let before = flow.step;
    let flow = world.answers(flow, WRONG);
    assert_eq!(flow.step, before);
}

#[test]
fn a_name_is_blocked_after_five_failed_flows_for_an_hour_whoever_it_means() {
    for found in [None, Some(Found::Nobody), Some(Found::Several { count: 2 })] {
        let mut world = World::new();
        if let Some(found) = found {
            world.found = found;
        }
        assert_eq!(blocks(&mut world, "jane"), 5);
        let blocked = Refusal::NameBlocked { wait_mins: 60 };
        for spelling in ["jane", " JANE ", "ｊａｎｅ", "Jané"] {
            assert_eq!(world.visits(spelling).unwrap_err(), blocked);
        }
        assert!(world.visits("john").is_ok());
        world.wait_mins(60);
        let flow = world.starts();
        let flow = world.asks(flow, EMAIL);
        let flow = world.answers(flow, WRONG);
        assert!(matches!(
            view(&world, &flow),
            View::Finished {
                finish: Finish::Blocked { wait_mins: 60 },
                ..
            }
        ));
        world.wait_mins(24 * 60);
        assert!(world.visits("jane").is_ok());
    }
}

#[test]
fn a_flow_fails_its_name_once_however_many_answers_were_wrong() {
    let mut world = World::new();
    for _ in 0..4 {
        let flow = world.starts();
        let mut flow = world.asks(flow, EMAIL);
        for _ in 0..4 {
            flow = world.answers(flow, WRONG);
        }
    }
    assert!(world.visits("jane").is_ok());
    assert_eq!(world.recorded(AuditDeed::IdentityBlocked).len(), 0);
}

#[test]
fn gate_20_neither_cancelling_nor_waiting_nor_another_way_gives_a_try_back() {
    let mut world = World::with_one_gate();
    for place in 0..4 {
        let flow = world.visits(&format!("spelling {place}")).unwrap();
        let flow = world.does(flow, |flow, ctx| {
            flow.choose_intent(crate::flow::Intent::Reset, ctx)
        });
        let flow = world.asks(flow, EMAIL);
        let flow = world.does(flow, Flow::other_way);
        let flow = world.asks(flow, TEXT);
        world.does(flow, Flow::cancel);
    }
    world.wait_mins(14);
    let flow = world.starts();
    let flow = world.asks(flow, EMAIL);
    let flow = world.answers(flow, WRONG);
    world.outbox.clear();
    world.wait_secs(61);
    let flow = world.does(flow, Flow::resend);
    let flow = match world.code() {
        Some(_) => world.answers_right(flow),
        None => flow,
    };
    assert_eq!(flow.stage().word(), "proving");
}

#[test]
fn messages_stop_silently_at_three_in_ten_minutes() {
    let mut world = World::new();
    let mut asked = 0;
    for place in 0..5 {
        let flow = world.visits(&format!("spelling {place}")).unwrap();
        let flow = world.does(flow, |flow, ctx| {
            flow.choose_intent(crate::flow::Intent::Reset, ctx)
        });
        let flow = world.asks(flow, TEXT);
        asked += usize::from(matches!(view(&world, &flow), View::Code { .. }));
    }
    assert_eq!((asked, world.codes_sent()), (5, 3));
}

#[test]
fn a_stranger_who_types_a_mailbox_for_another_name_uses_up_none_of_its_messages() {
    let mut world = World::new();
    let known = world.found.clone();
    world.found = Found::Nobody;
    for _ in 0..4 {
        let flow = world.starts();
        world.asks(flow, EMAIL);
    }
    world.found = known;
    let flow = world.visits("jane@corp").unwrap();
    let flow = world.does(flow, |flow, ctx| {
        flow.choose_intent(crate::flow::Intent::Reset, ctx)
    });
    for _ in 0..2 {
        let foreign = Contact::Email("eve@mail.example".into());
        world.asks_at(flow.clone(), EMAIL, &foreign);
    }
    world.asks(flow, EMAIL);
    assert_eq!(world.codes_sent(), 1);
}

#[test]
fn answers_past_the_limit_do_not_run_up_the_streak_that_only_the_owner_can_end() {
    let mut world = World::with_one_gate();
    burns(&mut world, EMAIL, 100);
    let key = CounterKey::tries("corp/a1", EMAIL, Lane::Unfamiliar);
    // Three codes were sent in the hour; answers to codes that never were guess nothing.
    assert_eq!(world.book.0[&key].streak, 3);
}

#[test]
fn ninety_wrong_answers_in_a_row_switch_the_lane_off_and_the_tenth_is_told() {
    let mut world = World::with_one_gate();
    world.settings.methods = vec![EMAIL];
    let key = CounterKey::tries("corp/a1", EMAIL, Lane::Unfamiliar);
    let mut told = 0;
    for _ in 0..90 {
        world.wait_mins(3 * 60);
        let before = world.told().len();
        let name = format!("another spelling {}", world.now);
        let flow = world.visits(&name).unwrap();
        let flow = world.does(flow, |flow, ctx| {
            flow.choose_intent(crate::flow::Intent::Reset, ctx)
        });
        let flow = world.asks(flow, EMAIL);
        world.answers(flow, WRONG);
        told += usize::from(world.told().len() > before);
    }
    assert_eq!((world.book.0[&key].streak, told), (90, 1));
    assert_eq!(world.recorded(AuditDeed::MethodDisabled).len(), 1);
    world.wait_mins(40 * 24 * 60);
    world.outbox.clear();
    burns(&mut world, EMAIL, 1);
    assert_eq!(world.codes_sent(), 0);
    world.caller.familiar_account = Some("corp/a1".into());
    let flow = world.starts();
    let flow = world.passes(flow, EMAIL);
    assert_eq!(flow.stage().word(), "proven");
}

#[test]
fn a_resting_second_way_is_told_because_the_first_gate_is_passed() {
    let mut world = World::new();
    let flow = world.starts();
    let flow = world.passes(flow, EMAIL);
    burns(&mut world, TEXT, 5);
    world.outbox.clear();
    let flow = world.asks(flow, TEXT);
    assert_eq!(world.refused(), "answer.tries-used-up");
    assert_eq!(world.codes_sent(), 0);
    assert!(matches!(view(&world, &flow), View::Menu { gate: 2, .. }));
    assert_eq!(world.told().len(), 2);
}

#[test]
fn gate_24_codes_grow_while_the_breaker_is_on_and_administrators_are_told() {
    let mut world = World::with_one_gate();
    world.settings.limits.breaker_codes = 4;
    world.settings.notifications.administrator_addresses = vec!["it@corp.example".into()];
    let mut lengths = Vec::new();
    for place in 0..9 {
        world.wait_mins(61);
        let flow = world.visits(&format!("spelling {place}")).unwrap();
        let flow = world.does(flow, |flow, ctx| {
            flow.choose_intent(crate::flow::Intent::Reset, ctx)
        });
        let flow = world.asks(flow, EMAIL);
        lengths.push(world.code().unwrap().len());
        world.answers(flow, WRONG);
    }
    assert_eq!(lengths, [6, 6, 6, 6, 8, 8, 8, 8, 10]);
    assert_eq!(world.recorded(AuditDeed::BreakerOn).len(), 1);
    assert!(world.told().contains(&"M21 it@corp.example".to_owned()));
}

#[test]
fn the_budget_of_texts_is_told_at_80_and_100_in_the_hundred_and_then_nothing_is_sent() {
    let mut world = World::with_one_gate();
    world.settings.limits.texts_per_day = 5;
    world.settings.notifications.administrator_addresses = vec!["it@corp.example".into()];
    for _ in 0..7 {
        world.wait_mins(61);
        let flow = world.starts();
        world.asks(flow, TEXT);
    }
    assert_eq!(world.codes_sent(), 5);
    let what: Vec<&str> = world
        .recorded(AuditDeed::BudgetReached)
        .iter()
        .filter_map(|event| event.reason.as_deref())
        .collect();
    assert_eq!(
        what,
        ["budget-80", "budget-100", "budget-100", "budget-100"]
    );
}

#[test]
fn texts_that_nobody_answers_close_the_channel_for_a_day() {
    for (answered, sends) in [(19, 0), (20, 1)] {
        let mut world = World::with_one_gate();
        let day = |most| limit::Window {
            most,
            span_ms: DAY_MS,
        };
        let now = world.now;
        for _ in 0..100 {
            let texts = CounterKey::site_texts();
            limit::take(&mut world.book, &texts, &[day(500)], now).unwrap();
        }
        for _ in 0..answered {
            let key = CounterKey::site_texts_answered();
            limit::take(&mut world.book, &key, &[day(u32::MAX)], now).unwrap();
        }
        let flow = world.starts();
        world.asks(flow, TEXT);
        assert_eq!(world.codes_sent(), sends, "{answered}");
        world.now = now.plus_ms(DAY_MS + HOUR_MS);
        let flow = world.starts();
        let flow = world.passes(flow, TEXT);
        assert_eq!(flow.stage().word(), "proven");
        let key = CounterKey::site_texts_answered();
        let held = limit::count(&mut world.book, &key, day(u32::MAX), world.now).unwrap();
        assert_eq!(held, 1);
    }
}

#[test]
fn a_prepaid_try_counts_from_its_use_so_that_no_boundary_fits_a_double_allowance() {
    let mut world = World::with_one_gate();
    let key = CounterKey::tries("corp/a1", EMAIL, Lane::Unfamiliar);
    let flow = world.starts();
    let flow = world.asks_at(flow, EMAIL, &contact(EMAIL));
    let asked_at = world.now;
    world.wait_mins(9);
    world.answers(flow, WRONG);
    let hits = &world.book.0[&key].hits;
    assert_eq!(hits.len(), 1);
    assert_eq!(hits[0].0, asked_at.0 + 9 * MINUTE_MS);
}
