//! A decoy cannot be told from an account (security-gates P-2, G-01, G-03): the same sequence of
//! requests, whoever is named, gives the same pages, refusals and times until a gate is passed.

use proptest::prelude::*;

use crate::account::{Lock, Protection};
use crate::directory::Found;
use crate::flow::{DecoyReason, Flow, Intent, Judged, View};
use crate::limit::NAMES_MOST;
use crate::method::{Contact, MethodKind};
use crate::refusal::Refusal;
use crate::time::{Moment, SECOND_MS};
use crate::world::{WRONG, World, contact, secret};

/// What a visitor without a right code can do.
#[derive(Debug, Clone)]
enum Deed {
    Visit,
    Choose(Intent),
    Way(MethodKind),
    Back,
    Place(MethodKind, Place),
    Again,
    Answer(Option<&'static str>),
    MoreTime,
    Cancel,
    Switch(Intent),
    Reset,
    Unlock,
    Wait(i64),
}

#[derive(Debug, Clone)]
enum Place {
    Registered,
    Foreign,
    Misshapen,
}

fn deeds() -> impl Strategy<Value = Deed> {
    let intent = || prop_oneof![Just(Intent::Reset), Just(Intent::Unlock)];
    let kind = || prop_oneof![3 => Just(MethodKind::Email), 1 => Just(MethodKind::Text)];
    let place = prop_oneof![
        4 => Just(Place::Registered),
        1 => Just(Place::Foreign),
        1 => Just(Place::Misshapen),
    ];
    let wait = prop_oneof![
        Just(1),
        Just(31),
        Just(61),
        Just(300),
        Just(900),
        Just(3_700)
    ];
    prop_oneof![
        4 => Just(Deed::Visit),
        3 => intent().prop_map(Deed::Choose),
        6 => kind().prop_map(Deed::Way),
        1 => Just(Deed::Back),
        6 => (kind(), place).prop_map(|(kind, place)| Deed::Place(kind, place)),
        3 => Just(Deed::Again),
        12 => Just(Deed::Answer(Some(WRONG))),
        1 => Just(Deed::Answer(None)),
        1 => Just(Deed::MoreTime),
        1 => Just(Deed::Cancel),
        1 => intent().prop_map(Deed::Switch),
        1 => Just(Deed::Reset),
        1 => Just(Deed::Unlock),
        4 => wait.prop_map(Deed::Wait),
    ]
}

/// One visitor in a world of their own; only what the name means differs between visitors.
struct Visitor {
    who: &'static str,
    world: World,
    flow: Option<Flow>,
}

/// Everything of one answer that leaves Keymend.
#[derive(Debug, PartialEq)]
struct Seen {
    view: Option<View>,
    said: Option<Refusal>,
    refusal: Option<Refusal>,
    step: u32,
    expires_at: Option<Moment>,
    is_over: bool,
    extensions_left: u32,
    intent: Option<Intent>,
    stage: &'static str,
    renews_handle: bool,
    silent_effects: bool,
}

impl Visitor {
    fn new(who: &'static str, unlocks: bool, prepare: impl FnOnce(&mut World)) -> Self {
        let mut world = World::new();
        world.caller.is_own_network = false;
        world.settings.actions.unlock_without_reset = unlocks;
        world.account().state.lock = Some(Lock { until: None });
        prepare(&mut world);
        Self {
            who,
            world,
            flow: None,
        }
    }

    fn does(&mut self, deed: &Deed) -> Seen {
        self.world.refusal = None;
        self.world.effects = crate::flow::Effects::default();
        if let Deed::Wait(seconds) = deed {
            self.world.wait_secs(*seconds);
        } else if let Deed::Visit = deed {
            match self.world.visits("Jane") {
                Ok(flow) => self.flow = Some(flow),
                Err(refusal) => self.world.refusal = Some(refusal),
            }
        } else if let Some(flow) = self.flow.take() {
            self.flow = Some(self.acts(flow, deed));
        }
        self.sees()
    }

