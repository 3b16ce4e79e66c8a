//! A Rust file as tidy sees it: comments and strings blanked, tests marked.

/// A Rust file, line by line.
pub(super) struct Source {
    /// Relative to the root.
    pub(super) path: String,
    /// The lines with comments, strings and character literals replaced by blanks.
    pub(super) code: Vec<String>,
    /// The lines as written.
    pub(super) raw: Vec<String>,
    is_test: Vec<bool>,
}

impl Source {
    pub(super) fn read(path: &str, text: &str) -> Self {
        let code: Vec<String> = blanked(text).lines().map(str::to_owned).collect();
        let is_test = match is_test_file(path) {
            true => vec![true; code.len()],
            false => test_lines(&code),
        };
        Self {
            path: path.to_owned(),
            raw: text.lines().map(str::to_owned).collect(),
            code,
            is_test,
        }
    }

    /// The numbers (from one) and the code of the lines that are not tests.
    pub(super) fn product_lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.lines().filter(|(number, _)| !self.is_test(*number))
    }

    /// The numbers (from one) and the code of all lines.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.code.iter().map(String::as_str))
    }

    /// Whether the line with this number belongs to a test.
    pub(super) fn is_test(&self, number: usize) -> bool {
        self.is_test.get(number - 1).copied().unwrap_or(false)
    }

    /// What follows `use` in each statement outside tests, without blanks, with its line.
    pub(super) fn uses(&self) -> Vec<(usize, String)> {
        let mut uses = Vec::new();
        let mut open: Option<(usize, String)> = None;
        for (number, line) in self.product_lines() {
            if open.is_none() && is_use(line) {
                open = Some((number, String::new()));
            }
            if let Some((_, statement)) = &mut open {
                statement.extend(line.split_whitespace());
            }
            if line.contains(';') {
                uses.extend(open.take());
            }
        }
        uses
    }
}

fn is_use(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("use ") || (line.starts_with("pub") && line.contains(" use "))
}

fn is_test_file(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.contains("/benches/")
}

/// Marks the lines of modules, functions and imports under `#[cfg(test)]`.
fn test_lines(code: &[String]) -> Vec<bool> {
    let mut marks = vec![false; code.len()];
    let mut depth: Option<i32> = None;
    for (line, mark) in code.iter().zip(&mut marks) {
        if depth.is_none() && line.contains("#[cfg(test)]") {
            depth = Some(0);
        }
        let Some(now) = depth else { continue };
        *mark = true;
        let after = now + balance(line);
        let is_over = after == 0 && (line.contains('}') || line.contains(';'));
        depth = (!is_over).then_some(after);
    }
    marks
}

fn balance(line: &str) -> i32 {
    line.chars()
        .map(|letter| match letter {
            '{' => 1,
            '}' => -1,
            _ => 0,
        })
        .sum()
}

/// Where the reader stands in the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Code,
    LineComment,
    BlockComment(usize),
    Text,
    /// A raw string, with the number of its hashes.
    RawText(usize),
}

/// The text with everything that is not code replaced by blanks; line breaks stay.
fn blanked(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut blanked = String::with_capacity(text.len());
    let mut place = Place::Code;
    let mut at = 0;
    while at < letters.len() {
        let (next, length, is_code) = step(place, letters.get(at..).unwrap_or_default());
        for letter in letters.iter().skip(at).take(length) {
            let stays = is_code || *letter == '\n';
            blanked.push(if stays { *letter } else { ' ' });
        }
        place = next;
        at += length;
    }
    blanked
}

