//! Values the directory knows, offered for registration.

use super::Desk;
use crate::method::{Contact, MethodKind};
use crate::registration::{ContactFacts, Person};
use crate::world::contact;

const EMAIL: MethodKind = MethodKind::Email;
const TEXT: MethodKind = MethodKind::Text;

fn offered(desk: &Desk, person: &Person, kind: MethodKind, known: &[Contact]) -> Option<String> {
    let facts = |own: &Contact| ContactFacts {
        calling_code: matches!(own, Contact::Phone(_)).then(|| own.in_full()[1..3].to_owned()),
        own_calling_code: Some("44".into()),
        ..ContactFacts::default()
    };
    let candidates: Vec<_> = known.iter().map(|own| (own.clone(), facts(own))).collect();
    let found = person.offer(
        kind,
        &candidates,
        &desk.world.standing,
        &desk.world.policy(),
    );
    found.map(|own| own.in_full().to_owned())
}

#[test]
fn the_first_value_that_could_be_registered_is_offered() {
    let mut desk = Desk::empty();
    desk.world.settings.registration.internal_mail_domains = vec!["corp.example".into()];
    let person = desk.signs_in();
    let known = [
        Contact::Email("jane@corp.example".into()),
        Contact::Phone("+79005550123".into()),
        Contact::Phone("+447700900123".into()),
        Contact::Email("jane@home.example".into()),
    ];
    let email = offered(&desk, &person, EMAIL, &known);
    assert_eq!(email.as_deref(), Some("jane@home.example"));
    let text = offered(&desk, &person, TEXT, &known);
    assert_eq!(text.as_deref(), Some("+447700900123"));
    assert_eq!(offered(&desk, &person, TEXT, &known[..2]), None);
}

#[test]
fn what_is_registered_already_is_not_offered() {
    let mut desk = Desk::new();
    let person = desk.signs_in();
    assert_eq!(offered(&desk, &person, EMAIL, &[contact(EMAIL)]), None);
}

#[test]
fn an_offered_value_is_shown_masked_and_counts_after_its_code_came_back() {
    let mut desk = Desk::empty();
    let person = desk.signs_in();
    let (standing, facts) = (desk.world.standing.clone(), ContactFacts::default());
    let person = desk.does(person, |person, ctx| {
        person.add_offered((EMAIL, Some(contact(EMAIL))), &standing, &facts, ctx)
    });
    assert_eq!(person.pending.as_ref().unwrap().shown(), "j…@mail.example");
    assert!(desk.world.standing.methods.is_empty());
    desk.world.wait_mins(1);
    let person = desk.does(person, |person, ctx| person.ask_again(ctx));
    assert_eq!(person.pending.as_ref().unwrap().shown(), "j…@mail.example");
    desk.answers_right(person);
    assert_eq!(desk.world.standing.methods[0].contact, contact(EMAIL));
}

#[test]
fn a_typed_value_is_shown_as_typed_and_an_offer_that_is_gone_adds_nothing() {
    let mut desk = Desk::empty();
    let person = desk.signs_in();
    let person = desk.adds(person, EMAIL);
    assert_eq!(
        person.pending.as_ref().unwrap().shown(),
        "jane@mail.example"
    );
    let (standing, facts) = (desk.world.standing.clone(), ContactFacts::default());
    desk.does(person, |person, ctx| {
        person.add_offered((TEXT, None), &standing, &facts, ctx)
    });
    assert_eq!(desk.refused(), "step.wrong");
}
