//! Pages that are rendered once and then only put together.

/// A rendered page cut at the places where each visitor gets something of their own.
///
/// The landing page is asked for far more often than any other; filling it is a handful of string
/// copies, where rendering is thousands of steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prepared {
    /// Text between the places; always one more than `places`.
    segments: Vec<String>,
    /// For each place in order: which marker stood there.
    places: Vec<usize>,
}

impl Prepared {
    /// Cuts `html` wherever one of `markers` stands; a marker may stand in several places.
    ///
    /// Render the page with the markers as nonce, form token, reference and so on, in a form that
    /// escaping does not change (letters, digits and dashes), unlike anything else on the page.
    pub fn new(html: &str, markers: &[&str]) -> Self {
        let mut segments = Vec::new();
        let mut places = Vec::new();
        let mut rest = html;
        while let Some((at, which, marker)) = next_marker(rest, markers) {
            let (before, from) = rest.split_at(at);
            segments.push(before.to_owned());
            places.push(which);
            rest = from.strip_prefix(marker).unwrap_or_default();
        }
        segments.push(rest.to_owned());
        Self { segments, places }
    }

    /// The page with `values` in the places of the markers, in the order of the markers.
    ///
    /// The values are put in as they are: give only what needs no escaping (base64url, digits).
    /// A value that is missing leaves its places empty.
    pub fn fill(&self, values: &[&str]) -> String {
        let value = |place: &usize| values.get(*place).copied().unwrap_or_default();
        let length = self.segments.iter().map(String::len).sum::<usize>()
            + self
                .places
                .iter()
                .map(|place| value(place).len())
                .sum::<usize>();
        let mut html = String::with_capacity(length);
        let mut places = self.places.iter();
        for segment in &self.segments {
            html.push_str(segment);
            html.push_str(places.next().map(value).unwrap_or_default());
        }
        html
    }

    /// How often the marker with this index was found.
    pub fn places_of(&self, marker: usize) -> usize {
        self.places.iter().filter(|place| **place == marker).count()
    }
}

/// The first place of any marker: where it is, which one, and the marker itself.
fn next_marker<'a>(html: &str, markers: &[&'a str]) -> Option<(usize, usize, &'a str)> {
    markers
        .iter()
        .enumerate()
        .filter(|(_, marker)| !marker.is_empty())
        .filter_map(|(which, marker)| Some((html.find(marker)?, which, *marker)))
        .min_by_key(|(at, _, _)| *at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_filled_in_every_place_of_every_marker() {
        let prepared = Prepared::new("a-ONE-b-TWO-c-ONE", &["ONE", "TWO"]);
        assert_eq!(prepared.fill(&["1", "2"]), "a-1-b-2-c-1");
        assert_eq!(prepared.places_of(0), 2);
        assert_eq!(prepared.places_of(1), 1);
    }

    #[test]
    fn what_is_filled_in_is_never_taken_for_a_marker() {
        let prepared = Prepared::new("ONE TWO", &["ONE", "TWO"]);
        assert_eq!(prepared.fill(&["TWO", "ONE"]), "TWO ONE");
    }

    #[test]
    fn a_page_without_markers_stays_as_it_is() {
        assert_eq!(Prepared::new("plain", &["ONE", ""]).fill(&["1"]), "plain");
        assert_eq!(Prepared::new("", &["ONE"]).fill(&[]), "");
    }

    #[test]
    fn a_missing_value_leaves_its_place_empty() {
        assert_eq!(Prepared::new("[ONE]", &["ONE"]).fill(&[]), "[]");
    }
}
