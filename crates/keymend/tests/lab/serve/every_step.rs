//! `kill -9` at every step of a journey: at each of its forms, in three moments of their handling,
//! and all along the talk with the directory while a password is written.
//!
//! People stand at different steps when the service dies, so that one crash tries them all.

use std::time::Duration;

use keymend_lab::Fault;
use keymend_lab::wait::until;
use rusqlite::Connection;
use serde_json::Value;

use super::house::House;
use super::walker::{FORMS, Walker, all_at_once, alone, crashes, house_of};

/// Crashes that are tried; the talk must have come to its end before.
const CRASHES_MOST: u32 = 64;

/// Pieces of the talk from one crash to the next: about a question and its answer.
const PIECES_EACH: usize = 2;

/// What the crash leaves of a form.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// It arrived, and nothing of it is saved: another process holds the database.
    Unsaved,
    /// It is saved, and the browser never hears of it.
    Unheard,
    /// The browser has the answer.
    Answered,
}

fn check(moment: Moment) {
    let forms = u32::try_from(FORMS).unwrap();
    let house = house_of(forms);
    // The first person stands at the first form, the last one at the last.
    let standing = all_at_once(0..forms, async |number| {
        let walker = Walker::registered(&house, number).await;
        walker.walks(usize::try_from(number).unwrap()).await
    });
    let crashed = match moment {
        Moment::Unsaved => in_the_middle(&house, standing),
        Moment::Unheard => after_the_form(&house, standing, false),
        Moment::Answered => after_the_form(&house, standing, true),
    };
    let arrived = all_at_once(crashed, async |walker| match walker.is_written() {
        true => walker,
        false => walker.arrives().await,
    });
    let people: Vec<u32> = arrived.iter().map(|walker| walker.number).collect();
    for walker in &arrived {
        assert!(
            walker.is_written() && !walker.is_as_before(),
            "{}",
            walker.uid()
        );
    }
    drop(arrived);
    for number in people {
        assert_eq!(settled(&house, number), ["done"], "person {number}");
    }
    is_whole(&house);
}

/// Everybody's form is with the service, none of them can be saved, and then it dies.
fn in_the_middle<'a>(house: &'a House, standing: Vec<Walker<'a>>) -> Vec<Walker<'a>> {
    let ready = all_at_once(standing, async |mut walker| {
        let filled = walker.fills();
        (walker, filled)
    });
    let other = Connection::open(house.path("data/keymend.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let crashed = std::thread::scope(|scope| {
        let threads: Vec<_> = ready
            .into_iter()
            .map(|(walker, filled)| {
                scope.spawn(move || {
                    // Whoever is told in time that nothing could be saved is no worse off.
                    let _ = alone(walker.sends_in_vain(&filled));
                    walker
                })
            })
            .collect();
        comes_to_rest(house);
        crashes(house, || other.execute_batch("ROLLBACK").unwrap());
        let ended = threads.into_iter().map(|thread| thread.join());
        ended.map(|result| result.unwrap()).collect()
    });
    assert_eq!(events(house, "order.opened").len(), 0, "an order was saved");
    crashed
}

/// Waits until the service has worked on what it was sent and can do no more.
fn comes_to_rest(house: &House) {
    let start = house.ticks();
    let (mut before, mut quiet) = (start, 0);
    let rests = until(Duration::from_secs(4), || {
        let now = house.ticks();
        quiet = if now == before && now > start {
            quiet + 1
        } else {
            0
        };
        before = now;
        (quiet > 40).then_some(())
    });
    // A service that never rests dies in the middle of its work, which is as good.
    assert!(rests.is_some() || before > start, "no form has arrived");
}

/// Everybody's form is saved; the service dies before or after the answers are read.
fn after_the_form<'a>(
    house: &'a House,
    standing: Vec<Walker<'a>>,
    is_heard: bool,
) -> Vec<Walker<'a>> {
    let sent = all_at_once(standing, async |mut walker| {
        let filled = walker.fills();
        match is_heard {
            true => walker.sends(&filled).await,
            false => walker.sends_unheard(&filled).await,
        }
        walker
    });
    crashes(house, || {});
    sent
}

