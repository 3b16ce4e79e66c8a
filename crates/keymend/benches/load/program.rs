//! The program as it ships, in a process of its own.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::line::Line;
use super::measure::{self, Memory};

/// A running `keymend demo`, ended when it is dropped.
pub struct Program {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
    /// From `exec` to its first answer.
    pub ready_after: Duration,
}

impl Program {
    /// Starts it; with a folder, the data is kept there.
    pub fn start(data: Option<&Path>) -> Self {
        let port = keymend_lab::process::free_port().expect("a free port");
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut command = Command::new(env!("CARGO_BIN_EXE_keymend"));
        command.args(["demo", "--listen", &address.to_string()]);
        if let Some(folder) = data {
            command.arg("--data").arg(folder);
        }
        let begun = Instant::now();
        let child = command
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut program = Self {
            child,
            address,
            ready_after: Duration::ZERO,
        };
        program.wait_until_ready(begun);
        program
    }

    fn wait_until_ready(&mut self, begun: Instant) {
        while begun.elapsed() < Duration::from_secs(30) {
            if let Ok(mut line) = Line::open(self.address) {
                let request = line.request("/reset");
                if line.ask(&request).is_ok_and(|answer| answer.status == 200) {
                    self.ready_after = begun.elapsed();
                    return;
                }
            }
            // The program needs the processor more than this loop does.
            std::thread::yield_now();
        }
        panic!("keymend demo did not answer within 30 s");
    }

    /// Processor time used so far.
    pub fn cpu(&self) -> Duration {
        measure::cpu(self.child.id())
    }

    /// Memory now.
    pub fn memory(&self) -> Memory {
        measure::memory(self.child.id())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended by itself; there is nothing left to do then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
