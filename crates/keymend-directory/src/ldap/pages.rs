//! Searches that are read page by page (RFC 2696).
//!
//! A server says itself whether another page follows, and one that lies would be read for ever;
//! so the pages are counted as well.

use std::time::Duration;

use ldap3::controls::{PagedResults, RawControl};

use super::connect::{CallError, Connection, Hits, Search};

/// Pages beyond those that hold everything in full: a server may send short and empty ones (one
/// that has searched for long enough does, MS-ADTS 3.1.1.3.4.1.3).
const SHORT_MAX: usize = 16;

/// One search, and how much of it was read.
pub(super) struct Pages {
    size: i32,
    left: usize,
    /// Where the next page begins; `None` after the last one.
    cookie: Option<Vec<u8>>,
}

impl Pages {
    /// A search whose pages have `size` entries, and of which no more than about `entries_max`
    /// are wanted.
    pub(super) fn new(size: i32, entries_max: usize) -> Self {
        let full = entries_max / usize::try_from(size).unwrap_or(1).max(1);
        Self {
            size,
            left: full.saturating_mul(2).saturating_add(SHORT_MAX),
            cookie: Some(Vec::new()),
        }
    }

    /// The next page; `None` after the last one, and when enough were read.
    pub(super) async fn next(
        &mut self,
        connection: &Connection,
        search: &Search<'_>,
        mut controls: Vec<RawControl>,
        limit: Duration,
    ) -> Result<Option<Hits>, CallError> {
        let Some(cookie) = self.turn() else {
            return Ok(None);
        };
        let page = PagedResults {
            size: self.size,
            cookie,
        };
        controls.insert(0, page.into());
        let mut hits = connection.search_with(search, controls, limit).await?;
        self.note(hits.rc, std::mem::take(&mut hits.cookie));
        Ok(Some(hits))
    }

    /// Whether the server says that there is more than was read.
    pub(super) fn is_cut(&self) -> bool {
        self.cookie.is_some()
    }

    fn turn(&mut self) -> Option<Vec<u8>> {
        self.left = self.left.checked_sub(1)?;
        self.cookie.clone()
    }

    fn note(&mut self, rc: u32, cookie: Vec<u8>) {
        self.cookie = Some(cookie).filter(|cookie| rc == 0 && !cookie.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(entries_max: usize, mut answers: impl FnMut() -> (u32, Vec<u8>)) -> (usize, bool) {
        let mut pages = Pages::new(500, entries_max);
        let mut count = 0;
        while pages.turn().is_some() {
            count += 1;
            let (rc, cookie) = answers();
            pages.note(rc, cookie);
        }
        (count, pages.is_cut())
    }

    #[test]
    fn a_server_that_never_comes_to_an_end_is_not_read_for_ever() {
        assert_eq!(read(10_000, || (0, vec![1])), (56, true));
    }

    #[test]
    fn the_last_page_and_a_refusal_are_the_end() {
        assert_eq!(read(10_000, || (0, Vec::new())), (1, false));
        assert_eq!(read(10_000, || (50, vec![1])), (1, false));
        let mut cookies = vec![Vec::new(), vec![2], vec![1]];
        let next = || (0, cookies.pop().unwrap_or_default());
        assert_eq!(read(10_000, next), (3, false));
    }
}
