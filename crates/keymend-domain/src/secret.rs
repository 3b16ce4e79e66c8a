//! Secrets that cannot be printed, compared in variable time, or serialised by accident.

use std::fmt;
use std::sync::Arc;

use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// A secret text: wiped on drop, printed as `Secret(..)`, never cloned or serialised by accident.
///
/// Whoever needs the content calls [`Secret::expose`], which a reviewer can search for.
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of a secret text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The content, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether both hold the same bytes, in a time that depends on the length alone.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }

    /// A second copy, asked for by name because each copy is one more place to wipe.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self::new(self.0.as_str().to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A secret inside something that is handed around: the code in a message, the token of a link.
///
/// Copies share one text, which is wiped when the last of them is dropped.  It prints as
/// `Enclosed(..)` and has no serialised form of its own: a notice is written down by
/// [`crate::deliver::Notice::for_sealing`] alone.
#[derive(Clone)]
pub struct Enclosed(Arc<Secret>);

impl Enclosed {
    /// The content, for the one place that needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

impl From<Secret> for Enclosed {
    fn from(secret: Secret) -> Self {
        Self(Arc::new(secret))
    }
}

/// In a time that depends on the length alone.
impl PartialEq for Enclosed {
    fn eq(&self, other: &Self) -> bool {
        self.0.matches(&other.0)
    }
}

impl Eq for Enclosed {}

impl fmt::Debug for Enclosed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enclosed(..)")
    }
}

/// The most bytes a password may have before anything looks at it
/// (source: behaviour §2.5; caps come before hashing, RFC 4513 servers, and the network).
pub const PASSWORD_BYTES_MAX: usize = 1_024;

/// The most code points a password may have (source: behaviour §2.5).
pub const PASSWORD_POINTS_MAX: usize = 256;

/// A password as somebody typed it.
///
/// A *current* password keeps its bytes exactly; a *new* one is brought to NFC once
/// (RFC 8265 OpaqueString makes the same choice), so that the same word typed on two systems
/// is the same password.
pub struct Password(Secret);

/// Why a text cannot be a password at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordShape {
    /// Nothing was typed.  An empty password would be an anonymous bind (RFC 4513 §5.1.2).
    #[error("the password is empty")]
    Empty,
    /// Longer than [`PASSWORD_BYTES_MAX`] bytes or [`PASSWORD_POINTS_MAX`] code points.
    #[error("the password is too long")]
    TooLong,
    /// Holds a NUL, which no directory can take.
    #[error("the password holds a NUL")]
    Nul,
}

impl Password {
    /// A password the person already has: kept exactly as typed.
    ///
    /// # Errors
    ///
    /// [`PasswordShape`] if it is empty, over the caps, or holds a NUL; refuse the form.
    pub fn current(typed: String) -> Result<Self, PasswordShape> {
        Self::of_current(Secret::new(typed))
    }

    /// The same, from a form field that was never anything but a secret.
    ///
    /// # Errors
    ///
    /// As [`Self::current`].
    pub fn of_current(typed: Secret) -> Result<Self, PasswordShape> {
        shape(typed.expose())?;
        Ok(Self(typed))
    }

    /// A password the person wants to have: brought to NFC, otherwise untouched.
    ///
    /// # Errors
    ///
    /// [`PasswordShape`], judged before and after normalisation.
    pub fn new(typed: String) -> Result<Self, PasswordShape> {
        Self::of_new(&Secret::new(typed))
    }

    /// The same, from a form field that was never anything but a secret.
    ///
    /// # Errors
    ///
    /// As [`Self::new`].
    pub fn of_new(typed: &Secret) -> Result<Self, PasswordShape> {
        shape(typed.expose())?;
        // NFC makes a text at most three times as long in UTF-8 (UAX #15, table 4), so the buffer
        // never moves and leaves no copy behind.
        let mut composed = Zeroizing::new(String::with_capacity(typed.expose().len() * 3));
        composed.extend(typed.expose().nfc());
        shape(&composed)?;
        Ok(Self(Secret(composed)))
    }

    /// The password, for the directory adapter and the password rules alone.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether two passwords are the same bytes, in constant time for equal lengths.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.0.matches(&other.0)
    }

    /// Length in code points, the unit of NIST SP 800-63B-4 §3.1.1.2.
    #[must_use]
    pub fn points(&self) -> usize {
        self.expose().chars().count()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

fn shape(text: &str) -> Result<(), PasswordShape> {
    if text.is_empty() {
        return Err(PasswordShape::Empty);
    }
    if text.len() > PASSWORD_BYTES_MAX || text.chars().count() > PASSWORD_POINTS_MAX {
        return Err(PasswordShape::TooLong);
    }
    if text.contains('\0') {
        return Err(PasswordShape::Nul);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        let secret = Secret::new("hunter2".into());
        assert_eq!(format!("{secret:?}"), "Secret(..)");
        let password = Password::new("hunter2".into()).unwrap();
        assert_eq!(format!("{password:?}"), "Password(..)");
        let enclosed = Enclosed::from(secret);
        assert_eq!(format!("{enclosed:?}"), "Enclosed(..)");
    }

    #[test]
    fn a_new_password_is_composed_and_a_current_one_is_not() {
        let decomposed = "Pa\u{308}ss".to_owned();
        assert_eq!(
            Password::new(decomposed.clone()).unwrap().expose(),
            "P\u{e4}ss"
        );
        assert_eq!(
            Password::current(decomposed.clone()).unwrap().expose(),
            decomposed
        );
    }

    #[test]
    fn empty_long_and_nul_are_refused_before_anything_looks_at_them() {
        assert_eq!(
            Password::current(String::new()).unwrap_err(),
            PasswordShape::Empty
        );
        assert_eq!(
            Password::new("a\0b".into()).unwrap_err(),
            PasswordShape::Nul
        );
        assert_eq!(
            Password::new("x".repeat(257)).unwrap_err(),
            PasswordShape::TooLong
        );
        assert_eq!(
            Password::new("\u{1f511}".repeat(256)).unwrap().points(),
            256
        );
        assert_eq!(
            Password::current("\u{1f511}".repeat(257)).unwrap_err(),
            PasswordShape::TooLong
        );
    }

    #[test]
    fn blanks_at_the_ends_are_kept() {
        assert_eq!(
            Password::new("  two words ".into()).unwrap().expose(),
            "  two words "
        );
    }
}
