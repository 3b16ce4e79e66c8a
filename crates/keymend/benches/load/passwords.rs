//! `words`: judging passwords by banned words.  `breach`: building the file of leaked passwords
//! and looking into it.

use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use keymend::breach::{BreachFile, Build, HashKind};
use keymend_domain::account::Account;
use keymend_domain::password::{Protection, WordList, builtin};
use keymend_domain::policy::PasswordSettings;
use keymend_domain::secret::Password;

use crate::measure::cpu;

/// Keys that look random and are the same in every run (splitmix64).
fn key(seed: u64, number: u64) -> u64 {
    let mut mixed = seed
        .wrapping_add(number)
        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// Letters that look random.
fn letters(seed: u64, points: u64, kinds: u64) -> String {
    (0..points)
        .map(|at| char::from(b'a' + u8::try_from(key(seed, at) % kinds).unwrap()))
        .collect()
}

pub fn words() {
    println!("\n### Judging a password by banned words\n");
    println!("| list | CPU ms to build | password | CPU µs |");
    println!("|---|---|---|---|");
    let start = cpu(std::process::id());
    let shipped = builtin::list();
    row("built in", start, &shipped);
    // Words of all lengths over few letters: nearly every place begins something.
    let own: Vec<String> = (0..10_000)
        .map(|n| letters(n * 977, 4 + n % 29, 6))
        .collect();
    let start = cpu(std::process::id());
    let own = Arc::new(WordList::new(own.iter().map(String::as_str)));
    row("10,000 terms of 4 to 32 characters", start, &own);
}

fn row(name: &str, start: Duration, list: &Arc<WordList>) {
    let built_ms = (cpu(std::process::id()) - start).as_secs_f64() * 1e3;
    let protection = Protection::with_lists(&PasswordSettings::default(), vec![Arc::clone(list)]);
    for (what, typed) in [
        ("12 characters", letters(5, 12, 26)),
        ("256 characters of 6 kinds", letters(7, 256, 6)),
        ("256 digits", "0123456789".repeat(26)[..256].to_owned()),
    ] {
        let typed = Password::new(typed).unwrap();
        let (rounds, nobody) = (1_000, Account::of_nobody());
        // Processor time, because other work on the machine is none of ours.
        let start = cpu(std::process::id());
        for _ in 0..rounds {
            black_box(protection.judge(black_box(&typed), &nobody));
        }
        let spent = cpu(std::process::id()) - start;
        let micros = spent.as_secs_f64() * 1e6 / f64::from(rounds);
        println!(
            "| {name}: {} | {built_ms:.0} | {what} | {micros:.0} |",
            list.len()
        );
    }
}

pub fn breach(hashes: u64) {
    println!("\n### A list of leaked passwords\n");
    println!(
        "| hashes | list MB | build s | build CPU s | hashes/CPU s | memory MiB at most | file MB | bytes/hash | look-up CPU ns | wrongly found |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let folder = std::env::temp_dir().join(format!("keymend-breach-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    let (list, to) = (folder.join("list.txt"), folder.join("leaked.kmb"));
    let mut text = BufWriter::with_capacity(1 << 20, File::create(&list).unwrap());
    for number in 0..hashes {
        writeln!(text, "{:016X}{:024}:1", key(1, number), 0).unwrap();
    }
    text.flush().unwrap();
    drop(text);
    let list_bytes = fs::metadata(&list).unwrap().len();
    let build = Build {
        from: vec![list],
        to: to.clone(),
        kind: HashKind::Sha1,
        made_at_secs: 0,
    };
    let (start, cpu_before) = (Instant::now(), cpu(std::process::id()));
    let built = build.run(&mut |_| ()).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let worked = (cpu(std::process::id()) - cpu_before).as_secs_f64();
    let memory = most_memory();
    let file = BreachFile::open(&to).unwrap();
    let step = (hashes / 1_000_000).max(1);
    let missed = (0..hashes)
        .step_by(usize::try_from(step).unwrap())
        .filter(|n| !file.holds(key(1, *n)).unwrap());
    assert_eq!(missed.count(), 0, "no listed hash is missed");
    let looks = 3_000_000;
    let start = cpu(std::process::id());
    let wrong = (0..looks)
        .filter(|n| file.holds(key(1 << 50, *n)).unwrap())
        .count();
    let spent = cpu(std::process::id()) - start;
    let nanos = spent.as_secs_f64() * 1e9 / looks as f64;
    println!(
        "| {hashes} | {:.0} | {seconds:.1} | {worked:.1} | {:.0} | {memory:.0} | {:.1} | {:.2} | {nanos:.0} | 1 in {:.0} |",
        list_bytes as f64 / 1e6,
        hashes as f64 / worked,
        built.bytes as f64 / 1e6,
        built.bytes as f64 / built.count as f64,
        looks as f64 / wrong.max(1) as f64,
    );
    fs::remove_dir_all(folder).unwrap();
}

/// The most memory this process ever had, in MiB.
fn most_memory() -> f64 {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kib / 1_024.0
}
