//! The bot check: challenges that need no memory, and their answers.
//!
//! Nothing is stored when a challenge is made; its token carries what is needed, under a keyed
//! hash.  Only a token that was used is stored, by the caller, until it would have expired.
//! Which challenge somebody gets depends on policy, source and site load, never on a claim.

mod draws;
mod picture;
mod sound;
mod token;

use keymend_domain::code::{MacKey, typed};
use keymend_domain::policy::BotCheck;
use keymend_domain::time::{Entropy, Moment, NoEntropy, SECOND_MS};
use sha2::{Digest, Sha256};

use draws::Draws;
use token::{Kind, Token};

/// How long a challenge can be answered, in milliseconds (source: behaviour §2.1).
pub const VALID_MS: i64 = 120 * SECOND_MS;

/// Leading zero bits asked for: 2^14 hashes are 0.3 s on a mid-range phone, which makes about
/// 60,000 a second in script (source: behaviour §2.1).
pub const BITS: u8 = 14;

/// Under pressure: eight times the work.
pub const BITS_UNDER_PRESSURE: u8 = BITS + 3;

/// The longest wait in the queue under pressure, in seconds.
const QUEUE_SECS_MAX: u32 = 60;

/// Digits of the picture and the sound.
const DIGITS: usize = 6;

/// The longest counter a solver needs: 2^64 has twenty digits.
const COUNTER_DIGITS_MAX: usize = 20;

/// What a visitor is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Proof of work by script, or waiting without.
    Silent,
    /// A picture and a sound.
    PictureAndSound,
}

/// A challenge for the page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Challenge {
    /// Find a number `n` for which SHA-256 of `token:n` begins with `bits` zero bits, and send
    /// `token:n`.
    Work {
        /// The text to hash.
        token: String,
        /// How many bits must be zero.
        bits: u8,
    },
    /// Send `token`, and as answer the digits of its picture or its sound.
    Picture {
        /// Names the picture and the sound.
        token: String,
    },
}

/// A place in the queue for visitors without script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// What the form sends once it is open.
    pub token: String,
    /// When it begins to count.
    pub opens_at: Moment,
}

/// Where a ticket stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    /// Seconds left to wait.
    Wait(u32),
    /// The form may be shown with this ticket.
    Open,
    /// Too old or not ours: give a new ticket.
    Gone,
}

/// A token that was used up; the caller keeps it until then and refuses it a second time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedKey {
    /// Names the token; holds nothing of the visitor.
    pub key: String,
    /// When it can be forgotten.
    pub expires_at: Moment,
}

/// What came of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Passed, if the caller had not stored this key before; it must store it now.
    Passed(UsedKey),
    /// The digits were wrong: refuse, and store the key, for a picture may be tried once.
    Spent(UsedKey),
    /// Not passed; nothing to store.
    NotSure,
}

/// Makes and verifies challenges.
#[derive(Debug, Clone)]
pub struct Human {
    key: MacKey,
}

impl Ask {
    /// What the policy asks for; `None` if nothing.
    #[must_use]
    pub fn of(check: BotCheck, is_under_pressure: bool) -> Option<Self> {
        match check {
            BotCheck::Off => None,
            BotCheck::UnderPressure if !is_under_pressure => None,
            BotCheck::Silent | BotCheck::UnderPressure => Some(Self::Silent),
            BotCheck::PictureAndSound => Some(Self::PictureAndSound),
        }
    }
}

impl Human {
    /// A bot check with its own key.
    #[must_use]
    pub fn new(key: MacKey) -> Self {
        Self { key }
    }

    /// A fresh challenge.
    ///
    /// # Errors
    ///
    /// [`NoEntropy`] if the random source failed.
    pub fn challenge(
        &self,
        ask: Ask,
        is_under_pressure: bool,
        now: Moment,
        entropy: &dyn Entropy,
    ) -> Result<Challenge, NoEntropy> {
        let expires_at = now.plus_ms(VALID_MS);
        match ask {
            Ask::Silent => {
                let bits = bits(is_under_pressure);
                let token = Token::fresh(Kind::Work, bits, expires_at, entropy)?.sealed(&self.key);
                Ok(Challenge::Work { token, bits })
            }
            Ask::PictureAndSound => {
                let token = Token::fresh(Kind::Picture, 0, expires_at, entropy)?.sealed(&self.key);
                Ok(Challenge::Picture { token })
            }
        }
    }

    /// A place in the queue that opens after `wait_secs`; under pressure after eight times as
    /// many, a minute at most.
    ///
    /// # Errors
    ///
    /// [`NoEntropy`] if the random source failed.
    pub fn ticket(
        &self,
        wait_secs: u32,
        is_under_pressure: bool,
        now: Moment,
        entropy: &dyn Entropy,
    ) -> Result<Ticket, NoEntropy> {
        let wait_secs = match is_under_pressure {
            true => wait_secs
                .saturating_mul(8)
                .min(QUEUE_SECS_MAX.max(wait_secs)),
            false => wait_secs,
        };
        let opens_at = now.plus_ms(i64::from(wait_secs) * SECOND_MS);
        // A ticket carries the bits that whoever has a script must find at this time.
        let bits = bits(is_under_pressure);
        let token = Token::fresh(Kind::Queue, bits, opens_at.plus_ms(VALID_MS), entropy)?;
        Ok(Ticket {
            token: token.sealed(&self.key),
            opens_at,
        })
    }

