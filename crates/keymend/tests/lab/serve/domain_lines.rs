//! A controller that stops, and a line to it that breaks, in the middle of a write.

use std::time::Duration;

use keymend_lab::Fault;
use keymend_lab::samba::{AuditMark, ad_person};

use super::crash::order_is_opened;
use super::domain::{Domain, FORM, passwords_seen};
use super::visitor::Visitor;

const ONE_RESET: [&str; 1] = ["4724 by svc-keymend: Success"];
const DONE: &str = "Your password has been changed";
const UNSURE: &str = "We could not confirm the change";

/// Sends the new password over a slow line, and does something to it as soon as the order is on
/// the disk; the browser has gone then.
async fn breaks(domain: &Domain, visitor: &mut Visitor, deed: impl FnOnce()) {
    domain.line.set(Fault::Latency(Duration::from_millis(300)));
    tokio::select! {
        answer = visitor.tries_to_send("/flow/password", &FORM) => {
            drop(answer);
            panic!("answered too soon: {} {}", visitor.heading(), domain.house.log())
        }
        () = order_is_opened(&domain.house) => deed(),
    }
}

/// Waits for the end of the order; what the page says then is what the controller has.
async fn tells_the_truth(domain: &Domain, visitor: &mut Visitor, mark: &AuditMark) {
    domain.house.comes_true("the order is settled", || {
        domain.records("order.settled").contains("order.settled")
    });
    visitor.goes_to("/flow").await;
    let resets = passwords_seen(&domain.samba, mark);
    let jane = ad_person("jane.doe");
    let is_written = domain.samba.opens_with(jane.name, FORM[0].1);
    assert_eq!(
        is_written,
        !domain.samba.opens_with(jane.name, jane.password)
    );
    assert_eq!(is_written, resets == ONE_RESET, "{resets:?}");
    match visitor.heading().as_str() {
        DONE => assert!(is_written),
        UNSURE => {}
        "Choose a new password" | "Your directory did not accept this password" => {
            assert!(!is_written);
            visitor.sends("/flow/password", &FORM).await;
            visitor.sees(DONE);
            assert_eq!(passwords_seen(&domain.samba, mark), ONE_RESET);
        }
        other => panic!("{other}: {}", domain.house.log()),
    }
}

#[tokio::test]
async fn of_a_controller_that_stands_still_during_the_write_the_page_tells_the_truth() {
    let domain = Domain::open();
    let mut jane = domain.is_about_to_reset("jane.doe").await;
    let mark = domain.samba.mark();
    breaks(&domain, &mut jane, || domain.samba.pause()).await;
    domain.line.set(Fault::None);
    jane.goes_to("/flow").await.sees("Saving your new password");
    domain.samba.resume();
    tells_the_truth(&domain, &mut jane, &mark).await;
}

#[tokio::test]
async fn a_line_that_was_cut_before_the_write_arrived_leaves_everything_as_it_was() {
    let domain = Domain::open();
    let mut jane = domain.is_about_to_reset("jane.doe").await;
    let mark = domain.samba.mark();
    breaks(&domain, &mut jane, || domain.line.set(Fault::DropRequests)).await;
    domain
        .house
        .comes_true("the order is settled, or in doubt", || {
            domain.records("order.settled").contains("order.settled")
                || domain.house.log().contains("write in doubt")
        });
    domain.line.set(Fault::None);
    domain.line.cut_all();
    tells_the_truth(&domain, &mut jane, &mark).await;
}

#[tokio::test]
async fn an_answer_that_was_cut_off_after_the_write_is_found_out_and_nothing_is_sent_twice() {
    let domain = Domain::open();
    let mut jane = domain.is_about_to_reset("jane.doe").await;
    let mark = domain.samba.mark();
    breaks(&domain, &mut jane, || {
        domain.house.comes_true("the controller has it", || {
            !passwords_seen(&domain.samba, &mark).is_empty()
        });
        domain.line.set(Fault::DropAnswers);
    })
    .await;
    domain.house.comes_true("the write is in doubt", || {
        domain.house.log().contains("write in doubt")
            || domain.house.log().contains("new password not checked")
    });
    domain.line.set(Fault::None);
    domain.line.cut_all();
    tells_the_truth(&domain, &mut jane, &mark).await;
    assert_eq!(passwords_seen(&domain.samba, &mark), ONE_RESET);
}
