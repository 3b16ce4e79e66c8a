//! At most once: what came of the orders that were seen lately.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use keymend_domain::directory::WriteOutcome;
use keymend_domain::id::OrderId;
use tokio::sync::watch;

/// How many orders are remembered; far more than can be repeated within their deadlines.
const REMEMBERED_MAX: usize = 10_000;

type Result = watch::Receiver<Option<WriteOutcome>>;

#[derive(Debug, Default)]
struct Seen {
    results: HashMap<OrderId, Result>,
    by_age: VecDeque<OrderId>,
}

/// The orders seen lately.
#[derive(Debug, Default)]
pub(super) struct Orders(Mutex<Seen>);

/// Whether an order is new here.
#[derive(Debug)]
pub(super) enum Turn {
    /// It is; whoever holds the ticket carries it out.
    First(Ticket),
    /// It was begun before.
    Again(Repeat),
}

/// The right to carry out one order.  Dropped without a result, the order stays unknown for ever.
#[derive(Debug)]
pub(super) struct Ticket(watch::Sender<Option<WriteOutcome>>);

/// The wait for the result of an order that was begun before.
#[derive(Debug)]
pub(super) struct Repeat(Result);

impl Orders {
    pub(super) fn begin(&self, id: &OrderId) -> Turn {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(result) = seen.results.get(id) {
            return Turn::Again(Repeat(result.clone()));
        }
        if seen.by_age.len() >= REMEMBERED_MAX
            && let Some(oldest) = seen.by_age.pop_front()
        {
            seen.results.remove(&oldest);
        }
        let (ticket, result) = watch::channel(None);
        seen.results.insert(id.clone(), result);
        seen.by_age.push_back(id.clone());
        Turn::First(Ticket(ticket))
    }
}

impl Ticket {
    /// Stores what came of the order, for repeats.
    pub(super) fn settle(self, outcome: &WriteOutcome) {
        self.0.send_replace(Some(outcome.clone()));
    }
}

impl Repeat {
    /// What came of the order; [`WriteOutcome::Unknown`] if whoever carried it out was stopped.
    pub(super) async fn outcome(mut self) -> WriteOutcome {
        match self.0.wait_for(Option::is_some).await {
            Ok(outcome) => outcome.clone().unwrap_or(WriteOutcome::Unknown),
            Err(_) => WriteOutcome::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use keymend_domain::directory::NotDone;

    use super::*;

    fn id(text: &str) -> OrderId {
        OrderId::stored(text.to_owned())
    }

    #[tokio::test]
    async fn a_repeat_gets_the_first_answer() {
        let orders = Orders::default();
        let Turn::First(ticket) = orders.begin(&id("a")) else {
            panic!("seen before");
        };
        let Turn::Again(repeat) = orders.begin(&id("a")) else {
            panic!("carried out twice");
        };
        let outcome = WriteOutcome::NotDone(NotDone::Gone);
        ticket.settle(&outcome);
        assert_eq!(repeat.outcome().await, outcome);
    }

    #[tokio::test]
    async fn an_order_that_was_cut_off_is_unknown_and_not_carried_out_again() {
        let orders = Orders::default();
        drop(orders.begin(&id("a")));
        let Turn::Again(repeat) = orders.begin(&id("a")) else {
            panic!("carried out twice");
        };
        assert_eq!(repeat.outcome().await, WriteOutcome::Unknown);
    }

    #[test]
    fn memory_is_bounded() {
        let orders = Orders::default();
        for number in 0..REMEMBERED_MAX + 10 {
            drop(orders.begin(&id(&number.to_string())));
        }
        assert_eq!(orders.0.lock().unwrap().results.len(), REMEMBERED_MAX);
    }
}