    /// Where a ticket stands.
    #[must_use]
    pub fn queue(&self, ticket: &str, now: Moment) -> Queue {
        match Token::opened(ticket, &self.key) {
            Some(token) if token.kind == Kind::Queue && now <= token.expires_at => {
                match opens_at(&token).secs_left(now) {
                    0 => Queue::Open,
                    left => Queue::Wait(left),
                }
            }
            _ => Queue::Gone,
        }
    }

    /// Judges what the form sent: `human` is the token, with the counter behind it if it was
    /// worked for, `answer` the digits of the picture or sound.
    ///
    /// Under pressure nothing passes that was handed out before it at the old price: the form
    /// is shown again with a fresh challenge.
    #[must_use]
    pub fn verify(
        &self,
        (ask, is_under_pressure): (Ask, bool),
        human: &str,
        answer: Option<&str>,
        now: Moment,
    ) -> Verdict {
        let (sealed, counter) = match human.split_once(':') {
            Some((sealed, counter)) => (sealed, Some(counter)),
            None => (human, None),
        };
        let Some(token) = Token::opened(sealed, &self.key).filter(|token| now <= token.expires_at)
        else {
            return Verdict::NotSure;
        };
        let used = UsedKey {
            key: token.name(),
            expires_at: token.expires_at,
        };
        let is_dear_enough = token.bits >= bits(is_under_pressure);
        match (ask, token.kind) {
            (Ask::Silent, Kind::Work | Kind::Queue) if !is_dear_enough => Verdict::NotSure,
            (Ask::Silent, Kind::Work) if is_worked_for(&token, human, counter) => {
                Verdict::Passed(used)
            }
            (Ask::Silent, Kind::Queue) if counter.is_none() && now >= opens_at(&token) => {
                Verdict::Passed(used)
            }
            (Ask::PictureAndSound, Kind::Picture) => match answer {
                Some(answer) if self.is_right(&token, answer) => Verdict::Passed(used),
                _ => Verdict::Spent(used),
            },
            _ => Verdict::NotSure,
        }
    }

    /// The picture of a token, as SVG; `None` if the token is not ours.  The same token always
    /// gives the same picture, so that nothing can be averaged out.
    #[must_use]
    pub fn picture(&self, token: &str, now: Moment) -> Option<Vec<u8>> {
        let token = self.live_picture(token, now)?;
        let digits = self.digits(&token);
        let mut draws = Draws::new(&self.key, &[b"picture", &token.random]);
        Some(picture::draw(&digits, &mut draws).into_bytes())
    }

    /// The sound of a token, as WAV, spoken in `language` or else in English; `None` if the token
    /// is not ours.
    #[must_use]
    pub fn sound(&self, token: &str, language: &str, now: Moment) -> Option<Vec<u8>> {
        let token = self.live_picture(token, now)?;
        let digits = self.digits(&token);
        let voice = sound::Voice::of(language);
        // Both languages share their draws: two recordings of one token tell no more than one.
        let mut draws = Draws::new(&self.key, &[b"sound", &token.random]);
        Some(sound::speak(&digits, voice, &mut draws))
    }

    fn live_picture(&self, token: &str, now: Moment) -> Option<Token> {
        Token::opened(token, &self.key)
            .filter(|token| token.kind == Kind::Picture && now <= token.expires_at)
    }

    /// The digits of a token: known to whoever holds the key, and written nowhere.
    fn digits(&self, token: &Token) -> [u8; DIGITS] {
        let mut draws = Draws::new(&self.key, &[b"digits", &token.random]);
        std::array::from_fn(|_| draws.digit())
    }

    fn is_right(&self, token: &Token, answer: &str) -> bool {
        let wanted: String = self
            .digits(token)
            .iter()
            .map(|digit| char::from(b'0' + digit))
            .collect();
        let wanted = keymend_domain::secret::Secret::new(wanted);
        typed(answer).is_some_and(|typed| typed.matches(&wanted))
    }
}

fn bits(is_under_pressure: bool) -> u8 {
    if is_under_pressure {
        BITS_UNDER_PRESSURE
    } else {
        BITS
    }
}

fn opens_at(token: &Token) -> Moment {
    token.expires_at.plus_ms(-VALID_MS)
}

/// Whether the hash of the whole text begins with as many zero bits as its token asks for.
fn is_worked_for(token: &Token, human: &str, counter: Option<&str>) -> bool {
    let is_number = counter.is_some_and(|digits| {
        (1..=COUNTER_DIGITS_MAX).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit())
    });
    is_number && leading_zero_bits(&Sha256::digest(human.as_bytes())) >= u32::from(token.bits)
}

fn leading_zero_bits(hash: &[u8]) -> u32 {
    let zero_bytes = hash.iter().take_while(|byte| **byte == 0).count();
    let rest = hash.get(zero_bytes).map_or(0, |byte| byte.leading_zeros());
    u32::try_from(zero_bytes).unwrap_or(0) * 8 + rest
}

#[cfg(test)]
mod tests;
