//! Codes and gates: what opens one, and what does not.

use serde_json::Value;

use crate::audit::AuditDeed;
use crate::deliver::{CodePurpose, Tidings};
use crate::flow::{EndOthers, Finish, Flow, Intent, View};
use crate::limit::{self, CounterKey};
use crate::method::{Contact, MethodKind};
use crate::refusal::Refusal;
use crate::time::MINUTE_MS;
use crate::world::{WRONG, World, method};

const EMAIL: MethodKind = MethodKind::Email;
const TEXT: MethodKind = MethodKind::Text;

fn view(world: &World, flow: &Flow) -> View {
    flow.view(&world.policy(), world.now)
}

fn gates_passed(world: &World, flow: &Flow) -> u32 {
    match view(world, flow) {
        View::Menu { gate, .. } => gate - 1,
        View::NewPassword { .. } | View::Unlock { .. } => world.settings.gates,
        _ => 0,
    }
}

#[test]
fn one_right_code_proves_the_account_under_one_gate() {
    let mut world = World::with_one_gate();
    let flow = world.proves(Intent::Reset);
    assert_eq!(flow.stage().word(), "proven");
    assert!(world.effects.renews_handle);
    let account = world.account().id.clone();
    assert_eq!(world.effects.end_others, Some(EndOthers::Proven(account)));
}

#[test]
fn two_gates_take_two_ways_of_different_classes() {
    let mut world = World::new();
    let flow = world.starts();
    let flow = world.passes(flow, EMAIL);
    assert_eq!(flow.stage().word(), "proving");
    assert!(world.effects.renews_handle);
    assert_eq!(world.effects.end_others, None);
    let View::Menu {
        gate, gates, kinds, ..
    } = view(&world, &flow)
    else {
        panic!("no menu");
    };
    assert_eq!((gate, gates, kinds), (2, Some(2), vec![TEXT]));
    let again = world.does(flow.clone(), |flow, ctx| flow.choose_method(EMAIL, ctx));
    assert_eq!(world.refused(), "step.wrong");
    assert_eq!(gates_passed(&world, &again), 1);
    let flow = world.passes(flow, TEXT);
    assert_eq!(flow.stage().word(), "proven");
    let used: Vec<&str> = world
        .effects
        .used_methods
        .iter()
        .map(|id| id.as_str())
        .collect();
    assert_eq!(used, ["m2"]);
}

#[test]
fn a_second_mailbox_is_no_second_gate() {
    let mut world = World::new();
    let other = Contact::Email("jane@other.example".into());
    world
        .standing
        .methods
        .push(method("m3", EMAIL, other.clone()));
    let flow = world.starts();
    let flow = world.passes(flow, EMAIL);
    let flow = world.does(flow, |flow, ctx| flow.choose_method(EMAIL, ctx));
    assert_eq!(world.refused(), "step.wrong");
    assert_eq!(gates_passed(&world, &flow), 1);
}

#[test]
fn without_a_second_way_the_flow_ends_and_says_so() {
    let mut world = World::with_one_gate();
    world.standing.methods.truncate(1);
    let flow = world.starts();
    // The policy asks for more while the flow is under way.
    world.settings.gates = 2;
    let flow = world.passes(flow, EMAIL);
    let View::Finished { finish, login } = view(&world, &flow) else {
        panic!("still going");
    };
    assert_eq!(finish, Finish::Refused(Refusal::WayNone));
    assert_eq!(login.as_deref(), Some("jane"));
    assert_eq!(world.refused(), "way.none");
}

#[test]
fn a_wrong_a_late_an_older_and_a_never_sent_code_get_one_answer() {
    let wrong = Refusal::AnswerWrong { tries_left: None };
    let mut world = World::new();
    let flow = world.starts();
    let asked = world.asks(flow.clone(), EMAIL);
    let first = world.code().unwrap();

    world.answers(asked.clone(), WRONG);
    assert_eq!(world.refusal, Some(wrong.clone()));

    world.wait_secs(31);
    let renewed = world.does(asked.clone(), Flow::resend);
    world.answers(renewed, &first);
    assert_eq!(world.refusal, Some(wrong.clone()));

    let foreign = Contact::Email("eve@mail.example".into());
    let nowhere = world.asks_at(flow, EMAIL, &foreign);
    world.answers(nowhere, &first);
    assert_eq!(world.refusal, Some(wrong.clone()));

    let flow = world.starts();
    let asked = world.asks(flow, EMAIL);
    world.wait_mins(10);
    world.answers_right(asked);
    assert_eq!(world.refusal, Some(wrong));
    let reasons: Vec<&str> = world
        .recorded(AuditDeed::ProofFailed)
        .iter()
        .filter_map(|event| event.reason.as_deref())
        .collect();
    assert_eq!(reasons, ["wrong", "wrong", "never-sent", "late"]);
}

