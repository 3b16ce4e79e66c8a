//! How many people's passwords are tried on one server at a time, and what is kept for writes.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::servers::Purpose;

/// Sign-ins that belong to a password write and get through while people wait in line to be let
/// in: anybody can fill that line, and a reset that was written must still be checked.
const KEPT_FOR_WRITES: usize = 4;

/// The places at one server.
#[derive(Debug)]
pub(super) struct Permits {
    everybody: Semaphore,
    writes: Semaphore,
}

impl Permits {
    /// So many places for everybody, and a few for writes besides.
    pub(super) fn new(count: usize) -> Self {
        Self {
            everybody: Semaphore::new(count),
            writes: Semaphore::new(KEPT_FOR_WRITES),
        }
    }

    /// A place, as soon as there is one; `None` never, since nobody closes them.
    pub(super) async fn place(&self, purpose: Purpose) -> Option<SemaphorePermit<'_>> {
        let place = match purpose {
            Purpose::LetIn => self.everybody.acquire().await,
            // Kept places are taken last, so that they are there when they are needed.
            Purpose::Act | Purpose::Verify => tokio::select! {
                biased;
                place = self.everybody.acquire() => place,
                place = self.writes.acquire() => place,
            },
        };
        place.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    async fn place(permits: &Permits, purpose: Purpose) -> Option<SemaphorePermit<'_>> {
        let waiting = tokio::time::timeout(Duration::ZERO, permits.place(purpose));
        waiting.await.ok().flatten()
    }

    #[tokio::test]
    async fn a_crowd_that_signs_in_leaves_places_for_writes() {
        let permits = Permits::new(2);
        let mut crowd = Vec::new();
        for _ in 0..2 {
            crowd.push(place(&permits, Purpose::LetIn).await.unwrap());
        }
        assert!(place(&permits, Purpose::LetIn).await.is_none());
        let mut writes = Vec::new();
        for purpose in [Purpose::Act, Purpose::Verify, Purpose::Act, Purpose::Verify] {
            writes.push(place(&permits, purpose).await.unwrap());
        }
        assert!(place(&permits, Purpose::Verify).await.is_none());
        crowd.pop();
        assert!(place(&permits, Purpose::Verify).await.is_some());
        writes.pop();
        assert!(place(&permits, Purpose::LetIn).await.is_some());
    }

    #[tokio::test]
    async fn writes_take_the_places_of_everybody_first() {
        let permits = Permits::new(1);
        let write = place(&permits, Purpose::Verify).await;
        assert!(write.is_some());
        assert!(place(&permits, Purpose::LetIn).await.is_none());
        assert_eq!(permits.writes.available_permits(), KEPT_FOR_WRITES);
    }
}
