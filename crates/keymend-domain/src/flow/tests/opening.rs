//! From the name on the first page to the choice of a way.

use expect_test::expect;

use crate::audit::AuditDeed;
use crate::flow::{EXTENSIONS_MOST, Finish, Flow, Intent, View};
use crate::limit::{self, CounterKey, Lane};
use crate::method::MethodKind;
use crate::policy::Scope;
use crate::refusal::Refusal;
use crate::time::MINUTE_MS;
use crate::world::{WRONG, World, contact};

fn view(world: &World, flow: &Flow) -> View {
    flow.view(&world.policy(), world.now)
}

fn finish(world: &World, flow: &Flow) -> Finish {
    match view(world, flow) {
        View::Finished { finish, .. } => finish,
        other => panic!("still at {other:?}"),
    }
}

#[test]
fn a_visitor_first_says_what_the_trouble_is() {
    let mut world = World::new();
    let flow = world.visits("jane").unwrap();
    assert_eq!(view(&world, &flow), View::Intent);
    assert!(world.effects.renews_handle);
    for intent in [Intent::Reset, Intent::Unlock] {
        let flow = world.does(flow.clone(), |flow, ctx| flow.choose_intent(intent, ctx));
        assert_eq!(flow.intent(), Some(intent));
        assert!(matches!(view(&world, &flow), View::Menu { gate: 1, .. }));
    }
}

#[test]
fn without_unlocking_alone_nobody_is_asked_what_the_trouble_is() {
    let mut world = World::new();
    world.settings.actions.unlock_without_reset = false;
    let flow = world.visits("jane").unwrap();
    assert_eq!(flow.intent(), Some(Intent::Reset));
    assert!(matches!(view(&world, &flow), View::Menu { .. }));
    let flow = world.does(flow, |flow, ctx| flow.choose_intent(Intent::Unlock, ctx));
    assert_eq!(world.refused(), "step.wrong");
    assert_eq!(flow.intent(), Some(Intent::Reset));
}

#[test]
fn a_site_that_is_switched_off_says_so_to_everybody() {
    let mut world = World::new();
    world.settings.scope = Scope::None;
    assert_eq!(world.visits("jane").unwrap_err(), Refusal::SiteOff);
    assert_eq!(world.visits("nobody").unwrap_err(), Refusal::SiteOff);
}

