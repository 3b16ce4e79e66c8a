//! What a signed-in person may do, sentence by sentence.

mod contacts;
mod lanes;
mod offers;
mod sessions;
mod signing_in;

use crate::account::Claim;
use crate::code;
use crate::directory::SignIn;
use crate::flow::{Context, FlowFault};
use crate::id::{CorrelationId, MethodId};
use crate::method::MethodKind;
use crate::refusal::Refusal;
use crate::registration::{
    ContactFacts, Level, Person, PersonEffects, PersonStep, Profile, signed_in,
};
use crate::world::{World, contact};

/// Jane at her security info: a world, and what the store keeps of her.
struct Desk {
    world: World,
    profile: Profile,
    effects: PersonEffects,
}

impl Desk {
    /// Nothing is registered yet.
    fn empty() -> Self {
        let mut desk = Self::new();
        desk.world.standing.methods.clear();
        desk
    }

    /// Mailbox and telephone are registered.
    fn new() -> Self {
        Self {
            world: World::new(),
            profile: Profile::default(),
            effects: PersonEffects::default(),
        }
    }

    fn signs_in(&mut self) -> Person {
        self.signs_in_as(SignIn::Accepted).unwrap()
    }

    fn signs_in_as(&mut self, answer: SignIn) -> Result<Person, Refusal> {
        let claim = Claim::new("jane").unwrap();
        let account = self.world.fresh().account;
        let journey = CorrelationId::stored("01JOURNEY0000000000000000X".into());
        let outcome = self.world.decide(|ctx| {
            let outcome = signed_in(&claim, account, answer, (journey, ctx)).unwrap();
            outcome.map_err(Box::new)
        });
        match outcome {
            Ok(step) => Ok(self.saves(step)),
            Err(failure) => {
                let (refusal, event) = *failure;
                self.world.audit.push(event);
                Err(refusal)
            }
        }
    }

    fn does(
        &mut self,
        person: Person,
        deed: impl FnOnce(Person, &mut Context<'_>) -> Result<PersonStep, FlowFault>,
    ) -> Person {
        let step = self.world.decide(|ctx| deed(person, ctx).unwrap());
        self.saves(step)
    }

    /// Saves a step as the service does.
    fn saves(&mut self, step: PersonStep) -> Person {
        self.world.outbox.extend(step.notices);
        self.world.audit.extend(step.audit);
        self.world.refusal = step.refusal;
        let methods = &mut self.world.standing.methods;
        methods.extend(step.effects.add_method.clone());
        methods.retain(|own| Some(&own.id) != step.effects.remove_method.as_ref());
        if let Some(profile) = &step.effects.profile {
            self.profile = profile.clone();
        }
        self.world.standing.epoch += u64::from(step.effects.raises_epoch);
        self.effects = step.effects;
        step.person
    }

    fn adds(&mut self, person: Person, kind: MethodKind) -> Person {
        self.adds_with(person, kind, &ContactFacts::default())
    }

    fn adds_with(&mut self, person: Person, kind: MethodKind, facts: &ContactFacts) -> Person {
        let standing = self.world.standing.clone();
        self.does(person, |person, ctx| {
            person.add_contact((kind, Some(contact(kind))), &standing, facts, ctx)
        })
    }

    fn answers(&mut self, person: Person, text: &str) -> Person {
        let standing = self.world.standing.clone();
        let typed = code::typed(text);
        self.does(person, |person, ctx| {
            person.answer(typed.as_ref(), &standing, ctx)
        })
    }

    fn answers_right(&mut self, person: Person) -> Person {
        let code = self.world.code().unwrap();
        self.answers(person, &code)
    }

    fn asks_proof(&mut self, person: Person, id: &str) -> Person {
        let standing = self.world.standing.clone();
        let id = MethodId::stored(id.into());
        self.does(person, |person, ctx| person.ask_proof(&id, &standing, ctx))
    }

    fn proves(&mut self, person: Person, id: &str) -> Person {
        let person = self.asks_proof(person, id);
        self.answers_right(person)
    }

    fn removes(&mut self, person: Person, id: &str) -> Person {
        let standing = self.world.standing.clone();
        let id = MethodId::stored(id.into());
        self.does(person, |person, ctx| {
            person.remove_method(&id, &standing, ctx)
        })
    }

    fn refused(&self) -> &'static str {
        self.world.refused()
    }
}

/// A person comes back from the store as they went in.
#[test]
fn a_person_goes_on_from_the_store_at_every_stage() {
    let mut desk = Desk::empty();
    let mut person = desk.signs_in();
    for stage in 0..4 {
        let stored = serde_json::to_string(&person).unwrap();
        let read: Person = serde_json::from_str(&stored).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), stored);
        person = match stage {
            0 => desk.adds(read, MethodKind::Email),
            1 => desk.answers(read, crate::world::WRONG),
            2 => desk.answers_right(read),
            _ => read,
        };
    }
    assert_eq!(desk.world.standing.methods.len(), 1);
    assert_eq!(person.level, Level::Full);
}
