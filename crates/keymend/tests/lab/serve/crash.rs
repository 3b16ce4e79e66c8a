//! The service dies in the middle of a write.

use std::time::Duration;

use keymend_lab::Fault;
use keymend_lab::slapd::person;
use rusqlite::Connection;

use super::house::{House, NEW};

const WAYS: [(&str, &str); 2] = [("email", "jane@mail.test"), ("text", "+447700900133")];

/// Every piece takes so long, each way, that the service can be killed in between; less than half
/// of what the service waits for an answer.
const LATENCY: Duration = Duration::from_millis(500);

/// The moment of the crash.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// The order is on the disk, nothing has reached the directory.
    Opened,
    /// The directory has the new password, the service does not know it yet.
    Written,
}

async fn check(moment: Moment) {
    let house = House::open();
    let jane = person("jane.doe");
    house.registers(jane.uid, WAYS[0].1, WAYS[1].1).await;
    let mut visitor = house.proves(jane.uid, "reset", WAYS).await;
    house.line.set(Fault::Latency(LATENCY));
    let form = [("password", NEW), ("again", NEW), ("shown", "")];
    // The browser leaves with the first answer of the two; the order goes on without it.
    tokio::select! {
        answer = visitor.tries_to_send("/flow/password", &form) => {
            drop(answer);
            panic!("answered before it could be killed: {} {}", visitor.status, house.log())
        }
        () = order_is_opened(&house) => {}
    }
    if moment == Moment::Written {
        house.comes_true("the directory has it", || {
            house.slapd.opens_with(&jane.dn(), NEW)
        });
    }
    house.kill();
    house.line.cut_all();
    house.line.set(Fault::None);
    assert_eq!(count(&house, "order.settled"), 0, "killed too late");

    house.start();
    house.comes_true("the order is settled", || {
        count(&house, "order.settled") > 0
    });
    let is_written = moment == Moment::Written;
    assert_eq!(house.slapd.opens_with(&jane.dn(), NEW), is_written);
    assert_eq!(
        house.slapd.opens_with(&jane.dn(), jane.password),
        !is_written
    );
    house.stop();
    let records = house.does(&["audit", "search", "--most", "1000"]);
    assert_eq!(count(&house, "order.opened"), 1, "{records}");
    assert_eq!(count(&house, "order.settled"), 1, "{records}");
    assert!(
        house.does(&["audit", "verify"]).starts_with("all "),
        "{records}"
    );
}

pub async fn order_is_opened(house: &House) {
    while count(house, "order.opened") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn count(house: &House, event: &str) -> u32 {
    let database = Connection::open(house.path("data/keymend.db")).unwrap();
    let sql = "SELECT COUNT(*) FROM audit WHERE event = $1";
    database.query_row(sql, [event], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn an_order_that_was_written_without_an_answer_is_settled_once() {
    check(Moment::Written).await;
}

#[tokio::test]
async fn an_order_that_never_left_is_settled_once_and_nothing_was_written() {
    check(Moment::Opened).await;
}

#[tokio::test]
async fn a_journey_goes_on_where_it_was_when_the_service_crashed() {
    let house = House::open();
    house.registers("jane.doe", WAYS[0].1, WAYS[1].1).await;
    let mut jane = house.visitor();
    jane.starts("jane.doe").await;
    jane.sends("/flow/intent", &[("intent", "reset")]).await;
    house.passes(&mut jane, WAYS[0].0, WAYS[0].1).await;
    house.kill();
    house.start();
    jane.goes_to("/flow").await;
    house.passes(&mut jane, WAYS[1].0, WAYS[1].1).await;
    jane.sees("Choose a new password");
}