    fn acts(&mut self, flow: Flow, deed: &Deed) -> Flow {
        let world = &mut self.world;
        match deed {
            Deed::Choose(intent) => world.does(flow, |flow, ctx| flow.choose_intent(*intent, ctx)),
            Deed::Way(kind) => world.does(flow, |flow, ctx| flow.choose_method(*kind, ctx)),
            Deed::Back => world.does(flow, Flow::other_way),
            Deed::Place(kind, place) => {
                let place = match place {
                    Place::Registered => Some(contact(*kind)),
                    Place::Foreign => Some(Contact::Email("eve@mail.example".into())),
                    Place::Misshapen => None,
                };
                world.does(flow, |flow, ctx| flow.challenge(place.as_ref(), ctx))
            }
            Deed::Again => world.does(flow, Flow::resend),
            Deed::Answer(text) => {
                let typed = text.map(secret);
                world.does(flow, |flow, ctx| flow.prove(typed.as_ref(), ctx))
            }
            Deed::MoreTime => world.does(flow, Flow::more_time),
            Deed::Cancel => world.does(flow, Flow::cancel),
            Deed::Switch(intent) => world.does(flow, |flow, ctx| flow.switch_intent(*intent, ctx)),
            Deed::Reset => {
                let (fresh, judged) = (world.fresh(), Judged { broken: vec![] });
                world.orders(|ctx| flow.order_reset(&fresh, judged, ctx))
            }
            Deed::Unlock => world.orders_unlock(flow),
            Deed::Visit | Deed::Wait(_) => flow,
        }
    }

