//! A terminal with the program in it, and somebody who waits for a question before answering.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keymend_lab::wait::until;

/// A session in a pseudo-terminal, which `script` (Debian package bsdutils) provides.
pub struct Terminal {
    child: Child,
    keys: Option<ChildStdin>,
    screen: Arc<Mutex<Vec<u8>>>,
    read_to: usize,
}

impl Terminal {
    /// Starts `keymend setup` with these further arguments.
    pub fn open(folder: &Path, arguments: &str) -> Self {
        let command = format!("{} setup {arguments}", env!("CARGO_BIN_EXE_keymend"));
        let mut child = Command::new("script")
            .args(["-qefc", &command, "/dev/null"])
            .current_dir(folder)
            .env("TERM", "dumb")
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let screen = Arc::new(Mutex::new(Vec::new()));
        let (mut shown, copy) = (child.stdout.take().unwrap(), Arc::clone(&screen));
        std::thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(count @ 1..) = shown.read(&mut bytes) {
                copy.lock().unwrap().extend_from_slice(&bytes[..count]);
            }
        });
        Self {
            keys: child.stdin.take(),
            child,
            screen,
            read_to: 0,
        }
    }

    /// Everything that was shown so far.
    pub fn shown(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).replace('\r', "")
    }

    /// Waits until a text stands there, after what was waited for before.
    #[track_caller]
    pub fn sees(&mut self, text: &str) -> &mut Self {
        let from = self.read_to;
        let found = until(Duration::from_secs(60), || {
            let shown = self.shown();
            shown[from..].find(text).map(|at| from + at + text.len())
        });
        match found {
            Some(end) => self.read_to = end,
            None => panic!("waited for {text:?}; the terminal shows:\n{}", self.shown()),
        }
        self
    }

    /// Waits for a question and answers it.
    #[track_caller]
    pub fn answers(&mut self, question: &str, typed: &str) -> &mut Self {
        self.sees(question);
        self.types(&format!("{typed}\n"))
    }

    /// Presses keys.
    pub fn types(&mut self, keys: &str) -> &mut Self {
        let pipe = self.keys.as_mut().unwrap();
        pipe.write_all(keys.as_bytes()).unwrap();
        pipe.flush().unwrap();
        self
    }

    /// Waits for the end of the program; gives its exit code.
    pub fn ends(mut self) -> (Option<i32>, String) {
        let ended = until(Duration::from_secs(60), || self.child.try_wait().unwrap());
        let code = ended.and_then(|status| status.code());
        // The last lines may still be on their way from the reader.
        let held = until(Duration::from_secs(5), || {
            (Arc::strong_count(&self.screen) == 1).then_some(())
        });
        assert!(held.is_some(), "the terminal stays open:\n{}", self.shown());
        (code, self.shown())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.keys = None;
        // It has ended already, unless the test failed in the middle.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
