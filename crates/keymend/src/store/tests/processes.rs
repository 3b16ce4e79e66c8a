//! The store beside other processes that use the same file.

use std::os::unix::fs::MetadataExt;

use super::Bench;

/// Once, opening the file a second time inside the process dropped SQLite's lock on it.  The next
/// command that closed the database took itself for the last one and removed the log, and what
/// the service saved from then on was in a file without a name.
#[tokio::test]
async fn an_open_store_keeps_its_lock_on_the_file() {
    let bench = Bench::new();
    let _store = bench.open().await;
    let inode = std::fs::metadata(bench.path()).unwrap().ino();
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    let is_ours = |line: &&str| {
        let place = format!(":{inode} ");
        let pid = format!(" {} ", std::process::id());
        line.contains("POSIX") && line.contains(&place) && line.contains(&pid)
    };
    assert!(locks.lines().any(|line| is_ours(&line)), "{locks}");
}
