//! No room on the disk, or another process in the database: what people are told meanwhile, and
//! that nothing is lost of what was acknowledged.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use keymend_lab::Fault;
use keymend_lab::slapd::person;
use rusqlite::Connection;

use super::house::{House, NEW};
use super::visitor::Visitor;
use super::walker::alone;

const WAYS: [(&str, &str); 2] = [("email", "jane@mail.test"), ("text", "+447700900133")];

/// What a fault's page says; the reference is for the administrator.
const WORDS: [&str; 2] = ["try to sign in with it first", "Reference"];

/// A disk of its own for the service's data: small, in memory, gone with the test.
struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Puts an empty disk where the data of this house will be.
    fn below(house: &House) -> Self {
        let folder = house.path("data");
        fs::create_dir_all(&folder).unwrap();
        let disk = ["mount", "-t", "tmpfs", "-o", "size=12m,mode=0700", "tmpfs"];
        let is_mounted = [&disk[..], &[&["sudo", "-n"], &disk[..]].concat()]
            .iter()
            .any(|words| {
                let mut mount = Command::new(words[0]);
                let mount = mount.args(&words[1..]).arg(&folder).stderr(Stdio::null());
                mount.status().is_ok_and(|status| status.success())
            });
        assert!(
            is_mounted,
            "a full disk is tried on a disk of its own, which root mounts: run this as root, or \
             let sudo work without a password"
        );
        Self { folder }
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }

    /// Takes every page that is left.
    fn fill(&self) {
        let mut ballast = File::create(self.ballast()).unwrap();
        while ballast.write(&[7; 4096]).is_ok() {}
    }

    fn make_room(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Lazily: the service may still hold a file, and the folder must go.
        for words in [&["umount", "-l"][..], &["sudo", "-n", "umount", "-l"]] {
            let mut unmount = Command::new(words[0]);
            let unmount = unmount.args(&words[1..]).arg(&self.folder);
            if unmount.status().is_ok_and(|status| status.success()) {
                return;
            }
        }
    }
}

/// A running house with its data on a disk of its own.
fn on_a_small_disk() -> (Disk, House) {
    let house = House::furnish();
    let disk = Disk::below(&house);
    house.opens();
    (disk, house)
}

fn says_that_something_went_wrong(visitor: &Visitor) {
    visitor.sees("Something went wrong on our side");
    assert_eq!(visitor.status, 503);
    for words in WORDS {
        assert!(visitor.page_says(words), "{words:?} is not on the page");
    }
}

/// Jane with the code for her first gate in her hand, and the page for it before her.
async fn jane_at_the_code(house: &House) -> (Visitor, String) {
    house.registers("jane.doe", WAYS[0].1, WAYS[1].1).await;
    let mut jane = house.visitor();
    jane.starts("jane.doe").await;
    jane.sends("/flow/intent", &[("intent", "reset")]).await;
    jane.sends("/flow/method", &[("method", "email")]).await;
    let before = house.codes_at(WAYS[0].1).len();
    let address = [("address", WAYS[0].1)];
    jane.sends("/flow/challenge", &address).await;
    let code = house.next_code(WAYS[0].1, before);
    (jane, code)
}

/// Nothing can be saved: pages without a deed go on, deeds are refused with a reference.
async fn nothing_can_be_saved(house: &House, jane: &mut Visitor, code: &str) {
    jane.sends("/flow/prove", &[("code", code)]).await;
    says_that_something_went_wrong(jane);
    let mut stranger = house.visitor();
    stranger.starts("john.roe").await;
    says_that_something_went_wrong(&stranger);
    stranger.goes_to("/reset").await;
    stranger.sees("Get back into your account");
}

/// The code was not spent, and the journey goes on to a new password.
async fn jane_goes_on(house: &House, jane: &mut Visitor, code: &str) {
    jane.goes_to("/flow").await.sees("Type the code");
    jane.sends("/flow/prove", &[("code", code)]).await;
    house.passes(jane, WAYS[1].0, WAYS[1].1).await;
    let form = [("password", NEW), ("again", NEW), ("shown", "")];
    jane.sends("/flow/password", &form).await;
    jane.sees("Your password has been changed");
    let dn = person("jane.doe").dn();
    assert!(house.slapd.opens_with(&dn, NEW));
    house.stop();
    assert!(house.does(&["audit", "verify"]).starts_with("all "));
}

#[tokio::test]
async fn a_full_disk_is_said_and_nothing_acknowledged_is_lost() {
    let (disk, house) = on_a_small_disk();
    let (mut jane, code) = jane_at_the_code(&house).await;
    disk.fill();
    nothing_can_be_saved(&house, &mut jane, &code).await;
    house.comes_true("the log names the reason", || {
        house.log().contains("no space is left for the database")
    });
    disk.make_room();
    jane_goes_on(&house, &mut jane, &code).await;
}

#[test]
fn a_disk_that_fills_while_a_password_is_written_delays_the_answer_and_loses_none() {
    let (disk, house) = on_a_small_disk();
    let jane = person("jane.doe");
    let mut visitor = alone(async {
        house.registers(jane.uid, WAYS[0].1, WAYS[1].1).await;
        house.proves(jane.uid, "reset", WAYS).await
    });
    // Slow enough that the disk can fill between the order and its answer.
    house.line.set(Fault::Latency(Duration::from_millis(800)));
    let form = [("password", NEW), ("again", NEW), ("shown", "")];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            house.comes_true("the order is saved", || orders(&house, "opened") == 1);
            disk.fill();
        });
        let sent = alone(visitor.tries_to_send("/flow/password", &form));
        sent.unwrap();
    });
    house.line.set(Fault::None);
    let is_written = || house.slapd.opens_with(&jane.dn(), NEW);
    house.comes_true("the directory has it", is_written);
    alone(visitor.goes_to("/flow")).sees("Saving your new password");
    assert_eq!(orders(&house, "settled"), 0);
    disk.make_room();
    house.comes_true("it is settled", || orders(&house, "settled") == 1);
    alone(visitor.goes_to("/flow")).sees("Your password has been changed");
    house.stop();
    assert!(house.does(&["audit", "verify"]).starts_with("all "));
}

/// How many orders were opened, or settled.
fn orders(house: &House, what: &str) -> u32 {
    let database = Connection::open(house.path("data/keymend.db")).unwrap();
    let sql = "SELECT COUNT(*) FROM audit WHERE event = $1";
    let event = format!("order.{what}");
    database.query_row(sql, [event], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_locked_database_is_said_and_nothing_acknowledged_is_lost() {
    let house = House::open();
    let (mut jane, code) = jane_at_the_code(&house).await;
    let other = Connection::open(house.path("data/keymend.db")).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    nothing_can_be_saved(&house, &mut jane, &code).await;
    house.comes_true("the log names the reason", || {
        house
            .log()
            .contains("the database is in use by another process")
    });
    other.execute_batch("ROLLBACK").unwrap();
    jane_goes_on(&house, &mut jane, &code).await;
}