/// One step: the place after it, how many letters it takes, and whether they are code.
fn step(place: Place, rest: &[char]) -> (Place, usize, bool) {
    match (place, rest) {
        (Place::Code, ['/', '/', ..]) => (Place::LineComment, 2, false),
        (Place::Code, ['/', '*', ..]) => (Place::BlockComment(1), 2, false),
        (Place::Code, ['"', ..]) => (Place::Text, 1, false),
        (Place::Code, ['r', '"' | '#', ..]) => match raw_hashes(rest) {
            Some(hashes) => (Place::RawText(hashes), hashes + 2, false),
            None => (Place::Code, 1, true),
        },
        (Place::Code, ['\'', '\\', _, '\'', ..]) => (Place::Code, 4, false),
        (Place::Code, ['\'', _, '\'', ..]) => (Place::Code, 3, false),
        (Place::Code, [letter, ..]) if is_word(*letter) => (Place::Code, word_length(rest), true),
        (Place::LineComment, ['\n', ..]) => (Place::Code, 1, false),
        (Place::BlockComment(1), ['*', '/', ..]) => (Place::Code, 2, false),
        (Place::BlockComment(depth), ['*', '/', ..]) => (Place::BlockComment(depth - 1), 2, false),
        (Place::BlockComment(depth), ['/', '*', ..]) => (Place::BlockComment(depth + 1), 2, false),
        (Place::Text, ['\\', _, ..]) => (Place::Text, 2, false),
        (Place::Text, ['"', ..]) => (Place::Code, 1, false),
        (Place::RawText(hashes), ['"', after @ ..]) if closes(after, hashes) => {
            (Place::Code, hashes + 1, false)
        }
        (place, _) => (place, 1, place == Place::Code),
    }
}

fn is_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// Words are taken whole, so that the `r` at the end of one is not taken for a raw string; a
/// prefix of a string (`br`) is left one letter short for the same reason.
fn word_length(rest: &[char]) -> usize {
    let length = rest.iter().take_while(|letter| is_word(**letter)).count();
    match rest.get(..length + 1) {
        Some(['b' | 'c', 'r', '"' | '#']) => 1,
        _ => length,
    }
}

fn raw_hashes(rest: &[char]) -> Option<usize> {
    let hashes = rest.iter().skip(1).take_while(|l| **l == '#').count();
    (rest.get(hashes + 1) == Some(&'"')).then_some(hashes)
}

fn closes(after: &[char], hashes: usize) -> bool {
    after.iter().take(hashes).filter(|l| **l == '#').count() == hashes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_not_code() {
        let text = "let a = \"axum\\\"\"; // axum\nlet b = r#\"x\"axum\"#; /* axum /* */ axum */ c";
        let blanked = blanked(text);
        assert!(!blanked.contains("axum"), "{blanked}");
        assert!(blanked.starts_with("let a = ") && blanked.ends_with(" c"));
        assert_eq!(blanked.lines().count(), 2);
    }

    #[test]
    fn lifetimes_and_letters_are_told_apart() {
        assert_eq!(blanked("f('\"', '\\'', 'a x)"), "f(   ,     , 'a x)");
    }

    #[test]
    fn a_word_that_ends_in_r_does_not_open_a_raw_string() {
        assert_eq!(blanked("for#x bar\"axum\" y"), "for#x bar       y");
    }

    #[test]
    fn test_modules_are_marked_to_their_end() {
        let text = "fn a() {}\n#[cfg(test)]\nmod tests {\n  fn b() {}\n}\nfn c() {}\n";
        let source = Source::read("crates/keymend/src/flow.rs", text);
        let marks: Vec<bool> = (1..=6).map(|number| source.is_test(number)).collect();
        assert_eq!(marks, [false, true, true, true, true, false]);
    }

    #[test]
    fn a_test_module_in_a_file_of_its_own_is_one_line_here() {
        let text = "#[cfg(test)]\nmod tests;\nfn c() {}\n";
        let source = Source::read("crates/keymend/src/flow.rs", text);
        assert!(source.is_test(2) && !source.is_test(3));
    }

    #[test]
    fn imports_over_several_lines_are_read_as_one() {
        let text = "use crate::{\n    store,\n    web::page,\n};\n";
        let source = Source::read("crates/keymend/src/app.rs", text);
        assert_eq!(
            source.uses(),
            [(1, "usecrate::{store,web::page,};".to_owned())]
        );
    }
}