#[test]
fn the_time_of_a_code_counts_from_the_carrier_and_never_beyond_ten_minutes() {
    for (accepted_after, works_until) in [(0, 5), (3, 8), (7, 10)] {
        let mut world = World::with_one_gate();
        let flow = world.starts();
        let flow = world.asks(flow, EMAIL);
        world.wait_mins(accepted_after);
        let flow = flow.code_accepted(1, 5, world.now);
        world.wait_mins(works_until - accepted_after);
        world.now = world.now.plus_ms(-1);
        let early = world.answers_right(flow.clone());
        assert_eq!(early.stage().word(), "proven", "{accepted_after}");
        world.now = world.now.plus_ms(1);
        let late = world.answers_right(flow);
        assert_eq!(late.stage().word(), "proving", "{accepted_after}");
    }
}

#[test]
fn another_code_comes_after_30_and_60_seconds_and_a_fourth_never() {
    let mut world = World::new();
    let flow = world.starts();
    let mut flow = world.asks(flow, EMAIL);
    for (wait, left) in [(29, 1), (1, 0), (59, 1), (1, 0)] {
        world.wait_secs(wait);
        flow = world.does(flow, Flow::resend);
        let expected = (left > 0).then_some(Refusal::ChallengeTooSoon { wait_secs: left });
        assert_eq!(world.refusal, expected);
    }
    assert_eq!(world.codes_sent(), 3);
    world.wait_secs(600);
    let View::Code { may_resend, .. } = view(&world, &flow) else {
        panic!("no code is asked for");
    };
    assert!(!may_resend);
    let flow = world.does(flow, Flow::resend);
    assert_eq!(world.refused(), "challenge.spent");
    let flow = world.does(flow, Flow::other_way);
    world.asks(flow, EMAIL);
    assert_eq!(world.refused(), "challenge.spent");
    assert_eq!(world.codes_sent(), 3);
}

#[test]
fn asking_and_four_more_answers_use_up_a_way_in_one_flow() {
    let mut world = World::new();
    let flow = world.starts();
    let mut flow = world.asks(flow, EMAIL);
    for _ in 0..4 {
        flow = world.answers(flow, WRONG);
        assert_eq!(world.refused(), "answer.wrong");
    }
    flow = world.answers(flow, WRONG);
    assert_eq!(world.refused(), "answer.tries-used-up");
    assert!(matches!(view(&world, &flow), View::Menu { .. }));
    let flow = world.does(flow, |flow, ctx| flow.choose_method(EMAIL, ctx));
    assert_eq!(world.refused(), "answer.tries-used-up");
    let flow = world.passes(flow, TEXT);
    assert_eq!(gates_passed(&world, &flow), 1);
}

#[test]
fn an_empty_field_costs_nothing() {
    let mut world = World::with_one_gate();
    let flow = world.starts();
    let mut flow = world.asks(flow, EMAIL);
    for _ in 0..20 {
        flow = world.does(flow, |flow, ctx| flow.prove(None, ctx));
        assert_eq!(world.refused(), "form.missing");
    }
    assert_eq!(world.answers_right(flow).stage().word(), "proven");
}

