//! Signing in, putting registration off, and looking through methods again.

use super::Desk;
use crate::account::{Account, Claim};
use crate::audit::AuditDeed;
use crate::directory::{MustChange, NoMatch, PasswordRules, SignIn};
use crate::policy::Required;
use crate::registration::{Attempt, Due, Level, SignInTarget, Skips, may_try};
use crate::time::{DAY_MS, MINUTE_MS};
use crate::world::World;

fn tries(world: &mut World, name: &str, target: Option<SignInTarget<'_>>) -> String {
    let claim = Claim::new(name).unwrap();
    let attempt = world.decide(|ctx| may_try(&claim, target, ctx).unwrap());
    match attempt {
        Attempt::Allowed => "allowed".into(),
        Attempt::Withheld => "withheld".into(),
        Attempt::Paused(refusal) => refusal.id().into(),
    }
}

fn target<'a>(account: &'a Account, rules: &'a PasswordRules) -> SignInTarget<'a> {
    SignInTarget {
        account,
        rules,
        has_familiar: false,
        is_signed_in: false,
    }
}

#[test]
fn what_the_directory_says_opens_no_more_than_it_means() {
    let table = [
        (SignIn::Accepted, Ok(Level::Full)),
        (
            SignIn::MustChange(MustChange::Expired),
            Ok(Level::MustChange(MustChange::Expired)),
        ),
        (SignIn::Unusable, Err("signin.unusable")),
        (SignIn::NotHere, Err("signin.not-here")),
        (SignIn::NoMatch(NoMatch::Wrong), Err("signin.no-match")),
        (SignIn::NoMatch(NoMatch::Locked), Err("signin.no-match")),
        (SignIn::NoMatch(NoMatch::Disabled), Err("signin.no-match")),
        (SignIn::NoMatch(NoMatch::Unsaid), Err("signin.no-match")),
    ];
    for (answer, expected) in table {
        let mut desk = Desk::new();
        let level = desk.signs_in_as(answer).map(|person| person.level);
        assert_eq!(level.map_err(|refusal| refusal.id()), expected);
    }
}

#[test]
fn keymend_stops_two_below_the_lockout_threshold_and_one_below_whatever_was_counted() {
    for (threshold, bad, allowed) in [
        (0, 0, 5),
        (0, 50, 5),
        (1, 0, 0),
        (2, 0, 1),
        (2, 1, 0),
        (3, 0, 1),
        (5, 0, 3),
        (5, 4, 0),
        (50, 0, 5),
    ] {
        let mut world = World::new();
        let account = world.account().clone();
        let rules = PasswordRules {
            lockout_threshold: threshold,
            lockout_window_ms: 30 * MINUTE_MS,
            bad_passwords: bad,
            ..PasswordRules::default()
        };
        let granted = (0..5).filter(|place| {
            let name = format!("spelling {place}");
            tries(&mut world, &name, Some(target(&account, &rules))) == "allowed"
        });
        assert_eq!(granted.count(), allowed, "{threshold} {bad}");
    }
}

#[test]
fn a_name_pauses_after_five_tries_whoever_it_means() {
    for is_known in [true, false] {
        let mut world = World::new();
        let account = world.account().clone();
        let rules = PasswordRules::default();
        let known = is_known.then_some(target(&account, &rules));
        for _ in 0..5 {
            assert_ne!(tries(&mut world, "jane", known), "signin.paused");
        }
        assert_eq!(tries(&mut world, " JANE ", known), "signin.paused");
        world.wait_mins(30);
        assert_eq!(tries(&mut world, "jane", known), "allowed");
    }
}

/// Strangers could otherwise read from the pause of a name that its owner signed in.
#[test]
fn a_sign_in_that_worked_takes_no_try_of_the_name_and_gives_strangers_none_back() {
    let mut desk = Desk::new();
    let (account, rules) = (desk.world.account().clone(), PasswordRules::default());
    let known = Some(target(&account, &rules));
    for _ in 0..3 {
        assert_eq!(tries(&mut desk.world, "jane", known), "allowed");
    }
    for _ in 0..6 {
        // The account's own tries are given back; the name's are not.
        assert_eq!(tries(&mut desk.world, "jane", known), "allowed");
        desk.signs_in();
    }
    for _ in 0..2 {
        assert_eq!(tries(&mut desk.world, "jane", known), "allowed");
    }
    assert_eq!(tries(&mut desk.world, "jane", known), "signin.paused");
}

