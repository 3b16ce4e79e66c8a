//! Sign-ins beside each other, and what a fresh proof does to one.

use super::Desk;
use crate::audit::AuditDeed;
use crate::method::MethodKind;
use crate::registration::Person;

/// The numbers of the sign-ins that a new one ends.
fn ended(desk: &mut Desk, others: &[(u32, Person)]) -> (Vec<u32>, bool) {
    let mut person = desk.signs_in();
    let others = others.to_vec();
    let ended = desk.world.decide(|ctx| person.pushes_out(others, ctx));
    desk.world
        .audit
        .extend(ended.iter().map(|(_, event)| event.clone()));
    let numbers = ended.into_iter().map(|(number, _)| number).collect();
    (numbers, person.ended_others)
}

#[test]
fn a_fourth_sign_in_ends_the_oldest_and_says_so() {
    let mut desk = Desk::new();
    let mut others = Vec::new();
    for number in [3, 1, 2] {
        assert_eq!(ended(&mut desk, &others), (vec![], false));
        desk.world.wait_mins(1);
        others.push((number, desk.signs_in()));
    }
    desk.world.wait_mins(1);
    assert_eq!(ended(&mut desk, &others), (vec![3], true));
    assert_eq!(desk.world.recorded(AuditDeed::SigninEnded).len(), 1);
}

/// Whoever only knows the password could sign in again and again, and end the owner's each time.
#[test]
fn a_sign_in_that_showed_no_more_than_a_password_goes_before_one_that_did() {
    let mut desk = Desk::new();
    let person = desk.signs_in();
    let mut owner = desk.proves(person, "m1");
    for is_proven in [true, false] {
        if !is_proven {
            // Not yet, but at a browser of the owner's.
            owner.proven_at = None;
        }
        desk.world.wait_mins(1);
        let others = [
            (1, owner.clone()),
            (2, desk.signs_in()),
            (3, desk.signs_in()),
        ];
        assert_eq!(ended(&mut desk, &others), (vec![2], true));
    }
}

#[test]
fn a_sign_in_that_is_over_takes_no_place() {
    let mut desk = Desk::new();
    let idle = desk.signs_in();
    desk.world.wait_mins(14);
    let others = [(1, idle), (2, desk.signs_in()), (3, desk.signs_in())];
    desk.world.wait_mins(1);
    assert_eq!(ended(&mut desk, &others), (vec![], false));
}

#[test]
fn what_was_said_about_an_ended_sign_in_goes_with_the_next_form() {
    let mut desk = Desk::new();
    let mut person = desk.signs_in();
    person.ended_others = true;
    let person = desk.asks_proof(person, "m1");
    assert!(!person.ended_others);
}

#[test]
fn a_fresh_proof_renews_the_handle_and_makes_the_browser_familiar_once() {
    let mut desk = Desk::new();
    let person = desk.signs_in();
    let person = desk.asks_proof(person, "m1");
    assert!(!desk.effects.renews_handle && !desk.effects.is_familiar);
    let person = desk.answers_right(person);
    assert!(desk.effects.renews_handle && desk.effects.is_familiar);
    desk.proves(person, "m2");
    assert!(desk.effects.renews_handle);
    assert!(!desk.effects.is_familiar, "it is one already");
}

#[test]
fn a_password_alone_makes_no_browser_familiar() {
    let mut desk = Desk::empty();
    let person = desk.signs_in();
    let person = desk.adds(person, MethodKind::Email);
    let person = desk.answers_right(person);
    assert!(desk.effects.add_method.is_some());
    assert!(!desk.effects.is_familiar && !desk.effects.renews_handle);
    let (standing, profile) = (desk.world.standing.clone(), desk.profile.clone());
    desk.does(person, |person, ctx| {
        Ok(person.reconfirm(&standing, &profile, ctx))
    });
    assert_eq!(desk.refused(), "");
    assert!(!desk.effects.is_familiar);
}

#[test]
fn where_browsers_are_not_remembered_none_becomes_familiar() {
    let mut desk = Desk::new();
    desk.world.settings.limits.familiar_days = 0;
    let person = desk.signs_in();
    desk.proves(person, "m1");
    assert!(desk.effects.renews_handle && !desk.effects.is_familiar);
}