#[test]
fn tries_left_are_told_after_the_first_gate_and_the_owner_hears_of_half_a_way() {
    let mut world = World::new();
    let flow = world.starts();
    let flow = world.passes(flow, EMAIL);
    let mut flow = world.asks(flow, TEXT);
    for left in [4, 3, 2] {
        assert_eq!(world.told(), [""; 0]);
        flow = world.answers(flow, WRONG);
        let tries_left = Some(left);
        assert_eq!(world.refusal, Some(Refusal::AnswerWrong { tries_left }));
    }
    assert_eq!(
        world.told(),
        ["M13 jane@corp.example", "M13 jane@mail.example"]
    );
    let veto = world.effects.veto.clone().unwrap();
    assert_eq!(
        world.outbox.last().unwrap().not_me.as_ref(),
        Some(&veto.token)
    );
    flow = world.answers(flow, WRONG);
    flow = world.answers(flow, WRONG);
    assert_eq!(world.refused(), "answer.tries-used-up");
    assert_eq!(gates_passed(&world, &flow), 1);
    assert_eq!(world.told().len(), 2);
}

#[test]
fn half_a_way_is_counted_for_the_account_and_told_once_a_day_whatever_else_is_sent() {
    let mut world = World::new();
    for site in [CounterKey::site_help(), CounterKey::site_tries()] {
        for _ in 0..1_000 {
            limit::take(&mut world.book, &site, &limit::SITE_HELP, world.now).unwrap();
        }
    }
    let half_way = |world: &mut World, wrong: usize| {
        let flow = world.starts();
        let flow = world.passes(flow, EMAIL);
        let mut flow = world.asks(flow, TEXT);
        for _ in 0..wrong {
            flow = world.answers(flow, WRONG);
        }
        world.wait_mins(61);
        world.told().len()
    };
    assert_eq!(half_way(&mut world, 2), 0);
    assert_eq!(half_way(&mut world, 1), 2);
    assert_eq!(half_way(&mut world, 2), 2);
    world.wait_mins(24 * 60);
    assert_eq!(half_way(&mut world, 3), 4);
}

#[test]
fn a_carrier_that_refuses_is_told_of_after_the_first_gate_alone() {
    let mut world = World::new();
    let failed = |world: &World, flow: &Flow| match view(world, flow) {
        View::Code { failed, .. } => failed,
        other => panic!("at {other:?}"),
    };
    let flow = world.starts();
    let flow = world.asks(flow, EMAIL).code_failed(1);
    assert!(!failed(&world, &flow));
    let flow = world.answers_right(flow);
    let flow = world.asks(flow, TEXT).code_failed(2);
    assert!(failed(&world, &flow));
}

#[test]
fn the_wish_changes_after_the_first_gate_only_and_voids_the_code_that_was_asked_for() {
    let mut world = World::new();
    let flow = world.starts();
    let flow = world.does(flow, |flow, ctx| flow.switch_intent(Intent::Unlock, ctx));
    assert_eq!(world.refused(), "step.wrong");
    let flow = world.passes(flow, EMAIL);
    let flow = world.asks(flow, TEXT);
    let flow = world.does(flow, |flow, ctx| flow.switch_intent(Intent::Unlock, ctx));
    assert_eq!(flow.intent(), Some(Intent::Unlock));
    assert_eq!(gates_passed(&world, &flow), 1);
    assert!(matches!(view(&world, &flow), View::Menu { .. }));
    world.answers_right(flow.clone());
    assert_eq!(world.refused(), "step.wrong");
    let flow = world.passes(flow, TEXT);
    assert!(matches!(view(&world, &flow), View::Unlock { .. }));
    let purposes: Vec<CodePurpose> = world
        .outbox
        .iter()
        .filter_map(|notice| match &notice.tidings {
            Tidings::Code { purpose, .. } => Some(*purpose),
            _ => None,
        })
        .collect();
    use CodePurpose::{Reset, Unlock};
    assert_eq!(purposes, [Reset, Reset, Unlock]);
    world.settings.actions.unlock_without_reset = false;
    let flow = world.does(flow, |flow, ctx| flow.switch_intent(Intent::Reset, ctx));
    assert!(matches!(view(&world, &flow), View::NewPassword { .. }));
    world.does(flow, |flow, ctx| flow.switch_intent(Intent::Unlock, ctx));
    assert_eq!(world.refused(), "step.wrong");
}

/// Puts what one flow asked into another, as a thief with the database might.
fn transplant(from: &Flow, to: &Flow, path: &[&str]) -> Flow {
    let source = serde_json::to_value(from).unwrap();
    let mut target = serde_json::to_value(to).unwrap();
    let (mut wanted, mut place) = (&source, &mut target);
    for name in path {
        wanted = &wanted[*name];
        place = &mut place[*name];
    }
    assert!(!wanted.is_null() && !place.is_null(), "{path:?}");
    *place = Value::clone(wanted);
    serde_json::from_value(target).unwrap()
}

