//! Adding, proving and removing ways back in.

use super::Desk;
use crate::audit::AuditDeed;
use crate::deliver::{CodePurpose, Tidings};
use crate::directory::{MustChange, SignIn};
use crate::limit::{self, CounterKey, Lane};
use crate::method::{Assurance, Contact, MethodKind};
use crate::policy::Profile;
use crate::registration::{ContactFacts, is_registered};
use crate::time::{DAY_MS, HOUR_MS};
use crate::world::{WRONG, contact, method};

const EMAIL: MethodKind = MethodKind::Email;
const TEXT: MethodKind = MethodKind::Text;

#[test]
fn a_contact_counts_once_its_code_was_typed_back_and_its_probation_is_over() {
    let mut desk = Desk::empty();
    let person = desk.signs_in();
    let person = desk.adds(person, EMAIL);
    assert!(desk.world.standing.methods.is_empty());
    let person = desk.answers_right(person);
    let added = desk.effects.add_method.clone().unwrap();
    assert_eq!(added.assurance, Assurance::UserVerified);
    assert_eq!(
        added.probation_until,
        Some(desk.world.now.plus_ms(72 * HOUR_MS))
    );
    assert!(desk.effects.raises_epoch);
    assert_eq!(person.proven_at, None);
    assert_eq!(
        desk.world.told(),
        ["M9 jane@corp.example", "M9 jane@mail.example"]
    );
    let person = desk.adds(person, TEXT);
    desk.answers_right(person);
    assert!(is_registered(
        &desk.world.standing.methods,
        &desk.world.policy()
    ));
    assert_eq!(
        desk.world.recorded(AuditDeed::RegistrationCompleted).len(),
        1
    );
}

#[test]
fn a_fresh_proof_vouches_for_a_new_contact_and_the_demo_has_no_probation() {
    let mut desk = Desk::new();
    desk.world.standing.methods.truncate(1);
    let person = desk.signs_in();
    let person = desk.proves(person, "m1");
    let person = desk.adds(person, TEXT);
    desk.answers_right(person);
    assert_eq!(desk.world.standing.methods[1].probation_until, None);

    let mut demo = Desk::empty();
    demo.world.settings.profile = Profile::Demo;
    demo.world.settings.registration.probation_hours = 0;
    let person = demo.signs_in();
    let person = demo.adds(person, EMAIL);
    demo.answers_right(person);
    assert_eq!(demo.world.standing.methods[0].probation_until, None);
}

#[test]
fn changing_security_info_needs_a_proof_not_older_than_five_minutes() {
    let mut desk = Desk::new();
    desk.world.settings.gates = 1;
    let person = desk.signs_in();
    desk.removes(person.clone(), "m2");
    assert_eq!(desk.refused(), "proof.wanted");
    desk.adds(person.clone(), TEXT);
    assert_eq!(desk.refused(), "proof.wanted");
    let person = desk.proves(person, "m1");
    assert_eq!(desk.effects.used_method.as_ref().unwrap().as_str(), "m1");
    desk.world.wait_secs(301);
    desk.removes(person.clone(), "m2");
    assert_eq!(desk.refused(), "proof.wanted");
    desk.world.wait_secs(-1);
    desk.removes(person, "m2");
    assert_eq!(desk.refused(), "");
    assert_eq!(desk.world.standing.methods.len(), 1);
    assert!(desk.effects.raises_epoch && desk.effects.veto.is_some());
    // The place that was removed hears of it as well.
    let told = desk.world.told();
    assert_eq!(told, ["M9 jane@corp.example", "M9 jane@mail.example"]);
}

#[test]
fn nothing_is_removed_that_would_leave_too_few() {
    let mut desk = Desk::new();
    let person = desk.signs_in();
    let person = desk.proves(person, "m1");
    desk.removes(person.clone(), "m2");
    assert_eq!(desk.refused(), "method.least");
    desk.removes(person, "unheard of");
    assert_eq!(desk.refused(), "step.wrong");
}

