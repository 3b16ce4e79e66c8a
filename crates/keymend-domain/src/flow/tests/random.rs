//! What holds whatever people do, in any order (security-gates G-05, G-19, G-20, G-23).

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::account::Lock;
use crate::audit::AuditDeed;
use crate::code;
use crate::directory::{Barrier, Check, NotDone, RuleBroken, WriteOutcome};
use crate::flow::{Flow, Intent, Judged, Stage, View};
use crate::limit::Lane;
use crate::method::{Contact, MethodKind};
use crate::time::{HOUR_MS, Moment};
use crate::world::{WRONG, World, contact};

/// Anything a browser can send, and what the directory may answer.
#[derive(Debug, Clone)]
enum Deed {
    Visit(usize),
    Choose(Intent),
    Way(MethodKind),
    Back,
    Place {
        kind: MethodKind,
        is_own: bool,
    },
    Again,
    Answer(Answer),
    MoreTime,
    Cancel,
    Switch(Intent),
    Reset {
        breaks_rules: bool,
    },
    Unlock,
    Settle(WriteOutcome),
    Change,
    Wait(i64),
    /// Whatever the page shows, the next thing that gets further.
    GoOn,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Answer {
    Newest,
    First,
    Wrong,
    None,
}

fn outcomes() -> impl Strategy<Value = WriteOutcome> {
    let done = WriteOutcome::Done {
        check: Check::SignedIn,
        unlocked: true,
        change_again: false,
    };
    prop_oneof![
        Just(done),
        Just(WriteOutcome::Barred(Barrier::StillLocked)),
        Just(WriteOutcome::Refused(vec![RuleBroken::Unsaid])),
        Just(WriteOutcome::NotDone(NotDone::Down)),
        Just(WriteOutcome::NotDone(NotDone::Gone)),
        Just(WriteOutcome::Unknown),
    ]
}

fn deeds() -> impl Strategy<Value = Deed> {
    let intent = || prop_oneof![Just(Intent::Reset), Just(Intent::Unlock)];
    let kind = || prop_oneof![Just(MethodKind::Email), Just(MethodKind::Text)];
    let answer = prop_oneof![
        4 => Just(Answer::Newest),
        1 => Just(Answer::First),
        6 => Just(Answer::Wrong),
        1 => Just(Answer::None),
    ];
    let wait = prop_oneof![
        Just(1),
        Just(31),
        Just(61),
        Just(590),
        Just(1_800),
        Just(3_540)
    ];
    prop_oneof![
        3 => (0..3_usize).prop_map(Deed::Visit),
        3 => intent().prop_map(Deed::Choose),
        6 => kind().prop_map(Deed::Way),
        1 => Just(Deed::Back),
        6 => (kind(), prop::bool::weighted(0.9))
            .prop_map(|(kind, is_own)| Deed::Place { kind, is_own }),
        2 => Just(Deed::Again),
        9 => answer.prop_map(Deed::Answer),
        1 => Just(Deed::MoreTime),
        1 => Just(Deed::Cancel),
        1 => intent().prop_map(Deed::Switch),
        4 => prop::bool::weighted(0.2).prop_map(|breaks_rules| Deed::Reset { breaks_rules }),
        2 => Just(Deed::Unlock),
        4 => outcomes().prop_map(Deed::Settle),
        1 => Just(Deed::Change),
        3 => wait.prop_map(Deed::Wait),
        25 => Just(Deed::GoOn),
    ]
}

/// One world with a flow that is driven at random, and a tally kept beside it.
struct Walk {
    world: World,
    flow: Option<Flow>,
    /// When a wrong answer was compared although a right one would have opened a gate.
    guesses: Vec<(MethodKind, Moment)>,
    tickets: usize,
    rights: usize,
    may_be_right: bool,
}

impl Walk {
    fn new(gates: u32, may_be_right: bool) -> Self {
        let mut world = if gates == 1 {
            World::with_one_gate()
        } else {
            World::new()
        };
        world.account().state.lock = Some(Lock { until: None });
        Self {
            world,
            flow: None,
            guesses: Vec::new(),
            tickets: 0,
            rights: 0,
            may_be_right,
        }
    }

