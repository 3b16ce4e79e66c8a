//! A flow is stored as JSON between two requests.

use expect_test::expect;

use crate::account::Lock;
use crate::audit::AuditDeed;
use crate::directory::{DeedKind, RuleBroken, WriteOutcome};
use crate::flow::{DecoyReason, Flow, Intent};
use crate::method::MethodKind;
use crate::refusal::Refusal;
use crate::world::{WRONG, World};

fn comes_back(world: &World, flow: &Flow) -> Flow {
    let stored = serde_json::to_string(flow).unwrap();
    let read: Flow = serde_json::from_str(&stored).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), stored);
    let policy = world.policy();
    assert_eq!(read.view(&policy, world.now), flow.view(&policy, world.now));
    assert_eq!(read.said(), flow.said());
    read
}

#[test]
fn a_flow_goes_on_from_the_store_at_every_stage() {
    for found in [None, Some(crate::directory::Found::Nobody)] {
        let mut world = World::new();
        if let Some(found) = found {
            world.found = found;
        }
        let flow = world.visits("jane").unwrap();
        let flow = comes_back(&world, &flow);
        let flow = world.does(flow, |flow, ctx| flow.choose_intent(Intent::Reset, ctx));
        let flow = comes_back(&world, &flow);
        let flow = world.does(flow, |flow, ctx| flow.choose_method(MethodKind::Email, ctx));
        let flow = comes_back(&world, &flow);
        let flow = world.asks(flow, MethodKind::Email);
        let flow = comes_back(&world, &flow);
        let flow = world.answers(flow, WRONG);
        let flow = comes_back(&world, &flow);
        if world.code().is_none() {
            continue;
        }
        let flow = world.answers_right(flow);
        let flow = comes_back(&world, &flow);
        let flow = world.passes(flow, MethodKind::Text);
        let flow = comes_back(&world, &flow);
        let flow = world.orders_reset(flow);
        let flow = comes_back(&world, &flow);
        let refused = WriteOutcome::Refused(vec![RuleBroken::Unsaid]);
        let flow = world.does(flow, |flow, ctx| flow.settle(&refused, ctx));
        let flow = comes_back(&world, &flow);
        let flow = world.does(flow, Flow::cancel);
        comes_back(&world, &flow);
    }
}

#[test]
fn an_open_order_comes_back_whole() {
    let mut world = World::new();
    world.account().state.lock = Some(Lock { until: None });
    let flow = world.proves(Intent::Unlock);
    let flow = world.orders_unlock(flow);
    let read = comes_back(&world, &flow);
    assert_eq!(read.open_order(), flow.open_order());
    assert_eq!(read.open_order().unwrap().kind, DeedKind::Unlock);
}

#[test]
fn what_is_stored_of_a_code_is_not_the_code() {
    let mut world = World::new();
    let flow = world.starts();
    let flow = world.asks(flow, MethodKind::Email);
    let stored = serde_json::to_string(&flow).unwrap();
    assert!(!stored.contains(&world.code().unwrap()));
}

/// Every refusal once.
fn refusals() -> Vec<Refusal> {
    use Refusal as R;
    let kind = MethodKind::Email;
    vec![
        R::FormMissing,
        R::StepWrong,
        R::FormStale,
        R::CookieMissing,
        R::FlowExpired,
        R::FlowReplaced,
        R::HumanNotSure,
        R::LimitReached { wait_mins: 1 },
        R::InputLong,
        R::ClaimShape,
        R::SigninNoMatch,
        R::SigninPaused { wait_mins: 1 },
        R::SigninUnusable,
        R::SigninNotHere,
        R::SigninEnded,
        R::ProofWanted,
        R::AnswerWrong { tries_left: None },
        R::AddressShape,
        R::NumberShape,
        R::TriesUsedUp,
        R::ChallengeTooSoon { wait_secs: 1 },
        R::ChallengeSpent,
        R::NameBlocked { wait_mins: 1 },
        R::WayNone,
        R::StandingLost,
        R::SiteOff,
        R::SitePaused {
            directory: "corp".into(),
        },
        R::DirectoryDown {
            directory: "corp".into(),
        },
        R::RightsMissing,
        R::WriteProtected,
        R::LockNone,
        R::PasswordRejected(vec![]),
        R::PasswordOld,
        R::ContactTwice,
        R::MethodMost { most: 2 },
        R::ContactInside,
        R::NumberCountry,
        R::NumberShared,
        R::MethodLeast { least: 2 },
        R::SkipOver,
        R::SendFailed { kind },
        R::SendFailed {
            kind: MethodKind::Text,
        },
        R::BudgetSpent,
    ]
}

