//! What looks like an old password and is none, and the other way round.

use super::*;

/// Jane's account, of whose password before this one the directory told no time.
fn without_a_time_before() -> Desk {
    let mut desk = Desk::new();
    desk.watch.as_mut().unwrap().changed_before = None;
    desk
}

/// The owner signed in with the new password where it arrived a quarter of a minute later.
#[test]
fn what_came_before_a_server_was_known_to_have_the_new_password_is_not_told() {
    let mut desk = Desk::new();
    let early = [desk.server("dc1", &[]), desk.server("dc2", &[5])];
    assert_eq!(desk.looks(1, &early), "quiet");
    assert_eq!(desk.looks(2, &early), "quiet");
    let later = [desk.server("dc1", &[]), desk.server("dc2", &[5, 200])];
    assert_eq!(desk.looks(5, &later), "dc2 after 200 s, Some(3)");
}

#[test]
fn a_server_that_got_the_new_password_between_two_looks_begins_anew() {
    let mut desk = Desk::new();
    let (calm, mut behind) = (desk.server("dc1", &[]), desk.server("dc2", &[]));
    behind.accounts[0].password_set = PasswordSet::At(Moment(1_000));
    assert_eq!(desk.looks(5, &[calm.clone(), behind]), "quiet");
    let arrived = desk.server("dc2", &[400]);
    assert_eq!(desk.looks(5, &[calm.clone(), arrived]), "quiet");
    let tried = desk.server("dc2", &[400, 700]);
    assert_eq!(desk.looks(5, &[calm, tried]), "dc2 after 700 s, Some(3)");
}

#[test]
fn a_controller_that_still_shows_a_password_to_be_changed_has_not_the_new_one() {
    let mut desk = without_a_time_before();
    let mut behind = desk.server("dc2", &[150]);
    behind.accounts[0].password_set = PasswordSet::Unset;
    let calm = desk.server("dc1", &[]);
    assert_eq!(desk.looks(5, &[calm, behind]), "quiet");
}

#[test]
fn an_old_time_is_not_the_new_password_where_none_was_told_before() {
    let mut desk = without_a_time_before();
    let mut behind = desk.server("dc2", &[150]);
    behind.accounts[0].password_set = PasswordSet::At(Moment(1_000));
    assert_eq!(desk.looks(5, &[behind]), "quiet");
    // The real one is no second one.
    assert_eq!(desk.looks(1, &[desk.server("dc1", &[])]), "quiet");
    let tried = [desk.server("dc1", &[330])];
    assert_eq!(desk.looks(5, &tried), "dc1 after 330 s, Some(4)");
}

#[test]
fn one_own_slip_explains_one_wrong_password_alone() {
    let mut desk = Desk::new();
    desk.own_tries = vec![desk.set_at.plus_ms(30 * SECOND_MS)];
    let three = [desk.server("dc1", &[29, 30, 31])];
    assert_eq!(desk.looks(2, &three), "dc1 after 31 s, Some(2), over");
}

/// The phone came three times, and then its owner mistyped the password here.
#[test]
fn an_own_slip_does_not_hide_what_came_before_where_the_last_time_alone_is_told() {
    let mut desk = Desk::new();
    assert_eq!(desk.looks(1, &[desk.counting("dc1", 0, vec![])]), "quiet");
    let slip = desk.world.now.plus_ms(MINUTE_MS);
    desk.own_tries = vec![slip];
    let four = desk.counting("dc1", 4, vec![slip.plus_ms(AHEAD_MS)]);
    assert_eq!(
        desk.looks(2, &[four]),
        "dc1 after about 120 s, Some(1), over"
    );
}

#[test]
fn a_try_that_another_directory_delayed_is_still_an_own_one() {
    let mut desk = Desk::new();
    desk.own_tries = vec![desk.set_at.plus_ms(55 * SECOND_MS)];
    assert_eq!(desk.looks(2, &[desk.server("dc1", &[30])]), "");
}

/// A phone beside a laptop that signs in rightly, at a server that tells no times.
#[test]
fn a_series_that_began_anew_is_news_though_its_count_is_as_before() {
    let mut desk = Desk::new();
    desk.rules.lockout_threshold = 9;
    let series = |desk: &Desk, until: i64| {
        let mut server = desk.counting("ds", 2, vec![]);
        server.accounts[0].forgotten_at = Some(desk.set_at.plus_ms(until));
        [server]
    };
    let first = series(&desk, 1_000);
    assert_eq!(desk.looks(2, &first), "ds after about 60 s, Some(7)");
    desk.watch.as_mut().unwrap().told = Told::Nothing;
    assert_eq!(desk.looks(5, &first), "quiet");
    let second = series(&desk, 2_000);
    assert_eq!(desk.looks(5, &second), "ds after about 660 s, Some(7)");
}

#[test]
fn slips_made_since_a_server_was_last_heard_are_taken_off_its_count() {
    let mut desk = Desk::new();
    assert_eq!(desk.looks(1, &[desk.counting("ds", 0, vec![])]), "quiet");
    desk.own_tries = vec![desk.world.now.plus_ms(SECOND_MS)];
    assert_eq!(desk.looks(2, &[]), "quiet");
    assert_eq!(desk.looks(5, &[desk.counting("ds", 1, vec![])]), "");
}

#[test]
fn a_lock_that_ran_out_is_not_called_a_lock() {
    let mut desk = Desk::new();
    let five = [desk.server("dc1", &[10, 11, 12, 13, 14])];
    assert_eq!(desk.looks(2, &five), "dc1 after 14 s, Some(1), over");
}

#[test]
fn a_time_that_is_still_to_come_is_not_told() {
    let mut desk = Desk::new();
    // By our clock it is a minute after the reset, which is none after it by the server's.
    assert_eq!(
        desk.looks(1, &[desk.server("dc1", &[30])]),
        "dc1 after 0 s, Some(4)"
    );
}

#[test]
fn a_name_is_told_without_its_port() {
    let mut desk = Desk::new();
    let tried = [desk.server("dc1.corp.example:3269", &[10])];
    let told = desk.looks(2, &tried);
    assert_eq!(told, "dc1.corp.example after 10 s, Some(4)");
}

#[test]
fn after_the_first_news_only_a_lock_that_is_near_is_news() {
    let mut desk = Desk::new();
    let first = [desk.server("dc1", &[10])];
    assert_eq!(desk.looks(2, &first), "dc1 after 10 s, Some(4)");
    for (tries, is_news) in [(&[10, 70][..], false), (&[10, 70, 80][..], true)] {
        let watch = desk.watch.clone().unwrap();
        let looked = watch.look(&[desk.server("dc1", tries)], desk.world.now);
        let Looked::Sighted(sighted) = looked else {
            panic!("something was there to see");
        };
        assert_eq!(sighted.may_be_news(&desk.account, &desk.rules), is_news);
        assert!(sighted.passed_over().is_some());
    }
}
