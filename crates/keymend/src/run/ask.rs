//! Asking for a password on a terminal.

use std::io::{self, IsTerminal, Write};

use keymend_domain::secret::Password;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::cli::Stop;

/// Reads a password from standard input; a terminal does not show what is typed.
///
/// # Errors
///
/// [`Stop::Usage`] if nothing was typed, or what cannot be a password.
pub(super) fn password() -> Result<Password, Stop> {
    let hidden = Hidden::begin();
    let mut line = String::new();
    let read = io::stdin().read_line(&mut line);
    drop(hidden);
    read.map_err(|error| Stop::Fault(format!("standard input cannot be read ({error})")))?;
    let typed = line.trim_end_matches(['\r', '\n']).to_owned();
    Password::new(typed).map_err(|_| Stop::Usage("that cannot be a password".to_owned()))
}

/// While it lives, a terminal at standard input does not show what is typed.
struct Hidden(Option<Termios>);

impl Hidden {
    fn begin() -> Self {
        if !io::stdin().is_terminal() {
            return Self(None);
        }
        eprint!("Password: ");
        // Unwritten, it only asks for less.
        let _ = io::stderr().flush();
        let before = tcgetattr(io::stdin()).ok();
        if let Some(before) = &before {
            let mut silent = before.clone();
            silent.local_modes.remove(LocalModes::ECHO);
            // A terminal that cannot be silenced shows what is typed, as the person sees.
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, &silent);
        }
        Self(before)
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(io::stdin(), OptionalActions::Flush, before);
            eprintln!();
        }
    }
}
