//! Cutting a password into as few pieces as possible (behaviour §6.3 steps 4 to 6, §6.4 S3, S4).

use super::fold::Sign;
use super::lexicon::{Hit, Lexicon, Reader, TERM_POINTS_MAX, Text};

/// What may be a piece beside words and single characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Manner {
    /// Words shorter than this are found exactly or not at all.
    pub fuzzy_least: usize,
    /// Whether patterns and trimmings count as one.
    pub has_patterns: bool,
}

/// One piece of a password; each counts one point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// A banned word.
    Term(&'a str),
    /// All but one letter of a banned word.
    Near(&'a str),
    /// A repetition, a run or a year.
    Pattern,
    /// What was put before or behind a banned word.
    Trimming,
    /// A character.
    Sign,
}

/// The pieces with how many characters each covers.
pub(super) type Pieces<'a> = Vec<(Piece<'a>, usize)>;

/// The cheapest cut: exact words first, then what they leave over.
pub(super) fn cut<'a>(text: &Text, lists: &[&'a Lexicon], manner: Manner) -> Pieces<'a> {
    let readers: Vec<Reader<'a, '_>> = lists.iter().map(|list| list.reader(text)).collect();
    let lists = readers.as_slice();
    let mut pieces = Vec::new();
    let mut at = 0;
    let mut after_term = false;
    for term in exact(text, lists) {
        let before = Rest {
            text,
            lists,
            manner,
            start: at,
            end: term.start,
            after_term,
            before_term: true,
        };
        pieces.extend(before.cut());
        pieces.push((Piece::Term(term.word), term.end - term.start));
        (at, after_term) = (term.end, true);
    }
    let end = text.signs.len();
    let last = Rest {
        text,
        lists,
        manner,
        start: at,
        end,
        after_term,
        before_term: false,
    };
    pieces.extend(last.cut());
    pieces
}

/// Step 4: the words of the cut with the fewest pieces.  Ties: more characters covered by words,
/// then the leftmost word, then the longer one.
fn exact<'a>(text: &Text, lists: &[Reader<'a, '_>]) -> Vec<Hit<'a>> {
    let points = text.signs.len();
    let mut hits: Vec<Hit<'a>> = lists.iter().flat_map(Reader::exact).collect();
    // The longest word of each beginning comes first.
    hits.sort_unstable_by(|one, other| (one.start, other.end).cmp(&(other.start, one.end)));
    let mut best = vec![Best::default(); points + 1];
    let mut hits = hits.into_iter().rev().peekable();
    for start in (0..points).rev() {
        let mut here = best
            .get(start + 1)
            .copied()
            .unwrap_or_default()
            .and(1, 0, None);
        while let Some(hit) = hits.next_if(|hit| hit.start == start) {
            let behind = best.get(hit.end).copied().unwrap_or_default();
            let with = behind.and(1, hit.end - hit.start, Some(hit));
            if with.rank() <= here.rank() {
                here = with;
            }
        }
        if let Some(cell) = best.get_mut(start) {
            *cell = here;
        }
    }
    let (mut at, mut terms) = (0, Vec::new());
    while let Some(cell) = best.get(at).filter(|_| at < points) {
        at = cell.chosen.map_or(at + 1, |hit| hit.end);
        terms.extend(cell.chosen);
    }
    terms
}

/// The best cut from one place to the end.
#[derive(Debug, Clone, Copy)]
struct Best<T> {
    cost: usize,
    covered: usize,
    chosen: Option<T>,
}

/// At the end nothing is left to cut.
impl<T> Default for Best<T> {
    fn default() -> Self {
        Self {
            cost: 0,
            covered: 0,
            chosen: None,
        }
    }
}

impl<T> Best<T> {
    /// A smaller rank is better.
    fn rank(&self) -> (usize, std::cmp::Reverse<usize>) {
        (self.cost, std::cmp::Reverse(self.covered))
    }

    fn and(&self, cost: usize, covered: usize, chosen: Option<T>) -> Self {
        Self {
            cost: self.cost + cost,
            covered: self.covered + covered,
            chosen,
        }
    }
}

/// What stood before a place, as far as it matters for what may come next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Other,
    Word,
    Trimming,
}

impl Before {
    const ALL: [Self; 3] = [Self::Other, Self::Word, Self::Trimming];
}

/// A run of characters that exact words left over.
struct Rest<'t, 'l, 'a> {
    text: &'t Text,
    lists: &'l [Reader<'a, 't>],
    manner: Manner,
    start: usize,
    end: usize,
    after_term: bool,
    before_term: bool,
}

/// A piece and where it ends.
type Step<'a> = (Piece<'a>, usize);

/// For each kind of predecessor the best cut from one place on, if there is one.
type Row<'a> = [Option<Best<Step<'a>>>; 3];