#[test]
fn the_ids_and_numbers_of_refusals_never_change() {
    let lines: String = refusals()
        .iter()
        .map(|refusal| format!("{} {}\n", refusal.code(), refusal.id()))
        .collect();
    expect![[r#"
        KM-1001 form.missing
        KM-1002 step.wrong
        KM-1003 form.stale
        KM-1004 cookie.missing
        KM-1005 flow.expired
        KM-1006 flow.replaced
        KM-1007 human.not-sure
        KM-1008 limit.reached
        KM-1009 input.long
        KM-1010 claim.shape
        KM-1101 signin.no-match
        KM-1102 signin.paused
        KM-1103 signin.unusable
        KM-1104 signin.not-here
        KM-1105 signin.ended
        KM-1107 proof.wanted
        KM-2101 answer.wrong
        KM-2103 address.shape
        KM-2104 number.shape
        KM-2108 answer.tries-used-up
        KM-2109 challenge.too-soon
        KM-2110 challenge.spent
        KM-2111 name.blocked
        KM-2112 way.none
        KM-2115 standing.lost
        KM-2203 site.off
        KM-2214 site.paused
        KM-3001 directory.down
        KM-3003 rights.missing
        KM-3004 write.protected
        KM-3013 lock.none
        KM-4000 password.rejected
        KM-4014 pw.old
        KM-5001 contact.twice
        KM-5002 method.most
        KM-5003 contact.inside
        KM-5004 number.country
        KM-5005 number.shared
        KM-5006 method.least
        KM-5011 skip.over
        KM-7001 mail.refused
        KM-7002 sms.refused
        KM-7003 budget.spent
    "#]]
    .assert_eq(&lines);
    let mut codes: Vec<&str> = refusals().iter().map(Refusal::code).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), refusals().len());
}

#[test]
fn the_ids_and_numbers_of_broken_rules_never_change() {
    use RuleBroken as B;
    let rules = [
        B::Short { least: 8, typed: 1 },
        B::Long { most: 256 },
        B::Differ,
        B::Banned { term: "x".into() },
        B::Name { part: "x".into() },
        B::Leaked,
        B::Classes { needed: 3, used: 1 },
        B::History { remembered: 24 },
        B::Young { from: None },
        B::Unsaid,
        B::Sign {
            which: "U+00A0".into(),
        },
        B::Same,
        B::Few { least: 5 },
    ];
    let lines: String = rules
        .iter()
        .map(|rule| format!("{} {}\n", rule.code(), rule.id()))
        .collect();
    expect![[r#"
        KM-4001 pw.short
        KM-4002 pw.long
        KM-4003 pw.differ
        KM-4004 pw.banned
        KM-4005 pw.name
        KM-4006 pw.leaked
        KM-4007 pw.classes
        KM-4008 pw.history
        KM-4009 pw.young
        KM-4010 pw.unsaid
        KM-4011 pw.sign
        KM-4012 pw.same
        KM-4013 pw.few
    "#]]
    .assert_eq(&lines);
}

#[test]
fn the_numbers_of_decoys_never_change() {
    use DecoyReason as D;
    let reasons = [
        D::Unknown,
        D::Ambiguous,
        D::Scope,
        D::Methods,
        D::Probation,
        D::Rests,
        D::Disabled,
        D::Expired,
        D::Protected,
        D::Administrator,
        D::NoChange,
        D::Frozen,
    ];
    let lines: String = reasons
        .iter()
        .map(|reason| format!("{} {reason:?}\n", reason.code()))
        .collect();
    expect![[r#"
        KM-2201 Unknown
        KM-3009 Ambiguous
        KM-2202 Scope
        KM-2205 Methods
        KM-2206 Probation
        KM-2205 Rests
        KM-2208 Disabled
        KM-2209 Expired
        KM-2210 Protected
        KM-2211 Administrator
        KM-2212 NoChange
        KM-2213 Frozen
    "#]]
    .assert_eq(&lines);
}

#[test]
fn the_words_of_the_log_never_change() {
    let lines: String = AuditDeed::ALL
        .iter()
        .map(|deed| format!("{}\n", deed.word()))
        .collect();
    expect![[r#"
        flow.opened
        flow.ineligible
        flow.intent
        gate.offered
        challenge.sent
        challenge.withheld
        challenge.failed
        proof.given
        proof.failed
        gate.passed
        flow.refused
        flow.cancelled
        flow.expired
        flow.replaced
        flow.extended
        identity.blocked
        identity.unblocked
        method.rested
        method.disabled
        password.rejected
        order.opened
        order.settled
        password.reset
        password.changed
        password.wrong_seen
        account.unlocked
        account.frozen
        account.unfrozen
        registration.prompted
        registration.skipped
        registration.completed
        registration.reconfirmed
        method.registered
        method.removed
        method.set_aside
        signin.succeeded
        signin.failed
        signin.paused
        signin.ended
        securityinfo.exported
        contact_admin.requested
        policy.changed
        settings.refused
        directory.writeback_enabled
        directory.writeback_disabled
        directory.state
        directory.rights_checked
        system.started
        system.stopped
        notice.sent
        notice.failed
        throttle.source
        breaker.on
        breaker.off
        budget.reached
        audit.exported
        audit.verified
    "#]]
    .assert_eq(&lines);
}
