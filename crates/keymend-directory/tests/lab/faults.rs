//! Bad days: servers that freeze, die and come back, and lines that break in the middle.

use std::process::Command;
use std::time::{Duration, Instant};

use keymend_domain::account::Claim;
use keymend_domain::directory::{Directory, DirectoryError, Found, Health, NotDone, WriteOutcome};
use keymend_lab::slapd::person;
use keymend_lab::{Fault, Proxy, Slapd, SlapdOptions};

use crate::house::{House, NEW, is_done, options};

/// A signal takes its time to reach every thread of a busy machine.
fn freeze(house: &House) {
    house.slapd.pause();
    let until = Instant::now() + Duration::from_secs(5);
    let tasks = format!("/proc/{}/task", house.slapd.pid());
    let is_stopped = |task: std::fs::DirEntry| {
        let stat = std::fs::read_to_string(task.path().join("stat")).unwrap();
        stat.contains(") T ")
    };
    while !std::fs::read_dir(&tasks).unwrap().flatten().all(is_stopped) {
        assert!(Instant::now() < until, "the server does not stop");
    }
}

/// A house whose directory is reached through a line that can be broken.
fn behind_a_line() -> (House, Proxy) {
    let slapd = Slapd::start(SlapdOptions::default());
    let line = Proxy::start(slapd.tls_port());
    let options = options(&slapd, &format!("ldaps://127.0.0.1:{}", line.port()));
    (House::around(slapd, options), line)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_costs_its_time_limit_and_no_more() {
    let house = House::start();
    let jane = house.account("jane.doe").await;
    freeze(&house);
    let begun = Instant::now();
    let found = house.directory.find(&Claim::new("jane.doe").unwrap()).await;
    assert!(
        matches!(found, Err(DirectoryError::Down { .. })),
        "{found:?}"
    );
    let outcome = house.reset_within(&jane, NEW, Duration::from_secs(2)).await;
    assert_eq!(outcome, WriteOutcome::NotDone(NotDone::Down));
    let health = house.directory.health().await;
    assert!(matches!(health, Health::Down { .. }), "{health:?}");
    assert!(
        begun.elapsed() < Duration::from_secs(12),
        "{:?}",
        begun.elapsed()
    );
    house.slapd.resume();
    assert!(is_done(&house.reset(&jane, NEW).await));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_lost_is_found_out_by_reading() {
    let (house, line) = behind_a_line();
    let jane = house.account("jane.doe").await;
    for (number, fault) in [Fault::DropAnswers, Fault::CutDownAfter(1)]
        .into_iter()
        .enumerate()
    {
        let new = format!("{NEW} {number}");
        let writing = house.reset(&jane, &new);
        let breaking = break_at_the_write(&house, &line, fault);
        let (outcome, ()) = tokio::join!(writing, breaking);
        // Never a success that is none: what the adapter says is what the server has.
        let opens = house.slapd.opens_with(&person("jane.doe").dn(), &new);
        assert_ne!(outcome, WriteOutcome::NotDone(NotDone::Down), "{fault:?}");
        assert!(opens || !is_done(&outcome), "{fault:?} {outcome:?}");
        line.set(Fault::None);
        line.cut_all();
    }
}

/// Waits until the server has been asked for a password write, and breaks the line.
async fn break_at_the_write(house: &House, line: &Proxy, fault: Fault) {
    let before = writes(house);
    let until = Instant::now() + Duration::from_secs(10);
    while writes(house) == before && Instant::now() < until {
        tokio::task::yield_now().await;
    }
    line.set(fault);
    until_repaired(line).await;
}

/// After a moment the line is whole again, as lines are.
async fn until_repaired(line: &Proxy) {
    let until = Instant::now() + Duration::from_millis(300);
    while Instant::now() < until {
        tokio::task::yield_now().await;
    }
    line.set(Fault::None);
    line.cut_all();
}

fn writes(house: &House) -> usize {
    house.slapd.log().matches("PASSMOD").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_is_swallowed_is_never_a_success() {
    let (house, line) = behind_a_line();
    let jane = house.account("jane.doe").await;
    line.set(Fault::DropRequests);
    let outcome = house.reset_within(&jane, NEW, Duration::from_secs(3)).await;
    assert_eq!(outcome, WriteOutcome::NotDone(NotDone::Down));
    assert!(
        house
            .slapd
            .opens_with(&person("jane.doe").dn(), "Start-Passw0rd-1")
    );
}

/// The fresh read takes some bytes, the write some more: wherever the line is cut, nothing is
/// called done that is not.
#[tokio::test(flavor = "multi_thread")]
async fn wherever_the_line_is_cut_nothing_is_said_that_is_not_so() {
    let (house, line) = behind_a_line();
    let jane = house.account("jane.doe").await;
    let mut current = "Start-Passw0rd-1".to_owned();
    for bytes in (0..2_400).step_by(150) {
        let new = format!("{NEW} {bytes}");
        line.set(Fault::CutUpAfter(bytes));
        let outcome = house
            .reset_within(&jane, &new, Duration::from_secs(2))
            .await;
        line.set(Fault::None);
        let dn = person("jane.doe").dn();
        let (has_new, has_old) = (
            house.slapd.opens_with(&dn, &new),
            house.slapd.opens_with(&dn, &current),
        );
        assert!(has_new != has_old, "after {bytes} bytes");
        match outcome {
            WriteOutcome::Done { .. } => assert!(has_new, "after {bytes} bytes"),
            WriteOutcome::NotDone(_) => assert!(has_old, "after {bytes} bytes"),
            WriteOutcome::Unknown => {}
            other => panic!("after {bytes} bytes: {other:?}"),
        }
        if has_new {
            current = new;
        }
    }
}

/// The server dies a moment later in each round: before the read, in the middle, after the answer.
#[tokio::test(flavor = "multi_thread")]
async fn a_write_whose_server_dies_is_never_called_done_unless_it_is() {
    let mut house = House::start();
    let jane = house.account("jane.doe").await;
    let mut seen = Vec::new();
    for round in 0..12_u64 {
        let new = format!("{NEW} {round}");
        house.account("jane.doe").await;
        let writing = house.reset_within(&jane, &new, Duration::from_secs(1));
        let outcome = {
            let pid = house.slapd.pid().to_string();
            let dying = async {
                let until = Instant::now() + Duration::from_micros(700 * round);
                while Instant::now() < until {
                    tokio::task::yield_now().await;
                }
                let kill = Command::new("kill").args(["-KILL", &pid]).status();
                assert!(kill.unwrap().success());
            };
            tokio::join!(writing, dying).0
        };
        house.slapd.restart();
        let is_written = house.slapd.opens_with(&person("jane.doe").dn(), &new);
        match outcome {
            WriteOutcome::Done { .. } => assert!(is_written, "round {round}"),
            WriteOutcome::NotDone(NotDone::Down) => assert!(!is_written, "round {round}"),
            WriteOutcome::Unknown => {}
            other => panic!("round {round}: {other:?}"),
        }
        seen.push(outcome);
    }
    println!("{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_in_the_middle_is_found_again_by_itself() {
    let mut house = House::start();
    let jane = house.account("jane.doe").await;
    for round in 0..3 {
        let new = format!("{NEW} {round}");
        freeze(&house);
        let writing = house
            .reset_within(&jane, &new, Duration::from_secs(2))
            .await;
        assert!(
            matches!(
                writing,
                WriteOutcome::Unknown | WriteOutcome::NotDone(NotDone::Down)
            ),
            "{writing:?}"
        );
        house.slapd.kill();
        let found = house.directory.find(&Claim::new("jane.doe").unwrap()).await;
        assert!(
            matches!(found, Err(DirectoryError::Down { .. })),
            "{found:?}"
        );
        house.slapd.restart();
        let found = house.directory.find(&Claim::new("jane.doe").unwrap()).await;
        assert!(matches!(found, Ok(Found::One(_))), "{found:?}");
    }
    assert!(is_done(&house.reset(&jane, NEW).await));
}