#[test]
fn what_cannot_be_registered_is_refused_with_its_reason() {
    let facts = ContactFacts::default;
    let shared = ContactFacts {
        sharers: 5,
        ..facts()
    };
    let abroad = ContactFacts {
        calling_code: Some("99".into()),
        ..facts()
    };
    let inside = Contact::Email("jane@mail.corp.example".into());
    let work = Contact::Email("jane@corp.example".into());
    let table = [
        ("address.shape", EMAIL, None, facts()),
        ("number.shape", TEXT, None, facts()),
        ("contact.inside", EMAIL, Some(inside), facts()),
        ("contact.inside", EMAIL, Some(work), facts()),
        ("number.country", TEXT, Some(contact(TEXT)), abroad),
        ("number.shared", TEXT, Some(contact(TEXT)), shared),
    ];
    for (id, kind, place, facts) in table {
        let mut desk = Desk::empty();
        let registration = &mut desk.world.settings.registration;
        registration.internal_mail_domains = vec!["Corp.Example".into()];
        registration.countries = vec!["44".into()];
        let person = desk.signs_in();
        let standing = desk.world.standing.clone();
        let person = desk.does(person, |person, ctx| {
            person.add_contact((kind, place), &standing, &facts, ctx)
        });
        assert_eq!(desk.refused(), id);
        assert!(person.pending.is_none());
        assert_eq!(desk.world.codes_sent(), 0);
    }
}

#[test]
fn without_a_list_the_site_s_own_country_alone_is_served() {
    for (code, is_served) in [("44", true), ("881", false)] {
        let mut desk = Desk::empty();
        desk.world.settings.registration.countries.clear();
        let facts = ContactFacts {
            calling_code: Some(code.into()),
            own_calling_code: Some("44".into()),
            ..ContactFacts::default()
        };
        let person = desk.signs_in();
        let standing = desk.world.standing.clone();
        let place = Some(contact(TEXT));
        let person = desk.does(person, |person, ctx| {
            person.add_contact((TEXT, place), &standing, &facts, ctx)
        });
        assert_eq!(person.pending.is_some(), is_served, "{code}");
    }
}

#[test]
fn two_of_a_kind_are_kept_and_none_twice_even_from_two_browsers() {
    let mut desk = Desk::empty();
    let (one, other) = (desk.signs_in(), desk.signs_in());
    let one = desk.adds(one, EMAIL);
    let first = desk.world.code().unwrap();
    let other = desk.adds(other, EMAIL);
    let one = desk.answers(one, &first);
    assert_eq!(desk.refused(), "");
    desk.answers_right(other);
    assert_eq!(desk.refused(), "contact.twice");
    desk.adds(one.clone(), EMAIL);
    assert_eq!(desk.refused(), "contact.twice");
    assert_eq!(desk.world.standing.methods.len(), 1);

    let second = Contact::Email("jane@other.example".into());
    desk.world
        .standing
        .methods
        .push(method("m9", EMAIL, second));
    for own in &mut desk.world.standing.methods {
        own.assurance = Assurance::AdminRegistered;
    }
    let third = Contact::Email("jane@third.example".into());
    let standing = desk.world.standing.clone();
    desk.does(one, |person, ctx| {
        let facts = ContactFacts::default();
        person.add_contact((EMAIL, Some(third)), &standing, &facts, ctx)
    });
    assert_eq!(desk.refused(), "method.most");
}

#[test]
fn a_code_asked_for_while_less_was_needed_adds_nothing_once_a_way_counts() {
    let mut desk = Desk::empty();
    let person = desk.signs_in();
    let person = desk.adds(person, EMAIL);
    desk.world.standing.methods.push(crate::world::telephone());
    desk.answers_right(person);
    assert_eq!(desk.refused(), "proof.wanted");
    assert_eq!(desk.world.standing.methods.len(), 1);
}

#[test]
fn a_code_that_was_slow_is_good_though_the_proof_before_it_grew_old() {
    let mut desk = Desk::new();
    desk.world.standing.methods.truncate(1);
    let person = desk.signs_in();
    let person = desk.proves(person, "m1");
    desk.world.wait_mins(4);
    let person = desk.adds(person, TEXT);
    desk.world.wait_mins(4);
    desk.answers_right(person);
    assert_eq!(desk.refused(), "");
    assert!(desk.world.standing.methods[1].probation_until.is_some());
}

#[test]
fn wrong_codes_are_counted_down_and_then_the_code_is_void() {
    let mut desk = Desk::empty();
    let person = desk.signs_in();
    let mut person = desk.adds(person, EMAIL);
    for left in [4, 3, 2, 1] {
        person = desk.answers(person, WRONG);
        let tries_left = Some(left);
        let expected = crate::refusal::Refusal::AnswerWrong { tries_left };
        assert_eq!(desk.world.refusal, Some(expected));
    }
    let person = desk.answers(person, WRONG);
    assert_eq!(desk.refused(), "answer.tries-used-up");
    desk.answers_right(person);
    assert_eq!(desk.refused(), "step.wrong");
}

