//! Looking at processes from outside: processor time and memory.

use std::fs;
use std::time::Duration;

/// The kernel counts processor time in hundredths of a second (`getconf CLK_TCK`).
const TICK: Duration = Duration::from_millis(10);

/// Processor time a process has used so far, in its own code and in the kernel for it.
pub fn cpu(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).expect("the process lives");
    // The second field is a name in brackets that may hold anything.
    let (_, rest) = stat.rsplit_once(") ").expect("a name in brackets");
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks: u32 = [11, 12]
        .iter()
        .map(|place: &usize| fields[*place].parse::<u32>().expect("a number of ticks"))
        .sum();
    TICK * ticks
}

/// Memory of a process in MiB.
#[derive(Debug, Clone, Copy)]
pub struct Memory {
    /// All pages it has in memory (RSS).
    pub resident: f64,
    /// The same with shared pages divided among those who share them (PSS).
    pub own_share: f64,
}

impl std::fmt::Display for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            resident,
            own_share,
        } = self;
        write!(f, "{own_share:.1} MiB PSS, {resident:.1} MiB RSS")
    }
}

/// Memory of a process now.
pub fn memory(pid: u32) -> Memory {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("the process lives");
    let kib = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name));
        let words = line.and_then(|line| line.split_whitespace().nth(1));
        words.and_then(|word| word.parse::<f64>().ok()).expect(name) / 1_024.0
    };
    Memory {
        resident: kib("Rss:"),
        own_share: kib("Pss:"),
    }
}

/// The middle of some figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
