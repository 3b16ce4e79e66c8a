//! Lines in, lines out: any terminal of 80 columns, also over SSH, without colours.

use std::io::{BufRead, IsTerminal, Read, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::run::words::harmless;

/// The widest line that is written.
const COLUMNS: usize = 78;

/// Why nothing more can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Nothing more comes in.
    Input,
    /// Nothing can be written any more.
    Output,
    /// Somebody pressed Ctrl-C at a password.
    Interrupted,
}

/// Where the wizard talks.
pub struct Terminal<'a> {
    output: &'a mut dyn Write,
    is_terminal: bool,
}

impl<'a> Terminal<'a> {
    /// Standard input, and this output.
    pub fn new(output: &'a mut dyn Write) -> Self {
        Self {
            output,
            is_terminal: std::io::stdin().is_terminal(),
        }
    }

    /// Writes text, broken where a line would be too long.
    pub fn say(&mut self, text: &str) -> Result<(), Ended> {
        let mut all = String::new();
        for line in text.lines() {
            all.push_str(&wrapped(&harmless(line)));
            all.push('\n');
        }
        if text.is_empty() {
            all.push('\n');
        }
        self.write(&all)
    }

    /// Whether a question leaves room for an answer on its line.
    pub fn has_room(question: &str) -> bool {
        question.chars().count() + 8 <= COLUMNS
    }

    /// Asks for one line.
    pub fn ask(&mut self, question: &str) -> Result<String, Ended> {
        self.write(question)?;
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(0) | Err(_) => Err(Ended::Input),
            Ok(_) => Ok(line.trim_end_matches(['\n', '\r']).to_owned()),
        }
    }

    /// Asks for one line that does not show.
    pub fn ask_secretly(&mut self, question: &str) -> Result<Zeroizing<String>, Ended> {
        if !self.is_terminal {
            return self.ask(question).map(Zeroizing::new);
        }
        // Before the question: whoever answers as soon as it stands there must not be shown.
        let silence = Silence::begin().ok_or(Ended::Input)?;
        self.write(question)?;
        let typed = read_secretly();
        drop(silence);
        self.write("\n")?;
        typed
    }

    fn write(&mut self, text: &str) -> Result<(), Ended> {
        let written = self.output.write_all(text.as_bytes());
        written
            .and_then(|()| self.output.flush())
            .map_err(|_| Ended::Output)
    }
}

/// While it lives, nothing typed shows, and Ctrl-C comes as a sign like others.
struct Silence(Termios);

impl Silence {
    fn begin() -> Option<Self> {
        let usual = tcgetattr(std::io::stdin()).ok()?;
        let mut silent = usual.clone();
        silent
            .local_modes
            .remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(std::io::stdin(), OptionalActions::Now, &silent).ok()?;
        Some(Self(usual))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // If the terminal is gone there is nobody left to see anything.
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}

fn read_secretly() -> Result<Zeroizing<String>, Ended> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(256));
    for byte in std::io::stdin().lock().bytes() {
        match byte {
            Ok(b'\n' | b'\r') => {
                let text = String::from_utf8(bytes.to_vec()).map_err(|_| Ended::Input)?;
                return Ok(Zeroizing::new(text));
            }
            // Ctrl-C and Ctrl-D.
            Ok(3) => return Err(Ended::Interrupted),
            Ok(4) => return Err(Ended::Input),
            // Ctrl-U begins again; backspace takes one character back, all its bytes.
            Ok(21) => bytes.clear(),
            Ok(8 | 127) => while bytes.pop().is_some_and(|byte| byte & 0xC0 == 0x80) {},
            Ok(byte) if bytes.len() < 1_024 => bytes.push(byte),
            Ok(_) => {}
            Err(_) => return Err(Ended::Input),
        }
    }
    Err(Ended::Input)
}

/// A line broken at blanks; what follows stands a little to the right of its beginning.
fn wrapped(line: &str) -> String {
    if line.chars().count() <= COLUMNS {
        return line.to_owned();
    }
    let indent: String = line.chars().take_while(|sign| *sign == ' ').collect();
    let mut text = indent.clone();
    let mut length = indent.len();
    let mut is_first = true;
    for word in line.split_whitespace() {
        let width = word.chars().count();
        if !is_first && length + 1 + width > COLUMNS {
            text.push_str(&format!("\n{indent}  "));
            length = indent.len() + 2;
        } else if !is_first {
            text.push(' ');
            length += 1;
        }
        is_first = false;
        text.push_str(word);
        length += width;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_wider_than_a_terminal_unless_it_is_one_word() {
        let text = wrapped(&format!("  {}", "seven and ".repeat(20)));
        assert!(text.lines().count() > 1);
        for line in text.lines() {
            assert!(line.len() <= COLUMNS && line.starts_with("  "), "{line:?}");
        }
        assert_eq!(wrapped("    subject  CN=x"), "    subject  CN=x");
    }
}