#[test]
fn gate_22_a_code_counts_for_its_own_flow_purpose_account_and_epoch_alone() {
    let mut world = World::with_one_gate();
    let flow = world.starts();
    let other_flow = world.starts();
    let unlocking = world.starts_for(Intent::Unlock);
    world.standing.epoch += 1;
    let later = world.starts();
    world.standing.epoch -= 1;
    world.account().id.anchor.0 = "a2".into();
    let other_account = world.starts();
    let asked = world.asks(flow, EMAIL);
    let asking = ["stage", "proving", "asking"];
    for (who, target) in [
        ("flow", other_flow),
        ("purpose", unlocking),
        ("epoch", later),
        ("account", other_account),
    ] {
        let forged = transplant(&asked, &target, &asking);
        let forged = world.answers_right(forged);
        assert_eq!(world.refused(), "answer.wrong", "{who}");
        assert_eq!(forged.stage().word(), "proving", "{who}");
    }
    assert_eq!(world.answers_right(asked).stage().word(), "proven");
}

#[test]
fn gate_23_a_new_code_kills_the_one_before() {
    let mut world = World::with_one_gate();
    let flow = world.starts();
    let mut flow = world.asks(flow, EMAIL);
    let mut codes = vec![world.code().unwrap()];
    for _ in 0..2 {
        world.wait_secs(61);
        flow = world.does(flow, Flow::resend);
        codes.push(world.code().unwrap());
    }
    flow = world.answers(flow, &codes[0]);
    assert_eq!(world.refused(), "answer.wrong");
    flow = world.answers(flow, &codes[1]);
    assert_eq!(world.refused(), "answer.wrong");
    flow = world.answers(flow, &codes[2]);
    assert_eq!(flow.stage().word(), "proven");
    flow = world.answers(flow, &codes[2]);
    assert_eq!(world.refused(), "step.wrong");
    assert_eq!(flow.stage().word(), "proven");
}

#[test]
fn gate_08_a_proof_of_another_flow_is_no_proof() {
    let mut world = World::new();
    let other = world.starts();
    let flow = world.starts();
    let flow = world.passes(flow, EMAIL);
    let forged = transplant(&flow, &other, &["stage", "proving", "proofs"]);
    let forged = world.passes(forged, TEXT);
    let View::Finished { finish, .. } = view(&world, &forged) else {
        panic!("still going");
    };
    assert_eq!(finish, Finish::Refused(Refusal::StandingLost));
    let proven = world.passes(flow, TEXT);
    assert_eq!(proven.stage().word(), "proven");
}

#[test]
fn a_method_switched_off_within_the_flow_opens_nothing_more() {
    let mut world = World::new();
    let flow = world.starts();
    let flow = world.passes(flow, EMAIL);
    let flow = world.asks(flow, TEXT);
    world.settings.gates = 1;
    world.settings.methods = vec![TEXT];
    // The first gate no longer counts, and one right code alone is not what was promised.
    let flow = world.answers_right(flow);
    assert_eq!(flow.stage().word(), "closed");
    assert_eq!(world.refused(), "standing.lost");
}

#[test]
fn a_proof_counts_a_quarter_of_an_hour_and_more_time_does_not_lengthen_it() {
    let mut world = World::new();
    let flow = world.starts();
    world.wait_mins(10);
    let mut flow = world.passes(flow, EMAIL);
    let first_end = flow.expires_at;
    assert_eq!(flow.extensions_left(), 10);
    flow = world.does(flow, Flow::more_time);
    assert_eq!(flow.expires_at, first_end.plus_ms(5 * MINUTE_MS));
    flow = world.does(flow, Flow::more_time);
    assert_eq!(flow.expires_at, world.now.plus_ms(15 * MINUTE_MS));
    assert_eq!(flow.extensions_left(), 0);
    flow = world.does(flow, Flow::more_time);
    assert_eq!(world.refused(), "step.wrong");
    assert_eq!(flow.expires_at, world.now.plus_ms(15 * MINUTE_MS));
}