    fn does(&mut self, deed: &Deed) {
        match deed {
            Deed::Wait(seconds) => self.world.wait_secs(*seconds),
            Deed::Visit(spelling) => {
                let name = ["jane", "jane@corp", "CORP\\jane"][*spelling];
                if self.open_order().is_none() {
                    self.flow = self.world.visits(name).ok();
                }
            }
            Deed::Change if self.open_order().is_none() => {
                let flow = self.world.orders_change(false);
                self.flow = Some(flow);
            }
            Deed::GoOn => {
                let next = self.next();
                self.does(&next);
            }
            _ => {
                if let Some(flow) = self.flow.take() {
                    let flow = self.acts(flow, deed);
                    self.flow = Some(flow);
                }
            }
        }
        self.tickets += usize::from(self.world.ticket.take().is_some());
    }

    fn next(&self) -> Deed {
        let Some(flow) = &self.flow else {
            return Deed::Visit(0);
        };
        match flow.view(&self.world.policy(), self.world.now) {
            View::Intent => Deed::Choose(Intent::Reset),
            View::Menu { kinds, .. } => Deed::Way(kinds[0]),
            View::Contact { kind } => Deed::Place { kind, is_own: true },
            View::Code { .. } => Deed::Answer(Answer::Newest),
            View::NewPassword { .. } => Deed::Reset {
                breaks_rules: false,
            },
            View::Unlock { .. } => Deed::Unlock,
            View::Working => Deed::Settle(WriteOutcome::Refused(vec![RuleBroken::Unsaid])),
            View::Finished { .. } => Deed::Visit(1),
        }
    }

    fn open_order(&self) -> Option<&crate::flow::OpenOrder> {
        self.flow.as_ref().and_then(Flow::open_order)
    }

    fn acts(&mut self, flow: Flow, deed: &Deed) -> Flow {
        let world = &mut self.world;
        match deed {
            Deed::Choose(intent) => world.does(flow, |flow, ctx| flow.choose_intent(*intent, ctx)),
            Deed::Way(kind) => world.does(flow, |flow, ctx| flow.choose_method(*kind, ctx)),
            Deed::Back => world.does(flow, Flow::other_way),
            Deed::Place { kind, is_own } => {
                let place = match is_own {
                    true => contact(*kind),
                    false => Contact::Email("eve@mail.example".into()),
                };
                world.does(flow, |flow, ctx| flow.challenge(Some(&place), ctx))
            }
            Deed::Again => world.does(flow, Flow::resend),
            Deed::Answer(answer) => self.answers(flow, *answer),
            Deed::MoreTime => world.does(flow, Flow::more_time),
            Deed::Cancel => world.does(flow, Flow::cancel),
            Deed::Switch(intent) => world.does(flow, |flow, ctx| flow.switch_intent(*intent, ctx)),
            Deed::Reset { breaks_rules } => {
                let broken = match breaks_rules {
                    true => vec![RuleBroken::Unsaid],
                    false => vec![],
                };
                let fresh = world.fresh();
                world.orders(|ctx| flow.order_reset(&fresh, Judged { broken }, ctx))
            }
            Deed::Unlock => world.orders_unlock(flow),
            Deed::Settle(outcome) => world.does(flow, |flow, ctx| flow.settle(outcome, ctx)),
            Deed::Visit(_) | Deed::Wait(_) | Deed::Change | Deed::GoOn => flow,
        }
    }

    fn answers(&mut self, flow: Flow, answer: Answer) -> Flow {
        let newest = self.world.code();
        let text = match answer {
            Answer::None => None,
            Answer::Newest if self.may_be_right => newest,
            Answer::First if self.may_be_right => self.world.outbox.iter().find_map(code_of),
            Answer::Newest | Answer::First | Answer::Wrong => Some(WRONG.to_owned()),
        };
        let kind = self.would_open(&flow);
        let before = self.world.recorded(AuditDeed::GatePassed).len();
        let typed = text.as_deref().and_then(code::typed);
        let is_asked = typed.is_some();
        let flow = self
            .world
            .does(flow, |flow, ctx| flow.prove(typed.as_ref(), ctx));
        let is_right = self.world.recorded(AuditDeed::GatePassed).len() > before;
        self.rights += usize::from(is_right);
        if let (Some(kind), true, false) = (kind, is_asked, is_right) {
            self.guesses.push((kind, self.world.now));
        }
        flow
    }