impl<'a> Rest<'_, '_, 'a> {
    /// Step 5: the cheapest cut with words that differ by one letter, patterns and trimmings.
    fn cut(&self) -> Pieces<'a> {
        let points = self.end - self.start;
        let mut rows: Vec<Row<'a>> = vec![[None; 3]; points + 1];
        for at in (self.start..=self.end).rev() {
            let steps = self.steps(at);
            let row = Before::ALL.map(|before| self.best(at, before, &steps, &rows));
            if let Some(cell) = rows.get_mut(at - self.start) {
                *cell = row;
            }
        }
        let mut before = if self.after_term {
            Before::Word
        } else {
            Before::Other
        };
        let (mut at, mut pieces) = (self.start, Vec::new());
        while at < self.end {
            let found = rows
                .get(at - self.start)
                .and_then(|row| column(row, before));
            let (piece, end) = found
                .and_then(|best| best.chosen)
                .unwrap_or((Piece::Sign, at + 1));
            pieces.push((piece, end - at));
            (before, at) = (following(piece), end);
        }
        pieces
    }

    fn best(
        &self,
        at: usize,
        before: Before,
        steps: &[Step<'a>],
        rows: &[Row<'a>],
    ) -> Option<Best<Step<'a>>> {
        if at == self.end {
            // What was put before a word needs one; what was put behind one had it already.
            let is_last = self.end == self.text.signs.len();
            let is_sound = before != Before::Trimming || self.before_term || is_last;
            return is_sound.then_some(Best {
                cost: 0,
                covered: 0,
                chosen: None,
            });
        }
        let mut here: Option<Best<Step<'a>>> = None;
        for (piece, end) in steps
            .iter()
            .filter(|(piece, end)| self.may_follow(before, *piece, (at, *end)))
        {
            let behind = rows
                .get(end - self.start)
                .and_then(|row| column(row, following(*piece)));
            let covered = if matches!(piece, Piece::Near(_)) {
                end - at
            } else {
                0
            };
            if let Some(behind) = behind {
                let with = behind.and(1, covered, Some((*piece, *end)));
                // Longer pieces come later in the list, and of equals the later one stands.
                if here.is_none_or(|here| with.rank() <= here.rank()) {
                    here = Some(with);
                }
            }
        }
        here
    }

    fn may_follow(&self, before: Before, piece: Piece<'_>, (at, end): (usize, usize)) -> bool {
        match piece {
            Piece::Trimming if end == self.text.signs.len() => before == Before::Word,
            Piece::Trimming => at == 0,
            Piece::Near(_) | Piece::Term(_) => true,
            Piece::Pattern | Piece::Sign => before != Before::Trimming,
        }
    }

    /// Every piece that may begin here; single characters first, then by length.
    fn steps(&self, at: usize) -> Vec<Step<'a>> {
        let mut steps = Vec::new();
        if at == self.end {
            return steps;
        }
        steps.push((Piece::Sign, at + 1));
        if self.manner.has_patterns {
            let signs = self.text.signs.get(..self.end).unwrap_or_default();
            steps.extend(patterns(signs, at).map(|end| (Piece::Pattern, end)));
            steps.extend(self.trimmings(at).map(|end| (Piece::Trimming, end)));
        }
        let longest = self.end.min(at + TERM_POINTS_MAX + 1);
        for end in at + 1..=longest {
            let near = |list: &Reader<'a, '_>| list.within_one((at, end), self.manner.fuzzy_least);
            steps.extend(
                self.lists
                    .iter()
                    .find_map(near)
                    .map(|word| (Piece::Near(word), end)),
            );
        }
        steps
    }

    /// S4: at the very start any number of characters that are no letters, at the very end all.
    fn trimmings(&self, at: usize) -> impl Iterator<Item = usize> {
        let behind = self.text.signs.get(at..).unwrap_or_default().iter();
        let reach = at
            + behind
                .take_while(|sign| !sign.typed.is_alphabetic())
                .count();
        let is_last = reach == self.text.signs.len() && self.end == reach;
        let at_start = (at == 0)
            .then_some(1..=reach.min(self.end))
            .into_iter()
            .flatten();
        let at_end = (is_last && reach > at).then_some(reach);
        at_start.chain(at_end)
    }
}

fn following(piece: Piece<'_>) -> Before {
    match piece {
        Piece::Term(_) | Piece::Near(_) => Before::Word,
        Piece::Trimming => Before::Trimming,
        Piece::Pattern | Piece::Sign => Before::Other,
    }
}

fn column<'a>([other, word, trimming]: &Row<'a>, before: Before) -> Option<Best<Step<'a>>> {
    match before {
        Before::Other => *other,
        Before::Word => *word,
        Before::Trimming => *trimming,
    }
}

/// S3: where patterns that begin at a place end: the same sign three times or more, a run up or
/// down of three letters or digits or more, a year from 1900 to 2099.
fn patterns(signs: &[Sign], at: usize) -> impl Iterator<Item = usize> {
    let behind = signs.get(at..).unwrap_or_default();
    let reach = [0, 1, -1].map(|step| run(behind, step)).into_iter().max();
    let reach = reach.unwrap_or_default();
    let year = is_year(behind).then_some(at + 4);
    (3..=reach).map(move |points| at + points).chain(year)
}

/// How many characters follow each other with the same step.
fn run(signs: &[Sign], step: i64) -> usize {
    let code = |sign: &Sign| i64::from(u32::from(sign.typed));
    let follows = |one: &Sign, other: &Sign| {
        let is_kind = step == 0
            || (one.typed.is_ascii_digit() && other.typed.is_ascii_digit())
            || (one.typed.is_ascii_lowercase() && other.typed.is_ascii_lowercase());
        is_kind && code(other) - code(one) == step
    };
    let pairs = signs.iter().zip(signs.iter().skip(1));
    pairs.take_while(|(one, other)| follows(one, other)).count() + 1
}

fn is_year(signs: &[Sign]) -> bool {
    let typed: String = signs.iter().take(4).map(|sign| sign.typed).collect();
    let is_number = typed.len() == 4 && typed.chars().all(|sign| sign.is_ascii_digit());
    is_number && (typed.starts_with("19") || typed.starts_with("20"))
}
