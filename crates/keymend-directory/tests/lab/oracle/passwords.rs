//! Passwords near the line between taken and refused, the same in every run.

/// A generator of pseudo-random numbers (Marsaglia, "Xorshift RNGs", 2003, the 64-bit triple 13,
/// 7, 17); nothing secret hangs on it.
pub struct Draw {
    state: u64,
    parts: &'static [&'static str],
    count: u64,
}

/// What passwords are made of: each password takes two to four of these.
const KINDS: &[&str] = &[
    "abcdefghijklmnopqrstuvwxyz",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "0123456789",
    "!#$%&'()*+,-./:;<=>?@[]^_{|}~`\"\\",
    " ",
    "äöüéàñßøåç",
    "ÄÖÜÉÀÑØÅÇ",
    "жшщэюяё",
    "ЖШЩЭЮЯЁ",
    "密码漢字パス",
    "€£§°±",
    "🔑🏠🎻🌊",
    "אבגדה",
    "٣٤٥",
];

impl Draw {
    pub fn new(seed: u64, parts: &'static [&'static str]) -> Self {
        Self {
            state: seed,
            parts,
            count: 0,
        }
    }

    fn number(&mut self, below: usize) -> usize {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        usize::try_from(self.state % below as u64).unwrap()
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        let place = self.number(of.len());
        *of.get(place).unwrap()
    }

    /// The next password; no two are alike, so that history has no say.
    pub fn password(&mut self) -> String {
        self.count += 1;
        let kinds: Vec<Vec<char>> = (0..=1 + self.number(3))
            .map(|_| {
                // Plain signs are what people use most.
                let most = if self.number(3) == 0 { KINDS.len() } else { 5 };
                let place = self.number(most);
                KINDS.get(place).unwrap().chars().collect()
            })
            .collect();
        let length = 8 + self.number(9);
        let mut text: Vec<char> = Vec::new();
        for place in 0..length {
            let kind = match kinds.get(place) {
                Some(kind) => kind,
                None => {
                    let place = self.number(kinds.len());
                    kinds.get(place).unwrap()
                }
            };
            text.push(self.one(kind));
        }
        if !self.parts.is_empty() && self.number(4) == 0 {
            let place = self.number(text.len());
            let part = self.one(self.parts);
            text.splice(place..place, part.chars());
        }
        text.into_iter().collect()
    }
}
