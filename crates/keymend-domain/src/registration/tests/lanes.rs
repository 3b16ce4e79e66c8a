//! Sign-in tries in two lanes: strangers cannot use up the owner's, and the directory hears no
//! more from both together than it may.

use super::Desk;
use crate::account::Claim;
use crate::directory::PasswordRules;
use crate::registration::{Attempt, SignInTarget, may_try};
use crate::time::MINUTE_MS;

fn rules(threshold: u32) -> PasswordRules {
    PasswordRules {
        lockout_threshold: threshold,
        lockout_window_ms: 30 * MINUTE_MS,
        ..PasswordRules::default()
    }
}

/// Tries until nothing is granted any more, each under another spelling; gives how many were.
fn granted(desk: &mut Desk, threshold: u32, has_familiar: bool) -> u32 {
    let account = desk.world.account().clone();
    let rules = rules(threshold);
    let target = SignInTarget {
        account: &account,
        rules: &rules,
        has_familiar,
        is_signed_in: false,
    };
    granted_of(desk, target)
}

fn granted_of(desk: &mut Desk, target: SignInTarget<'_>) -> u32 {
    let granted = (0..8).filter(|count| {
        let claim = Claim::new(&format!("spelling {count}")).unwrap();
        let attempt = desk
            .world
            .decide(|ctx| may_try(&claim, Some(target), ctx).unwrap());
        matches!(attempt, Attempt::Allowed)
    });
    u32::try_from(granted.count()).unwrap()
}

fn sits_at_a_familiar_browser(desk: &mut Desk) {
    desk.world.caller.familiar_account = Some("corp/a1".into());
    // What was tried a moment ago stands in the directory's own count by then.
    desk.world.wait_mins(1);
}

#[test]
fn a_stranger_cannot_use_up_the_sign_in_tries_of_the_owners_own_browser() {
    for (threshold, strangers, owners) in [
        (0, 3, 2),
        (50, 3, 2),
        (7, 3, 2),
        (6, 2, 2),
        (5, 2, 1),
        (4, 1, 1),
        (3, 0, 1),
        (2, 0, 1),
        (1, 0, 0),
    ] {
        let mut desk = Desk::new();
        assert_eq!(
            granted(&mut desk, threshold, true),
            strangers,
            "{threshold}"
        );
        sits_at_a_familiar_browser(&mut desk);
        assert_eq!(granted(&mut desk, threshold, true), owners, "{threshold}");
    }
}

#[test]
fn both_lanes_together_stay_two_below_the_threshold_in_whatever_order() {
    for threshold in 0..20_u32 {
        let most = match threshold {
            0 => 5,
            1 => 0,
            threshold => threshold.saturating_sub(2).clamp(1, 5),
        };
        for owner_first in [true, false] {
            let mut desk = Desk::new();
            let mut total = 0;
            for is_owner in [owner_first, !owner_first, owner_first] {
                desk.world.caller.familiar_account = is_owner.then(|| "corp/a1".into());
                total += granted(&mut desk, threshold, true);
                desk.world.wait_mins(1);
            }
            assert!(total <= most, "{threshold}: {total}");
        }
    }
}

#[test]
fn where_nobody_has_a_familiar_browser_nothing_is_kept_back() {
    let mut desk = Desk::new();
    assert_eq!(granted(&mut desk, 5, false), 3);
}

#[test]
fn a_name_that_strangers_paused_is_open_to_the_owners_own_browser() {
    let mut desk = Desk::new();
    let account = desk.world.account().clone();
    let rules = rules(0);
    let claim = Claim::new("jane").unwrap();
    let target = SignInTarget {
        account: &account,
        rules: &rules,
        has_familiar: true,
        is_signed_in: false,
    };
    let tries = |desk: &mut Desk| {
        desk.world
            .decide(|ctx| may_try(&claim, Some(target), ctx).unwrap())
    };
    for _ in 0..5 {
        assert!(!matches!(tries(&mut desk), Attempt::Paused(_)));
    }
    assert!(matches!(tries(&mut desk), Attempt::Paused(_)));
    sits_at_a_familiar_browser(&mut desk);
    assert!(matches!(tries(&mut desk), Attempt::Allowed));
}

#[test]
fn where_somebody_is_signed_in_strangers_leave_tries_for_the_change_of_the_password() {
    for (threshold, strangers, owners) in [(0, 3, 2), (5, 2, 1), (4, 1, 1), (3, 1, 0)] {
        let mut desk = Desk::new();
        let account = desk.world.account().clone();
        let rules = rules(threshold);
        let target = SignInTarget {
            account: &account,
            rules: &rules,
            has_familiar: false,
            is_signed_in: true,
        };
        assert_eq!(granted_of(&mut desk, target), strangers, "{threshold}");
        sits_at_a_familiar_browser(&mut desk);
        assert_eq!(granted_of(&mut desk, target), owners, "{threshold}");
    }
}
