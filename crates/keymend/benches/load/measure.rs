//! Looking at processes from outside: processor time and memory.

use std::fs;
use std::time::Duration;

/// The kernel counts processor time in hundredths of a second (`getconf CLK_TCK`).
const TICK: Duration = Duration::from_millis(10);

/// Processor time a process has used so far, in its own code and in the kernel for it.
pub fn cpu(pid: u32) -> Duration {
    cpu_if_alive(pid).expect("the process lives")
}

fn cpu_if_alive(pid: u32) -> Option<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is a name in brackets that may hold anything.
    let (_, rest) = stat.rsplit_once(") ").expect("a name in brackets");
    let fields: Vec<&str> = rest.split(' ').collect();
    let ticks: u32 = [11, 12]
        .iter()
        .map(|place: &usize| fields[*place].parse::<u32>().expect("a number of ticks"))
        .sum();
    Some(TICK * ticks)
}

/// The same for a process and all that descend from it, without those of these names.  What a
/// process used that has ended meanwhile is not in it.
pub fn cpu_of_family(pid: u32, without: &[&str]) -> Duration {
    let mut family = vec![pid];
    let all = parents();
    let mut next = 0;
    while let Some(parent) = family.get(next).copied() {
        let children = all.iter().filter(|(_, own)| *own == parent);
        family.extend(children.map(|(child, _)| *child));
        next += 1;
    }
    let name = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    family.retain(|pid| !without.contains(&name(pid).trim()));
    family.into_iter().filter_map(cpu_if_alive).sum()
}

/// Every process with its parent.
fn parents() -> Vec<(u32, u32)> {
    let entries = fs::read_dir("/proc").expect("a list of processes");
    let ids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<u32>().ok());
    let parent = |pid: u32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (_, rest) = stat.rsplit_once(") ")?;
        Some((pid, rest.split(' ').nth(1)?.parse().ok()?))
    };
    ids.filter_map(parent).collect()
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

/// The figure below which this share of the figures lies.
pub fn quantile(figures: &mut [f64], share: f64) -> f64 {
    figures.sort_by(f64::total_cmp);
    let place = (figures.len() as f64 * share) as usize;
    figures[place.min(figures.len() - 1)]
}

/// The middle of some figures.
pub fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