#[test]
fn neither_another_code_nor_another_place_nor_another_sign_in_gives_tries_back() {
    let mut desk = Desk::new();
    for round in 0..8 {
        desk.world.wait_mins(4);
        let person = desk.signs_in();
        let person = desk.asks_proof(person, "m1");
        desk.answers(person, WRONG);
        let expected = if round < 5 {
            "answer.wrong"
        } else {
            "answer.tries-used-up"
        };
        assert_eq!(desk.refused(), expected, "{round}");
    }
    let key = CounterKey::tries("prove/corp/a1", EMAIL, Lane::Unfamiliar);
    assert_eq!(desk.world.book.0[&key].streak, 5);
    // The tries of a reset are another matter: a signed-in person uses up none of them.
    let flow = desk.world.starts();
    let flow = desk.world.passes(flow, TEXT);
    assert_eq!(flow.stage().word(), "proving");
}

#[test]
fn the_right_code_works_once_in_its_time_and_for_its_purpose() {
    let mut desk = Desk::new();
    let person = desk.signs_in();
    let asked = desk.asks_proof(person, "m1");
    let code = desk.world.code().unwrap();
    let other = desk.asks_proof(asked.clone(), "m2");
    desk.answers(other, &code);
    assert_eq!(desk.refused(), "answer.wrong");
    let proven = desk.answers(asked.clone(), &code);
    assert_eq!(desk.refused(), "");
    desk.answers(proven, &code);
    assert_eq!(desk.refused(), "step.wrong");
    desk.world.wait_mins(5);
    desk.answers(asked, &code);
    assert_eq!(desk.refused(), "answer.wrong");
    let purposes: Vec<bool> = desk
        .world
        .outbox
        .iter()
        .map(|notice| match &notice.tidings {
            Tidings::Code { purpose, .. } => *purpose == CodePurpose::FreshProof,
            _ => false,
        })
        .collect();
    assert_eq!(purposes, [true, true]);
}

#[test]
fn a_method_that_is_gone_or_does_not_count_proves_nothing() {
    let mut desk = Desk::new();
    let person = desk.signs_in();
    let asked = desk.asks_proof(person.clone(), "m1");
    let removed = desk.world.standing.methods.remove(0);
    let person_after = desk.answers_right(asked);
    assert_eq!(desk.refused(), "step.wrong");
    assert_eq!(person_after.proven_at, None);
    desk.world.standing.methods.insert(0, removed);

    desk.world.standing.methods[0].probation_until = Some(desk.world.now.plus_ms(DAY_MS));
    desk.asks_proof(person.clone(), "m1");
    assert_eq!(desk.refused(), "step.wrong");
    desk.world.settings.gates = 1;
    desk.world.settings.methods = vec![EMAIL];
    desk.asks_proof(person, "m2");
    assert_eq!(desk.refused(), "step.wrong");
}

#[test]
fn a_proof_ends_the_streak_of_wrong_answers_at_the_reset() {
    let mut desk = Desk::new();
    let key = CounterKey::tries("corp/a1", TEXT, Lane::Unfamiliar);
    for _ in 0..90 {
        limit::note_wrong(&mut desk.world.book, &key, desk.world.now).unwrap();
    }
    let person = desk.signs_in();
    desk.proves(person, "m1");
    assert_eq!(desk.world.book.0[&key].streak, 0);
}

#[test]
fn who_must_change_the_password_does_nothing_else_first() {
    let mut desk = Desk::new();
    let must = SignIn::MustChange(MustChange::Demanded);
    let mut person = desk.signs_in_as(must).unwrap();
    person.proven_at = Some(desk.world.now);
    desk.adds(person.clone(), EMAIL);
    assert_eq!(desk.refused(), "step.wrong");
    desk.removes(person.clone(), "m1");
    assert_eq!(desk.refused(), "step.wrong");
    desk.asks_proof(person.clone(), "m1");
    assert_eq!(desk.refused(), "step.wrong");
    let (standing, profile) = (desk.world.standing.clone(), desk.profile.clone());
    desk.does(person, |person, ctx| {
        Ok(person.reconfirm(&standing, &profile, ctx))
    });
    assert_eq!(desk.refused(), "step.wrong");
}

#[test]
fn another_code_waits_and_ends_as_in_a_reset() {
    let mut desk = Desk::empty();
    let person = desk.signs_in();
    let mut person = desk.adds(person, EMAIL);
    for (wait, id) in [
        (29, "challenge.too-soon"),
        (1, ""),
        (59, "challenge.too-soon"),
        (1, ""),
        (600, "challenge.spent"),
    ] {
        desk.world.wait_secs(wait);
        person = desk.does(person, |person, ctx| person.ask_again(ctx));
        assert_eq!(desk.refused(), id, "{wait}");
    }
    assert_eq!(desk.world.codes_sent(), 3);
}
