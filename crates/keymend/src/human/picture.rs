//! The picture: six digits drawn as strokes, each bent in its own way, between noise of the same
//! kind of strokes, in an order that says nothing.
//!
//! It keeps out scripts that were not written for it and nothing more, as every picture does
//! today; that is why it is never the default.

use std::f32::consts::TAU;
use std::fmt::Write as _;

use super::draws::Draws;

const WIDTH: f32 = 280.0;
const HEIGHT: f32 = 90.0;
const NOISE_STROKES: usize = 10;
/// Points per stroke of the noise.
const NOISE_POINTS: usize = 4;

type Point = (f32, f32);

/// One line of the picture.
struct Stroke {
    points: Vec<Point>,
    width: f32,
}

/// The strokes of the digits in the unit square, y downwards.
#[rustfmt::skip]
const DIGITS: [&[&[Point]]; 10] = [
    &[&[(0.5, 0.0), (0.12, 0.15), (0.0, 0.5), (0.12, 0.85), (0.5, 1.0), (0.88, 0.85), (1.0, 0.5), (0.88, 0.15), (0.5, 0.0)]],
    &[&[(0.15, 0.25), (0.35, 0.15), (0.55, 0.0)], &[(0.55, 0.0), (0.55, 0.5), (0.55, 1.0)]],
    &[&[(0.05, 0.25), (0.2, 0.05), (0.5, 0.0), (0.85, 0.08), (0.95, 0.3), (0.75, 0.55), (0.4, 0.78), (0.02, 1.0)],
      &[(0.02, 1.0), (0.5, 1.0), (1.0, 1.0)]],
    &[&[(0.05, 0.12), (0.45, 0.0), (0.9, 0.12), (0.88, 0.36), (0.4, 0.48)],
      &[(0.4, 0.48), (0.92, 0.58), (0.98, 0.82), (0.55, 1.0), (0.02, 0.88)]],
    &[&[(0.7, 0.0), (0.35, 0.35), (0.0, 0.7)], &[(0.0, 0.7), (0.5, 0.7), (1.0, 0.7)],
      &[(0.72, 0.35), (0.72, 0.7), (0.72, 1.0)]],
    &[&[(0.9, 0.0), (0.5, 0.0), (0.15, 0.0)], &[(0.15, 0.0), (0.12, 0.22), (0.08, 0.45)],
      &[(0.08, 0.45), (0.45, 0.36), (0.9, 0.5), (0.98, 0.75), (0.6, 1.0), (0.02, 0.9)]],
    &[&[(0.85, 0.05), (0.4, 0.15), (0.08, 0.5), (0.08, 0.85), (0.5, 1.0), (0.92, 0.85), (0.92, 0.62), (0.55, 0.48), (0.1, 0.66)]],
    &[&[(0.0, 0.0), (0.5, 0.0), (1.0, 0.0)], &[(1.0, 0.0), (0.65, 0.5), (0.35, 1.0)]],
    &[&[(0.5, 0.46), (0.1, 0.34), (0.12, 0.08), (0.5, 0.0), (0.88, 0.08), (0.9, 0.34), (0.5, 0.46)],
      &[(0.5, 0.46), (0.02, 0.6), (0.02, 0.9), (0.5, 1.0), (0.98, 0.9), (0.98, 0.6), (0.5, 0.46)]],
    &[&[(0.9, 0.36), (0.5, 0.52), (0.08, 0.38), (0.1, 0.1), (0.5, 0.0), (0.92, 0.14), (0.92, 0.45), (0.75, 0.8), (0.3, 1.0)]],
];

/// Draws the digits, dark on a light ground of its own, so that it can be read on any page.
pub(super) fn draw(digits: &[u8], draws: &mut Draws) -> String {
    let mut strokes: Vec<Stroke> = Vec::new();
    for (place, digit) in digits.iter().enumerate() {
        let bend = Bend::drawn(place, digits.len(), draws);
        for stroke in DIGITS.get(usize::from(*digit)).copied().unwrap_or_default() {
            let points = smooth(stroke).into_iter();
            let bent: Vec<Point> = points.map(|point| bend.apply(point, draws)).collect();
            for points in cut(&bent, draws) {
                let width = draws.between(2.4, 3.6);
                strokes.push(Stroke { points, width });
            }
        }
    }
    for _ in 0..NOISE_STROKES {
        let (points, width) = (noise(draws), draws.between(1.2, 2.6));
        strokes.push(Stroke { points, width });
    }
    shuffle(&mut strokes, draws);
    svg(&strokes)
}