    fn sees(&self) -> Seen {
        let policy = self.world.policy();
        let now = self.world.now;
        let flow = self.flow.as_ref();
        let effects = &self.world.effects;
        Seen {
            view: flow.map(|flow| flow.view(&policy, now)),
            said: flow.and_then(|flow| flow.said().cloned()),
            refusal: self.world.refusal.clone(),
            step: flow.map_or(0, |flow| flow.step),
            expires_at: flow.map(|flow| flow.expires_at),
            is_over: flow.is_some_and(|flow| flow.is_over(now)),
            extensions_left: flow.map_or(0, Flow::extensions_left),
            intent: flow.and_then(Flow::intent),
            stage: flow.map_or("", |flow| flow.stage().word()),
            renews_handle: effects.renews_handle,
            silent_effects: effects.end_others.is_none()
                && effects.raise_epoch.is_none()
                && effects.used_methods.is_empty()
                && self.world.ticket.is_none(),
        }
    }
}

/// One visitor for an account that may proceed, and one for every reason why one may not.
fn visitors(unlocks: bool) -> Vec<Visitor> {
    let visitor = |who, prepare: fn(&mut World)| Visitor::new(who, unlocks, prepare);
    vec![
        visitor("known", |_| {}),
        visitor("unknown", |world| world.found = Found::Nobody),
        visitor("ambiguous", |world| {
            world.found = Found::Several { count: 2 }
        }),
        visitor("scope", |world| {
            world.settings.excluded_groups = vec!["staff".into()]
        }),
        visitor("methods", |world| world.standing.methods.truncate(1)),
        visitor("unregistered", |world| world.standing.methods.clear()),
        visitor("probation", |world| {
            world.standing.methods[1].probation_until = Some(Moment(i64::MAX));
        }),
        visitor("disabled", |world| world.account().state.is_disabled = true),
        visitor("expired", |world| world.account().state.is_expired = true),
        visitor("protected", |world| {
            world.account().state.protection = Some(Protection("Domain Admins".into()));
        }),
        visitor("administrator", |world| {
            world.account().groups.push("admins".into())
        }),
        visitor("no change", |world| {
            world.account().state.may_not_change = true
        }),
        visitor("frozen", |world| world.standing.is_frozen = true),
        visitor("resting", |world| {
            let key = crate::limit::CounterKey::tries(
                "corp/a1",
                MethodKind::Email,
                crate::limit::Lane::Unfamiliar,
            );
            for _ in 0..90 {
                crate::limit::note_wrong(&mut world.book, &key, world.now).unwrap();
            }
        }),
    ]
}

fn all_see_the_same(unlocks: bool, deeds: &[Deed]) -> Result<(), TestCaseError> {
    let mut visitors = visitors(unlocks);
    for (place, deed) in deeds.iter().enumerate() {
        let seen: Vec<(&str, Seen)> = visitors
            .iter_mut()
            .map(|visitor| (visitor.who, visitor.does(deed)))
            .collect();
        for (who, other) in &seen {
            prop_assert_eq!(other, &seen[0].1, "{} at {}: {:?}", who, place, deed);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn gate_01_a_decoy_cannot_be_told_from_an_account(
        unlocks in any::<bool>(),
        deeds in prop::collection::vec(deeds(), 1..60),
    ) {
        all_see_the_same(unlocks, &deeds)?;
    }
}

/// The whole way to the block of the name, and beyond the silent rest of the method.
#[test]
fn gate_03_too_many_tries_appear_at_the_same_request_for_all() {
    let attempt = [
        Deed::Visit,
        Deed::Choose(Intent::Reset),
        Deed::Way(MethodKind::Email),
        Deed::Place(MethodKind::Email, Place::Registered),
        Deed::Answer(Some(WRONG)),
        Deed::Answer(Some(WRONG)),
        Deed::Answer(Some(WRONG)),
        Deed::Again,
        Deed::Wait(40),
        Deed::Again,
        Deed::Answer(Some(WRONG)),
        Deed::Answer(Some(WRONG)),
        Deed::Answer(Some(WRONG)),
        Deed::Way(MethodKind::Email),
        Deed::Wait(SECOND_MS),
    ];
    let deeds: Vec<Deed> = (0..8).flat_map(|_| attempt.clone()).collect();
    all_see_the_same(true, &deeds).unwrap();

    let mut visitors = visitors(true);
    let told: Vec<(&str, bool, bool)> = visitors
        .iter_mut()
        .map(|visitor| {
            let seen: Vec<Seen> = deeds.iter().map(|deed| visitor.does(deed)).collect();
            let blocked = seen
                .iter()
                .any(|seen| matches!(seen.refusal, Some(Refusal::NameBlocked { .. })));
            let told = visitor.world.told();
            (
                visitor.who,
                blocked,
                told.iter().any(|to| to.starts_with("M12")),
            )
        })
        .collect();
    assert!(told.iter().all(|(_, blocked, _)| *blocked), "{told:?}");
    let owners: Vec<&str> = told
        .iter()
        .filter(|(_, _, told)| *told)
        .map(|(who, _, _)| *who)
        .collect();
    assert_eq!(owners, ["known", "resting"]);
}

#[test]
fn many_names_from_one_network_press_alike_whoever_they_mean() {
    for mut visitor in visitors(true) {
        visitor.world.caller.is_own_network = true;
        let pressed = (0..=NAMES_MOST).map(|_| visitor.does(&Deed::Visit).refusal);
        assert_eq!(pressed.flatten().count(), 0, "{}", visitor.who);
    }
}

#[test]
fn the_log_alone_says_why_a_claim_may_not_proceed() {
    let reasons = [
        ("unknown", DecoyReason::Unknown, ""),
        ("ambiguous", DecoyReason::Ambiguous, ""),
        ("scope", DecoyReason::Scope, "M11"),
        ("methods", DecoyReason::Methods, "M11"),
        ("unregistered", DecoyReason::Methods, "M11"),
        ("probation", DecoyReason::Probation, "M11"),
        ("disabled", DecoyReason::Disabled, ""),
        ("expired", DecoyReason::Expired, "M11"),
        ("protected", DecoyReason::Protected, "M11"),
        ("administrator", DecoyReason::Administrator, "M11"),
        ("no change", DecoyReason::NoChange, "M11"),
        ("frozen", DecoyReason::Frozen, "M11"),
        ("resting", DecoyReason::Rests, "M12"),
    ];
    let mut visitors = visitors(true);
    for (visitor, (who, reason, mail)) in visitors.iter_mut().skip(1).zip(reasons) {
        assert_eq!(visitor.who, who);
        visitor.does(&Deed::Visit);
        visitor.does(&Deed::Visit);
        let ineligible = visitor
            .world
            .recorded(crate::audit::AuditDeed::FlowIneligible);
        assert_eq!(
            ineligible[0].reason.as_deref(),
            Some(reason.code()),
            "{who}"
        );
        let told = visitor.world.told();
        assert_eq!(
            told.first()
                .map_or("", |line| line.split(' ').next().unwrap()),
            mail,
            "{who}"
        );
        let once = told.iter().filter(|line| line.contains("@corp")).count();
        assert_eq!(once, usize::from(!mail.is_empty()), "{who}: {told:?}");
    }
}
