//! A book in memory, for the tests of this crate.

use super::{Book, BookFault, Counter, CounterKey};
use crate::time::Moment;
use std::collections::HashMap;

#[derive(Debug, Clone, Default)]
pub(crate) struct MemoryBook(pub HashMap<CounterKey, Counter>);

impl Book for MemoryBook {
    fn load(&mut self, key: &CounterKey) -> Result<Counter, BookFault> {
        Ok(self.0.get(key).cloned().unwrap_or_default())
    }

    fn save(
        &mut self,
        key: &CounterKey,
        counter: &Counter,
        _forget_at: Moment,
    ) -> Result<(), BookFault> {
        self.0.insert(key.clone(), counter.clone());
        Ok(())
    }

    fn clear(&mut self, key: &CounterKey) -> Result<(), BookFault> {
        self.0.remove(key);
        Ok(())
    }
}
