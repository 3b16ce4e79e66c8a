//! The landing page, memory, and what open flows do to both.

use std::time::{Duration, Instant};

use super::flows;
use super::line::Line;
use super::measure::median;
use super::program::Program;

/// The part of the flows after which memory is looked at for the first time.
const FIRST_FLOWS: usize = 10_000;
/// Rounds of which the middle one counts.
const ROUNDS: usize = 3;

/// What one round showed.
struct Round {
    /// Requests a second.
    rate: f64,
    /// Requests for each second of processor time that the program used.
    per_core: f64,
    /// The 99th percentile of the time to an answer, in milliseconds.
    p99_ms: f64,
}

/// From `exec` to the first answer.
pub fn start() {
    let times = (0..21).map(|_| Program::start(None).ready_after.as_secs_f64() * 1_000.0);
    println!("\n### Start\n");
    println!("`keymend demo`, from exec to its first answered request, median of 21 starts:");
    println!("**{:.0} ms**.", median(times.collect()));
}

/// Prints the tables.
pub fn run(flows: usize, round: Duration) {
    let folder = tempfile::tempdir().expect("a folder");
    let program = Program::start(None);
    // The first visitors touch pages that nobody has touched before; they do not count.
    let idle = program.memory();
    rounds(&program, 8, round);
    println!("\n### Landing page (`GET /reset`), memory, open flows\n");
    println!("| what | connections | requests/s | p99 ms | requests per CPU second | memory |");
    println!("|---|---|---|---|---|---|");
    for connections in [1, 8] {
        line("no flow", connections, &program, round);
    }
    println!("| as started, before the first visitor | | | | | {idle} |");
    drop(program);
    let program = Program::start(Some(folder.path()));
    let before = rounds(&program, 8, round);
    row("no flow, data kept on disk", 8, &before, &program);
    let first = flows.min(FIRST_FLOWS);
    let begun = (Instant::now(), program.cpu());
    flows::open(&program, 0..first);
    line(&format!("{first} open flows"), 8, &program, round);
    flows::open(&program, first..flows);
    let (wall, cpu) = (begun.0.elapsed(), program.cpu() - begun.1);
    let after = rounds(&program, 8, round);
    row(&format!("{flows} open flows"), 8, &after, &program);
    let lost = 100.0
        * (1.0 - middle(&after, |round| round.per_core) / middle(&before, |round| round.per_core));
    println!("\nThe landing page lost {lost:.1} % per core with {flows} open flows.");
    let each_ms = cpu.as_secs_f64() * 1_000.0 / flows as f64;
    println!(
        "Opening them over HTTP, proof of work done, took {:.0} s; {each_ms:.2} ms of the service's processor time each.",
        wall.as_secs_f64()
    );
}

fn line(what: &str, connections: usize, program: &Program, round: Duration) {
    let shown = rounds(program, connections, round);
    row(what, connections, &shown, program);
}

fn row(what: &str, connections: usize, shown: &[Round], program: &Program) {
    println!(
        "| {what} | {connections} | {:.0} | {:.2} | **{:.0}** | {} |",
        middle(shown, |round| round.rate),
        middle(shown, |round| round.p99_ms),
        middle(shown, |round| round.per_core),
        program.memory()
    );
}

fn middle(rounds: &[Round], figure: impl Fn(&Round) -> f64) -> f64 {
    median(rounds.iter().map(figure).collect())
}

fn rounds(program: &Program, connections: usize, length: Duration) -> Vec<Round> {
    let one = |_| one_round(program, connections, length);
    (0..ROUNDS).map(one).collect()
}

fn one_round(program: &Program, connections: usize, length: Duration) -> Round {
    let (begun, cpu) = (Instant::now(), program.cpu());
    let mut times: Vec<u32> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..connections)
            .map(|_| scope.spawn(|| visit(program, begun, length)))
            .collect();
        let joined = threads
            .into_iter()
            .map(|thread| thread.join().expect("a visitor"));
        joined.flatten().collect()
    });
    let (wall, cpu) = (begun.elapsed(), program.cpu() - cpu);
    times.sort_unstable();
    let count = times.len() as f64;
    Round {
        rate: count / wall.as_secs_f64(),
        per_core: count / cpu.as_secs_f64(),
        p99_ms: f64::from(times[times.len() * 99 / 100]) / 1_000.0,
    }
}

/// Asks for the page again and again; each answer's time in microseconds.
fn visit(program: &Program, begun: Instant, length: Duration) -> Vec<u32> {
    let mut line = Line::open(program.address).expect("a connection");
    let request = line.request("/reset");
    let mut times = Vec::with_capacity(1 << 18);
    while begun.elapsed() < length {
        let asked = Instant::now();
        let answer = line.ask(&request).expect("an answer");
        assert_eq!(answer.status, 200);
        times.push(u32::try_from(asked.elapsed().as_micros()).unwrap_or(u32::MAX));
    }
    times
}