    /// Whether the newest code would open a gate just now; tried on a copy of the world.
    fn would_open(&mut self, flow: &Flow) -> Option<MethodKind> {
        let code = self.world.code()?;
        let typed = code::typed(&code);
        let book = self.world.book.clone();
        let step = self
            .world
            .decide(|ctx| flow.clone().prove(typed.as_ref(), ctx).unwrap());
        self.world.book = book;
        let passed = step
            .audit
            .iter()
            .find(|event| event.event == AuditDeed::GatePassed)?;
        MethodKind::from_word(passed.method.as_deref()?)
    }
}

fn code_of(notice: &crate::deliver::Notice) -> Option<String> {
    match &notice.tidings {
        crate::deliver::Tidings::Code { code, .. } => Some(code.expose().to_owned()),
        _ => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn gate_05_without_a_right_code_for_every_gate_nothing_is_proven_and_nothing_is_ordered(
        deeds in prop::collection::vec(deeds(), 1..80),
    ) {
        let mut walk = Walk::new(2, false);
        for deed in deeds.iter().filter(|deed| !matches!(deed, Deed::Change)) {
            walk.does(deed);
            let stage = walk.flow.as_ref().map(Flow::stage);
            let is_early = !matches!(stage, Some(Stage::Proven(_) | Stage::Writing(_)));
            prop_assert!(is_early, "{deed:?}");
        }
        prop_assert_eq!(walk.tickets, 0);
        prop_assert!(walk.world.recorded(AuditDeed::GatePassed).is_empty());
    }

    #[test]
    fn gate_09_one_right_code_is_never_enough_for_two_gates(
        deeds in prop::collection::vec(deeds(), 1..80),
    ) {
        let mut walk = Walk::new(2, true);
        let mut begun = 0;
        for deed in deeds.iter().filter(|deed| !matches!(deed, Deed::Change)) {
            let before = walk.flow.as_ref().map(|flow| flow.id.clone());
            walk.does(deed);
            if walk.flow.as_ref().map(|flow| flow.id.clone()) != before {
                begun = walk.rights;
            }
            let stage = walk.flow.as_ref().map(Flow::stage);
            if matches!(stage, Some(Stage::Proven(_) | Stage::Writing(_))) {
                prop_assert!(walk.rights >= begun + 2, "{deed:?}");
            }
        }
    }

    #[test]
    fn every_opened_order_is_settled_exactly_once(
        gates in 1..=2_u32,
        deeds in prop::collection::vec(deeds(), 1..80),
    ) {
        let mut walk = Walk::new(gates, true);
        for deed in &deeds {
            walk.does(deed);
        }
        walk.does(&Deed::Settle(WriteOutcome::Unknown));
        walk.does(&Deed::Settle(WriteOutcome::Unknown));
        let ids = |deed| -> Vec<String> {
            let events = walk.world.recorded(deed).into_iter();
            events.filter_map(|event| event.order_id.clone()).collect()
        };
        let (opened, settled) = (ids(AuditDeed::OrderOpened), ids(AuditDeed::OrderSettled));
        prop_assert_eq!(&opened, &settled);
        prop_assert_eq!(opened.len(), walk.tickets);
    }

    #[test]
    fn gate_20_no_sequence_grants_more_guesses_than_the_limits(
        is_familiar in any::<bool>(),
        deeds in prop::collection::vec(deeds(), 20..160),
    ) {
        let mut walk = Walk::new(2, false);
        if is_familiar {
            walk.world.caller.familiar_account = Some("corp/a1".into());
        }
        for deed in deeds.iter().filter(|deed| !matches!(deed, Deed::Change)) {
            walk.does(deed);
        }
        let mut by_kind: BTreeMap<MethodKind, Vec<Moment>> = BTreeMap::new();
        for (kind, at) in &walk.guesses {
            by_kind.entry(*kind).or_default().push(*at);
        }
        let lane = if is_familiar { Lane::Familiar } else { Lane::Unfamiliar };
        for guesses in by_kind.values() {
            let most = guesses.windows(6).all(|six| six[5].since_ms(six[0]) >= HOUR_MS);
            prop_assert!(most, "{guesses:?}");
            prop_assert!(u32::try_from(guesses.len()).unwrap() <= lane.streak_most());
        }
    }
}

/// The property above would be empty if the walks never guessed.
#[test]
fn a_burst_over_many_flows_and_spellings_guesses_exactly_five_times() {
    let mut walk = Walk::new(2, false);
    for round in 0..12 {
        for deed in [
            Deed::Visit(round % 3),
            Deed::Choose(Intent::Reset),
            Deed::Way(MethodKind::Email),
            Deed::Place {
                kind: MethodKind::Email,
                is_own: true,
            },
            Deed::Answer(Answer::Wrong),
            Deed::Answer(Answer::Wrong),
            Deed::Wait(61),
            Deed::Again,
            Deed::Answer(Answer::Wrong),
        ] {
            walk.does(&deed);
        }
    }
    assert_eq!(walk.guesses.len(), 5);
}
