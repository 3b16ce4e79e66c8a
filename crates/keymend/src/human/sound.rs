//! The sound: six spoken digits, each at its own speed and loudness, with gaps and a murmur.

use super::draws::Draws;

/// Samples a second, one byte each.
const RATE: u32 = 8_000;
const RATE_HZ: f32 = 8_000.0;
/// The middle of an unsigned sample.
const SILENCE: f32 = 128.0;
const HEADER_BYTES: usize = 44;

type Recordings = [&'static [u8]; 10];

const ENGLISH: Recordings = [
    include_bytes!("../../assets/sound/en/0.wav"),
    include_bytes!("../../assets/sound/en/1.wav"),
    include_bytes!("../../assets/sound/en/2.wav"),
    include_bytes!("../../assets/sound/en/3.wav"),
    include_bytes!("../../assets/sound/en/4.wav"),
    include_bytes!("../../assets/sound/en/5.wav"),
    include_bytes!("../../assets/sound/en/6.wav"),
    include_bytes!("../../assets/sound/en/7.wav"),
    include_bytes!("../../assets/sound/en/8.wav"),
    include_bytes!("../../assets/sound/en/9.wav"),
];

const GERMAN: Recordings = [
    include_bytes!("../../assets/sound/de/0.wav"),
    include_bytes!("../../assets/sound/de/1.wav"),
    include_bytes!("../../assets/sound/de/2.wav"),
    include_bytes!("../../assets/sound/de/3.wav"),
    include_bytes!("../../assets/sound/de/4.wav"),
    include_bytes!("../../assets/sound/de/5.wav"),
    include_bytes!("../../assets/sound/de/6.wav"),
    include_bytes!("../../assets/sound/de/7.wav"),
    include_bytes!("../../assets/sound/de/8.wav"),
    include_bytes!("../../assets/sound/de/9.wav"),
];

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    English,
    German,
}

impl Voice {
    /// The voice for a language tag; English where there is none.
    pub(super) fn of(language: &str) -> Self {
        match language.split(['-', '_']).next() {
            Some(tag) if tag.eq_ignore_ascii_case("de") => Self::German,
            _ => Self::English,
        }
    }

    /// The samples of a spoken digit.
    fn digit(self, digit: u8) -> &'static [u8] {
        let recordings = match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
        };
        recordings
            .get(usize::from(digit))
            .and_then(|wav| wav.get(HEADER_BYTES..))
            .unwrap_or_default()
    }
}

/// Speaks the digits: a WAV file, 8 kHz, 8 bits, one channel, about seven seconds.
pub(super) fn speak(digits: &[u8], voice: Voice, draws: &mut Draws) -> Vec<u8> {
    let mut track: Vec<f32> = Vec::new();
    for digit in digits {
        rest(&mut track, draws.between(0.35, 0.8));
        let speed = draws.between(0.82, 1.16);
        let loudness = draws.between(0.85, 1.0);
        add(&mut track, voice.digit(*digit), speed, loudness);
    }
    rest(&mut track, 0.5);
    murmur(&mut track, voice, draws);
    hiss(&mut track, draws);
    wav(&track)
}

/// Silence at the end of the track.
fn rest(track: &mut Vec<f32>, secs: f32) {
    let samples = (secs * RATE_HZ) as usize;
    track.resize(track.len() + samples, 0.0);
}

/// Appends a recording, faster or slower.
fn add(track: &mut Vec<f32>, samples: &[u8], speed: f32, loudness: f32) {
    let length = (samples.len() as f32 / speed) as usize;
    track.extend((0..length).map(|at| loudness * sample(samples, at as f32 * speed)));
}

/// A recording between two of its samples.
fn sample(samples: &[u8], at: f32) -> f32 {
    let place = at as usize;
    let value = |place: usize| {
        samples
            .get(place)
            .map_or(0.0, |byte| f32::from(*byte) - SILENCE)
    };
    let part = at - at.floor();
    value(place) * (1.0 - part) + value(place + 1) * part
}

/// Digits that mean nothing, backwards and low, all along the track.
fn murmur(track: &mut [f32], voice: Voice, draws: &mut Draws) {
    let mut start = 0;
    // Bound: each round moves on by at least a tenth of a second.
    while start < track.len() {
        let mut samples = voice.digit(draws.digit()).to_vec();
        samples.reverse();
        let speed = draws.between(0.7, 1.3);
        let loudness = draws.between(0.06, 0.14);
        let length = (samples.len() as f32 / speed) as usize;
        for (at, place) in track.iter_mut().skip(start).take(length).enumerate() {
            *place += loudness * sample(&samples, at as f32 * speed);
        }
        start += RATE as usize / 10 + draws.below(RATE as usize / 3);
    }
}

/// Soft noise; one byte a sample, for each costs a part of a keyed hash.
fn hiss(track: &mut [f32], draws: &mut Draws) {
    for place in track {
        *place += (f32::from(draws.byte()) - SILENCE) * 0.05;
    }
}

fn wav(track: &[f32]) -> Vec<u8> {
    let length = u32::try_from(track.len()).unwrap_or(0);
    let mut out = Vec::with_capacity(HEADER_BYTES + track.len());
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&(36 + length).to_le_bytes());
    out.extend_from_slice(b"WAVEfmt ");
    out.extend_from_slice(&16_u32.to_le_bytes());
    // PCM, one channel, rate, bytes a second, bytes a frame, bits a sample.
    out.extend_from_slice(&1_u16.to_le_bytes());
    out.extend_from_slice(&1_u16.to_le_bytes());
    out.extend_from_slice(&RATE.to_le_bytes());
    out.extend_from_slice(&RATE.to_le_bytes());
    out.extend_from_slice(&1_u16.to_le_bytes());
    out.extend_from_slice(&8_u16.to_le_bytes());
    out.extend_from_slice(b"data");
    out.extend_from_slice(&length.to_le_bytes());
    out.extend(
        track
            .iter()
            .map(|value| (SILENCE + value).clamp(0.0, 255.0) as u8),
    );
    out
}