/// The log is whole, every order that was opened is settled, and each of them once.
fn is_whole(house: &House) {
    house.stop();
    let report = house.does(&["audit", "verify"]);
    assert!(report.starts_with("all "), "{report}");
    let ids = |event| {
        let found = events(house, event).into_iter();
        let mut ids: Vec<String> = found.map(|line| line["order_id"].to_string()).collect();
        ids.sort();
        ids
    };
    assert_eq!(ids("order.opened"), ids("order.settled"));
}

/// The lines of the audit log that speak of this event.
fn events(house: &House, event: &str) -> Vec<Value> {
    let export = house.does(&["audit", "export"]);
    let lines = export
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    lines
        .filter(|line: &Value| line["event"] == event)
        .collect()
}

/// How the orders of a person were settled, up to the first comma.
fn settled(house: &House, number: u32) -> Vec<String> {
    let uid = format!("user{number:05}");
    let lines = events(house, "order.settled").into_iter();
    lines
        .filter(|line| line["subject"]["login"] == uid)
        .map(|line| {
            let reason = line["reason"].as_str().unwrap().to_owned();
            reason.split(',').next().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn a_crash_before_any_form_of_a_journey_is_saved_costs_nothing() {
    check(Moment::Unsaved);
}

#[test]
fn a_crash_before_any_answer_of_a_journey_is_heard_costs_nothing() {
    check(Moment::Unheard);
}

#[test]
fn a_crash_after_any_form_of_a_journey_costs_nothing() {
    check(Moment::Answered);
}

#[test]
fn a_crash_anywhere_in_the_talk_with_the_directory_leaves_the_truth_in_the_log() {
    let house = house_of(CRASHES_MOST);
    let proven = all_at_once(0..CRASHES_MOST, async |number| {
        let walker = Walker::registered(&house, number).await;
        walker.walks(FORMS - 1).await
    });
    let mut crashed = Vec::new();
    for walker in proven {
        let (walker, was_answered) = dies_after(&house, walker);
        let is_over = was_answered && walker.is_written();
        crashed.push(walker);
        if is_over {
            break;
        }
    }
    assert!(
        crashed.len() < usize::try_from(CRASHES_MOST).unwrap(),
        "the talk never ended"
    );
    let count = |event: &str| events(&house, event).len();
    house.comes_true("every order is settled", || {
        count("order.opened") == count("order.settled")
    });
    let (mut written, mut unwritten) = (0, 0);
    for walker in &crashed {
        let how = settled(&house, walker.number);
        match (walker.is_written(), how.as_slice()) {
            (true, [only]) if only == "done" => written += 1,
            (false, [only]) if only != "done" => unwritten += 1,
            (false, []) => {}
            (is_written, how) => panic!("{}: {is_written}, {how:?}", walker.uid()),
        }
    }
    assert!(
        written > 1 && unwritten > 0,
        "written {written}, unwritten {unwritten}"
    );
    let left: Vec<Walker<'_>> = crashed
        .into_iter()
        .filter(|one| !one.is_written())
        .collect();
    let arrived = all_at_once(left, async |walker| walker.arrives().await);
    assert!(arrived.iter().all(Walker::is_written));
    drop(arrived);
    is_whole(&house);
}

/// Chooses the password; the service dies so far into the talk as this person's number says, or
/// lives on where the talk is over by then.
fn dies_after<'a>(house: &'a House, mut walker: Walker<'a>) -> (Walker<'a>, bool) {
    let pieces = PIECES_EACH * usize::try_from(walker.number).unwrap();
    let filled = walker.fills();
    assert_eq!(filled.path, "/flow/password", "{}", walker.uid());
    house.line.set(Fault::HangAfter(pieces));
    let was_answered = std::thread::scope(|scope| {
        let sending = scope.spawn(|| alone(walker.sends_in_vain(&filled)));
        let stopped = || house.line.pieces() > pieces || sending.is_finished();
        house.comes_true("the talk stops", stopped);
        match sending.is_finished() {
            true => house.line.set(Fault::None),
            false => crashes(house, || {}),
        }
        sending.join().unwrap()
    });
    (walker, was_answered)
}
