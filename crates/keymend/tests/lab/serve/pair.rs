//! Two controllers of one domain behind the served pages: a lag between them, and one that dies.

use std::fs;
use std::time::Duration;

use keymend_lab::samba::ad_person;
use keymend_lab::{Fault, Proxy, SambaPair};

use super::crash::order_is_opened;
use super::domain::{FORM, configure, passwords_seen, proves, registers};
use super::house::{House, NEW};

const ONE_RESET: [&str; 1] = ["4724 by svc-keymend: Success"];
const NO_RESET: [&str; 0] = [];

struct Pair {
    house: House,
    /// To the first controller.
    line: Proxy,
    samba: SambaPair,
}

impl Pair {
    fn open() -> Self {
        let samba = SambaPair::start();
        for controller in [&samba.first, &samba.second] {
            controller.seal_tier_zero();
        }
        let line = Proxy::start(samba.first.tls_port());
        let house = House::furnish();
        let authorities = [&samba.first, &samba.second]
            .map(|controller| fs::read_to_string(controller.ca_file()).unwrap());
        let ports = [line.port(), samba.second.tls_port()];
        configure(&house, &ports, &authorities.concat());
        house.start();
        Self { house, line, samba }
    }
}

#[tokio::test]
async fn a_lag_between_controllers_and_the_loss_of_one_are_nobodys_business() {
    let pair = Pair::open();
    let Pair { house, line, samba } = &pair;
    for name in ["jane.doe", "john.roe"] {
        registers(house, name).await;
    }
    let marks = [samba.first.mark(), samba.second.mark()];
    let mut jane = proves(house, "jane.doe", "reset").await;
    jane.sends("/flow/password", &FORM).await;
    jane.sees("Your password has been changed");
    assert!(samba.first.opens_with("jane.doe", NEW));
    assert!(
        samba
            .second
            .opens_with("jane.doe", ad_person("jane.doe").password)
    );
    assert_eq!(passwords_seen(&samba.first, &marks[0]), ONE_RESET);
    assert_eq!(passwords_seen(&samba.second, &marks[1]), NO_RESET);

    // The first dies when two codes have been spent already.
    let mut john = proves(house, "john.roe", "reset").await;
    line.set(Fault::Refuse);
    line.cut_all();
    john.sends("/flow/password", &FORM).await;
    john.sees("Your password has been changed");
    assert!(samba.second.opens_with("john.roe", NEW));
    assert_eq!(passwords_seen(&samba.first, &marks[0]), ONE_RESET);
    assert_eq!(passwords_seen(&samba.second, &marks[1]), ONE_RESET);
}

#[tokio::test]
async fn a_controller_that_dies_with_the_only_copy_of_a_write_leaves_it_unconfirmed() {
    let pair = Pair::open();
    let Pair { house, line, samba } = &pair;
    registers(house, "jane.doe").await;
    let mut jane = proves(house, "jane.doe", "reset").await;
    let marks = [samba.first.mark(), samba.second.mark()];
    line.set(Fault::Latency(Duration::from_millis(300)));
    tokio::select! {
        answer = jane.tries_to_send("/flow/password", &FORM) => {
            drop(answer);
            panic!("answered too soon: {} {}", jane.heading(), house.log())
        }
        () = order_is_opened(house) => {}
    }
    house.comes_true("the controller has it", || {
        !passwords_seen(&samba.first, &marks[0]).is_empty()
    });
    line.set(Fault::Refuse);
    line.cut_all();
    house.comes_true("the order is settled", || {
        let settled = house.does(&["audit", "search", "--event", "order.settled"]);
        settled.contains("KM-3002")
    });
    jane.goes_to("/flow").await;
    jane.sees("We could not confirm the change");
    // What she reads is true: the new one where the write went, and the old one elsewhere.
    assert!(samba.first.opens_with("jane.doe", NEW));
    assert!(
        samba
            .second
            .opens_with("jane.doe", ad_person("jane.doe").password)
    );
    assert_eq!(passwords_seen(&samba.first, &marks[0]), ONE_RESET);
    assert_eq!(passwords_seen(&samba.second, &marks[1]), NO_RESET);
}

#[tokio::test]
async fn a_controller_that_stands_still_is_passed_over_at_every_step() {
    let pair = Pair::open();
    let Pair { house, samba, .. } = &pair;
    for name in ["jane.doe", "john.roe"] {
        registers(house, name).await;
    }
    let mut jane = proves(house, "jane.doe", "reset").await;
    let mark = samba.second.mark();
    samba.first.pause();
    // One stands at the last form, the other one begins.
    jane.sends("/flow/password", &FORM).await;
    jane.sees("Your password has been changed");
    let mut john = proves(house, "john.roe", "reset").await;
    john.sends("/flow/password", &FORM).await;
    john.sees("Your password has been changed");
    let resets = passwords_seen(&samba.second, &mark);
    assert_eq!(resets, [ONE_RESET[0], ONE_RESET[0]]);
    samba.first.resume();
    samba.replicate();
    for name in ["jane.doe", "john.roe"] {
        assert!(samba.first.opens_with(name, NEW), "{name}");
    }
}