#[test]
fn a_sign_in_ends_after_a_quarter_of_an_hour_of_idling_and_after_an_hour_at_all() {
    let mut desk = Desk::new();
    let mut person = desk.signs_in();
    let policy = desk.world.policy();
    for _ in 0..4 {
        desk.world.wait_mins(14);
        assert!(!person.is_over(&policy, desk.world.now));
        person = desk.asks_proof(person, "m1");
    }
    desk.world.wait_mins(4);
    assert!(person.is_over(&policy, desk.world.now));
}

#[test]
fn registration_is_put_off_as_often_as_the_policy_allows() {
    let mut desk = Desk::empty();
    desk.world.settings.registration.skips = 2;
    for left in [2, 1] {
        let person = desk.signs_in();
        let policy = desk.world.policy();
        let due = person.due(&desk.world.standing, &desk.profile, &policy, desk.world.now);
        let skips = Skips::Left(left);
        assert_eq!(due, Due::Register { needed: 2, skips });
        let (standing, profile) = (desk.world.standing.clone(), desk.profile.clone());
        let person = desk.does(person, |person, ctx| {
            Ok(person.skip(&standing, &profile, ctx))
        });
        let due = person.due(&standing, &desk.profile, &policy, desk.world.now);
        assert_eq!(due, Due::Nothing);
    }
    let person = desk.signs_in();
    let (standing, profile) = (desk.world.standing.clone(), desk.profile.clone());
    desk.does(person, |person, ctx| {
        Ok(person.skip(&standing, &profile, ctx))
    });
    assert_eq!(desk.refused(), "skip.over");
}

#[test]
fn registration_that_is_required_cannot_be_put_off_and_that_is_not_asked_for_is_not_due() {
    for (required, expected) in [
        (Required::No, Due::Nothing),
        (
            Required::Skippable,
            Due::Register {
                needed: 2,
                skips: Skips::Unlimited,
            },
        ),
        (
            Required::Yes,
            Due::Register {
                needed: 2,
                skips: Skips::None,
            },
        ),
    ] {
        let mut desk = Desk::empty();
        desk.world.settings.registration.required = required;
        let person = desk.signs_in();
        let policy = desk.world.policy();
        let (standing, now) = (&desk.world.standing, desk.world.now);
        assert_eq!(person.due(standing, &desk.profile, &policy, now), expected);
    }
}

#[test]
fn methods_are_looked_through_again_after_half_a_year_and_one_proof() {
    let mut desk = Desk::new();
    for own in &mut desk.world.standing.methods {
        own.added_at = desk.world.now;
    }
    desk.world.now = desk.world.now.plus_ms(180 * DAY_MS);
    let person = desk.signs_in();
    let policy = desk.world.policy();
    let (standing, profile) = (desk.world.standing.clone(), desk.profile.clone());
    let due = person.due(&standing, &profile, &policy, desk.world.now);
    assert_eq!(due, Due::Review);
    let person = desk.does(person, |person, ctx| {
        Ok(person.reconfirm(&standing, &profile, ctx))
    });
    assert_eq!(desk.refused(), "proof.wanted");
    let person = desk.proves(person, "m1");
    let person = desk.does(person, |person, ctx| {
        Ok(person.reconfirm(&standing, &profile, ctx))
    });
    let due = person.due(&standing, &desk.profile, &policy, desk.world.now);
    assert_eq!(due, Due::Nothing);
    assert_eq!(
        desk.world
            .recorded(AuditDeed::RegistrationReconfirmed)
            .len(),
        1
    );
}

#[test]
fn people_outside_the_scope_are_not_led_to_registration() {
    let mut desk = Desk::empty();
    desk.world.settings.excluded_groups = vec!["staff".into()];
    let person = desk.signs_in();
    let policy = desk.world.policy();
    let (standing, now) = (&desk.world.standing, desk.world.now);
    let due = person.due(standing, &desk.profile, &policy, now);
    assert_eq!(due, Due::Nothing);
}

#[test]
fn leaving_signs_out() {
    let mut desk = Desk::new();
    let person = desk.signs_in();
    desk.does(person, |person, ctx| Ok(person.sign_out(ctx)));
    assert!(desk.effects.signs_out);
    assert_eq!(desk.world.recorded(AuditDeed::SigninEnded).len(), 1);
}