#[test]
fn before_the_first_gate_the_menu_shows_the_ways_of_the_site_and_no_more() {
    let mut world = World::new();
    world.account().state.next_change_from = Some(world.now.plus_ms(MINUTE_MS));
    let flow = world.starts();
    expect![[r#"
        Menu {
            gate: 1,
            gates: None,
            kinds: [
                Email,
                Text,
            ],
            too_young: None,
            changed_at: None,
            may_unlock: false,
        }
    "#]]
    .assert_debug_eq(&view(&world, &flow));
}

#[test]
fn a_way_leads_to_its_contact_and_back() {
    let mut world = World::new();
    let flow = world.starts();
    let flow = world.does(flow, |flow, ctx| flow.choose_method(MethodKind::Text, ctx));
    let kind = MethodKind::Text;
    assert_eq!(view(&world, &flow), View::Contact { kind });
    let step = flow.step;
    let flow = world.does(flow, Flow::other_way);
    assert!(matches!(view(&world, &flow), View::Menu { .. }));
    assert_eq!(flow.step, step + 1);
}

#[test]
fn a_way_that_the_policy_does_not_offer_is_out_of_order() {
    let mut world = World::with_one_gate();
    world.settings.methods = vec![MethodKind::Email];
    let flow = world.starts();
    let flow = world.does(flow, |flow, ctx| flow.choose_method(MethodKind::Text, ctx));
    assert_eq!(world.refused(), "step.wrong");
    assert!(matches!(view(&world, &flow), View::Menu { .. }));
}

#[test]
fn what_cannot_be_a_contact_of_that_kind_costs_nothing() {
    let mut world = World::new();
    for (kind, id) in [
        (MethodKind::Email, "address.shape"),
        (MethodKind::Text, "number.shape"),
    ] {
        let other = contact(match kind {
            MethodKind::Email => MethodKind::Text,
            MethodKind::Text => MethodKind::Email,
        });
        for typed in [None, Some(&other)] {
            let flow = world.starts();
            let flow = world.does(flow, |flow, ctx| flow.choose_method(kind, ctx));
            let flow = world.does(flow, |flow, ctx| flow.challenge(typed, ctx));
            assert_eq!(world.refused(), id);
            assert_eq!(view(&world, &flow), View::Contact { kind });
        }
        let tries = CounterKey::tries("corp/a1", kind, Lane::Unfamiliar);
        assert!(!world.book.0.contains_key(&tries));
    }
    assert_eq!(world.codes_sent(), 0);
}

#[test]
fn a_contact_is_found_however_its_case_was_typed_and_the_code_goes_to_the_registered_one() {
    let mut world = World::new();
    let flow = world.starts();
    let typed = crate::method::email("Jane@Mail.Example").unwrap();
    world.asks_at(flow, MethodKind::Email, &typed);
    let to = world.outbox[0].to.contact().in_full().to_owned();
    assert_eq!(to, "jane@mail.example");
}

#[test]
fn a_request_out_of_order_does_no_harm_twice_and_ends_the_flow_at_the_third() {
    let mut world = World::new();
    let mut flow = world.visits("jane").unwrap();
    for _ in 0..2 {
        flow = world.answers(flow, WRONG);
        assert_eq!(world.refused(), "step.wrong");
        assert_eq!(view(&world, &flow), View::Intent);
    }
    // The literal sequence of CVE-2026-18963: name somebody, go another way, post a password.
    let flow = world.orders_reset(flow);
    assert!(world.ticket.is_none());
    assert_eq!(finish(&world, &flow), Finish::Refused(Refusal::StepWrong));
    let refused = world.recorded(AuditDeed::FlowRefused);
    assert_eq!(refused.len(), 3);
    assert_eq!(refused[0].reason.as_deref(), Some("sequence_violation"));
}

#[test]
fn nothing_moves_a_flow_that_has_ended() {
    let mut world = World::new();
    let flow = world.starts();
    let ended = world.does(flow, Flow::cancel);
    assert_eq!(finish(&world, &ended), Finish::Cancelled);
    let step = ended.step;
    let deeds: [fn(&mut World, Flow) -> Flow; 7] = [
        |world, flow| world.does(flow, |flow, ctx| flow.choose_intent(Intent::Reset, ctx)),
        |world, flow| world.does(flow, |flow, ctx| flow.choose_method(MethodKind::Email, ctx)),
        |world, flow| world.answers(flow, WRONG),
        |world, flow| world.does(flow, Flow::more_time),
        |world, flow| world.does(flow, Flow::cancel),
        |world, flow| world.orders_reset(flow),
        |world, flow| world.orders_unlock(flow),
    ];
    for deed in deeds {
        let flow = deed(&mut world, ended.clone());
        assert_eq!(finish(&world, &flow), Finish::Cancelled);
        assert_eq!((world.refused(), flow.step), ("step.wrong", step));
        assert!(world.ticket.is_none());
    }
}

#[test]
fn a_flow_ends_with_its_time_and_no_form_brings_it_back() {
    let mut world = World::new();
    let flow = world.asks_jane();
    world.wait_mins(15);
    assert!(flow.is_over(world.now));
    assert_eq!(finish(&world, &flow), Finish::Expired);
    let deeds: [fn(&mut World, Flow) -> Flow; 6] = [
        |world, flow| world.does(flow, Flow::more_time),
        |world, flow| world.answers_right(flow),
        |world, flow| world.does(flow, Flow::resend),
        |world, flow| world.does(flow, Flow::other_way),
        |world, flow| world.orders_reset(flow),
        |world, flow| world.does(flow, Flow::cancel),
    ];
    for deed in deeds {
        let flow = deed(&mut world, flow.clone());
        assert_eq!(world.refused(), "flow.expired");
        assert_eq!(flow.stage().word(), "closed");
        assert_eq!(finish(&world, &flow), Finish::Expired);
    }
    let swept = world.decide(|ctx| flow.expire(ctx.now));
    assert_eq!(swept.audit[0].event, AuditDeed::FlowExpired);
}

#[test]
fn more_time_is_given_ten_times_and_keeps_what_was_said() {
    let mut world = World::new();
    let flow = world.asks_jane();
    let mut flow = world.answers(flow, WRONG);
    let first_end = flow.expires_at;
    for given in 1..=EXTENSIONS_MOST {
        flow = world.does(flow, Flow::more_time);
        let expected = first_end.plus_ms(i64::from(given) * 5 * MINUTE_MS);
        assert_eq!(flow.expires_at, expected);
        assert_eq!(flow.said().map(Refusal::id), Some("answer.wrong"));
    }
    assert_eq!(flow.extensions_left(), 0);
    let flow = world.does(flow, Flow::more_time);
    assert_eq!(world.refused(), "step.wrong");
    assert_eq!(flow.expires_at, first_end.plus_ms(50 * MINUTE_MS));
}

#[test]
fn before_the_first_gate_an_ending_names_nobody() {
    let mut world = World::new();
    let flow = world.starts();
    for ended in [
        world.does(flow.clone(), Flow::cancel),
        world.decide(|ctx| flow.clone().expire(ctx.now)).flow,
        world.decide(|ctx| flow.clone().replace(ctx.now)).flow,
    ] {
        let View::Finished { login, .. } = view(&world, &ended) else {
            panic!("not finished");
        };
        assert_eq!(login, None);
    }
    let flow = world.passes(flow, MethodKind::Email);
    let ended = world.does(flow, Flow::cancel);
    let View::Finished { login, .. } = view(&world, &ended) else {
        panic!("not finished");
    };
    assert_eq!(login.as_deref(), Some("jane"));
}

#[test]
fn a_source_that_starts_too_much_waits_and_its_own_network_does_not() {
    let mut world = World::new();
    world.caller.is_own_network = false;
    let started = (0..12).filter(|_| world.visits("jane").is_ok()).count();
    assert_eq!(started, 10);
    assert_eq!(
        world.visits("nobody").unwrap_err(),
        Refusal::LimitReached { wait_mins: 1 }
    );
    assert!(!world.recorded(AuditDeed::ThrottleSource).is_empty());
    world.caller.is_own_network = true;
    assert!(world.visits("jane").is_ok());
}

#[test]
fn a_help_mail_comes_once_a_day_and_stops_for_the_site_in_a_flood() {
    let mut world = World::new();
    world.standing.is_frozen = true;
    for _ in 0..3 {
        world.visits("jane").unwrap();
    }
    assert_eq!(
        world.told(),
        ["M11 jane@corp.example", "M11 jane@mail.example"]
    );
    world.wait_mins(24 * 60);
    world.visits("jane").unwrap();
    assert_eq!(world.told().len(), 4);

    world.wait_mins(24 * 60);
    let site = CounterKey::site_help();
    for _ in 0..1_000 {
        limit::take(&mut world.book, &site, &limit::SITE_HELP, world.now).unwrap();
    }
    world.visits("jane").unwrap();
    assert_eq!(world.told().len(), 4);

    // What was not sent for want of room is sent when there is room again.
    world.wait_mins(2 * 60);
    world.visits("jane").unwrap();
    assert_eq!(world.told().len(), 6);
}

impl World {
    /// A flow for Jane that waits for the code sent to her mailbox.
    fn asks_jane(&mut self) -> Flow {
        let flow = self.starts();
        self.asks(flow, MethodKind::Email)
    }
}
