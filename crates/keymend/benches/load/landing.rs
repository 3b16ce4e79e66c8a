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
/// Turns that two programs are asked in, one beside the other.
const TURNS: usize = 7;

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
    let starts: Vec<(f64, f64)> = (0..21).map(|_| one_start()).collect();
    let wall = median(starts.iter().map(|(wall, _)| *wall).collect());
    let cpu = starts.iter().map(|(_, cpu)| cpu).sum::<f64>() / starts.len() as f64;
    println!("\n### Start\n");
    println!(
        "`keymend demo`, from exec to its first answered request, 21 starts: median **{wall:.0} \
         ms**; {cpu:.0} ms of processor time on average."
    );
}

fn one_start() -> (f64, f64) {
    let program = Program::start(None);
    let milliseconds = |time: Duration| time.as_secs_f64() * 1_000.0;
    (
        milliseconds(program.ready_after),
        milliseconds(program.cpu()),
    )
}

/// Prints the tables.
pub fn run(flows: usize, round: Duration) {
    let program = Program::start(None);
    let idle = program.memory();
    // The first visitors touch pages that nobody has touched before; they do not count.
    rounds(&program, 8, round);
    println!("\n### Landing page (`GET /reset`), memory, open flows\n");
    println!("| what | connections | requests/s | p99 ms | requests per CPU second | memory |");
    println!("|---|---|---|---|---|---|");
    println!("| as started, before the first visitor | | | | | {idle} |");
    for connections in [1, 8] {
        line("no flow", connections, &program, round);
    }
    flows::types_a_number(&program);
    let after = program.memory();
    println!("| after the first typed number | | | | | {after} |");
    drop(program);
    open_flows(flows, round);
}

/// Two programs that keep their data on disk, one without flows and one that gets them, asked in
/// turns: what else happens on the machine then happens to both.
fn open_flows(flows: usize, round: Duration) {
    let folders = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let [plain, full] = [0, 1].map(|place: usize| Program::start(Some(folders[place].path())));
    let first = flows.min(FIRST_FLOWS);
    let begun = (Instant::now(), full.cpu());
    flows::open(&full, 0..first);
    line(&format!("{first} open flows, on disk"), 8, &full, round);
    flows::open(&full, first..flows);
    let (wall, cpu) = (begun.0.elapsed(), full.cpu() - begun.1);
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        without.push(one_round(&plain, 8, round));
        with.push(one_round(&full, 8, round));
    }
    row("no flow, on disk", 8, &without, &plain);
    row(&format!("{flows} open flows, on disk"), 8, &with, &full);
    let ratio = |place: usize| without[place].per_core / with[place].per_core;
    let lost = 100.0 * (1.0 - 1.0 / median((0..TURNS).map(ratio).collect()));
    println!("\nWith {flows} open flows the landing page lost {lost:.1} % per core.");
    println!(
        "Opening them over HTTP, proof of work done, took {:.0} s of wall time and {:.2} ms of \
         the service's processor time each.",
        wall.as_secs_f64(),
        cpu.as_secs_f64() * 1_000.0 / flows as f64
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