/// How one digit is moved, turned, sheared, stretched and rippled.
struct Bend {
    centre: Point,
    scale: Point,
    turn: f32,
    shear: f32,
    ripple: f32,
    phase: f32,
}

impl Bend {
    fn drawn(place: usize, count: usize, draws: &mut Draws) -> Self {
        let step = WIDTH / (count as f32 + 0.4);
        let middle = step * (place as f32 + 0.7);
        Self {
            centre: (
                middle + draws.between(-4.0, 4.0),
                HEIGHT / 2.0 + draws.between(-9.0, 9.0),
            ),
            scale: (draws.between(21.0, 28.0), draws.between(42.0, 54.0)),
            turn: draws.between(-0.36, 0.36),
            shear: draws.between(-0.3, 0.3),
            ripple: draws.between(1.0, 2.6),
            phase: draws.between(0.0, TAU),
        }
    }

    /// Moves a point of the unit square to its place in the picture.
    fn apply(&self, (x, y): Point, draws: &mut Draws) -> Point {
        let (x, y) = ((x - 0.5) * self.scale.0, (y - 0.5) * self.scale.1);
        let x = x + y * self.shear;
        let (sine, cosine) = self.turn.sin_cos();
        let (x, y) = (x * cosine - y * sine, x * sine + y * cosine);
        let x = x + self.ripple * (y / 9.0 + self.phase).sin();
        let y = y + self.ripple * (x / 8.0 + self.phase).cos();
        (
            self.centre.0 + x + draws.between(-0.5, 0.5),
            self.centre.1 + y + draws.between(-0.5, 0.5),
        )
    }
}

/// Rounds a stroke by cutting its corners twice (Chaikin's algorithm), its ends kept.
fn smooth(stroke: &[Point]) -> Vec<Point> {
    let mut points = stroke.to_vec();
    for _ in 0..2 {
        let mut next: Vec<Point> = points.first().copied().into_iter().collect();
        for pair in points.windows(2) {
            if let [from, to] = pair {
                next.push(between(*from, *to, 0.25));
                next.push(between(*from, *to, 0.75));
            }
        }
        next.extend(points.last().copied());
        points = next;
    }
    points
}

fn between(from: Point, to: Point, part: f32) -> Point {
    (
        from.0 + (to.0 - from.0) * part,
        from.1 + (to.1 - from.1) * part,
    )
}

/// Cuts a stroke in two that overlap at one point, so that strokes do not count digits.
fn cut(stroke: &[Point], draws: &mut Draws) -> Vec<Vec<Point>> {
    if stroke.len() < 8 {
        return vec![stroke.to_vec()];
    }
    let at = 3 + draws.below(stroke.len() - 6);
    let head = stroke.get(..=at).unwrap_or_default().to_vec();
    let mut tail = stroke.get(at..).unwrap_or_default().to_vec();
    tail.reverse();
    vec![head, tail]
}

/// A stroke that means nothing.
fn noise(draws: &mut Draws) -> Vec<Point> {
    // A noise stroke is at most 40 long, and begins where it cannot leave the picture.
    let mut at = (
        draws.between(40.0, WIDTH - 40.0),
        draws.between(40.0, HEIGHT - 40.0),
    );
    at.0 += draws.between(-14.0, 14.0);
    let mut heading = draws.between(0.0, TAU);
    let mut points = vec![at];
    for _ in 0..NOISE_POINTS {
        heading += draws.between(-0.8, 0.8);
        let (sine, cosine) = heading.sin_cos();
        let step = draws.between(4.0, 9.0);
        at = (at.0 + cosine * step, at.1 + sine * step);
        points.push(at);
    }
    points
}

/// Puts strokes into a random order (Fisher and Yates).
fn shuffle(strokes: &mut [Stroke], draws: &mut Draws) {
    for end in (2..=strokes.len()).rev() {
        strokes.swap(end - 1, draws.below(end));
    }
}

fn svg(strokes: &[Stroke]) -> String {
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\"><rect width=\"100%\" height=\"100%\" rx=\"6\" fill=\"#f4f1ea\"/><g fill=\"none\" stroke=\"#2b2b33\" stroke-linecap=\"round\" stroke-linejoin=\"round\">"
    );
    for stroke in strokes {
        let _ = write!(out, "<path stroke-width=\"{:.1}\" d=\"", stroke.width);
        for (place, (x, y)) in stroke.points.iter().enumerate() {
            let _ = write!(out, "{}{x:.1} {y:.1}", if place == 0 { 'M' } else { 'L' });
        }
        out.push_str("\"/>");
    }
    out.push_str("</g></svg>");
    out
}
