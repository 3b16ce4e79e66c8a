//! Reading a page as a browser does: its heading, what it says, and the forms that are on it.

use std::collections::BTreeMap;

/// A form of a page.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where it goes.
    pub action: String,
    /// Its fields with the values they have on the page; a choice has none yet.
    pub fields: BTreeMap<String, String>,
}

/// What a visitor reads of a page.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// The forms, in order.
    pub forms: Vec<Form>,
    html: String,
}

impl Page {
    /// Reads a page.
    pub fn read(html: &str) -> Self {
        let forms = pieces(html, "<form", "</form>").map(form).collect();
        Self {
            forms,
            html: html.to_owned(),
        }
    }

    /// The heading.
    pub fn heading(&self) -> String {
        let found = pieces(&self.html, "<h1", "</h1>").next();
        found.map(words).unwrap_or_default()
    }

    /// What stands on top because something is wrong with the last form.
    pub fn errors(&self) -> Vec<String> {
        let summary = pieces(&self.html, "<div class=\"summary\"", "</div>").next();
        let lines = summary.map(|text| pieces(text, "<li", "</li>").map(words).collect());
        lines.unwrap_or_default()
    }

    /// What the page says between heading and form.
    pub fn notes(&self) -> Vec<String> {
        pieces(&self.html, "<p class=\"note", "</p>")
            .map(words)
            .collect()
    }

    /// All words of the main part.
    pub fn text(&self) -> String {
        let main = pieces(&self.html, "<main", "</main>").next();
        words(main.unwrap_or(&self.html))
    }

    /// The form that goes to `action`.
    pub fn form(&self, action: &str) -> Option<&Form> {
        self.forms.iter().find(|form| form.action == action)
    }

    /// The value of an attribute, wherever it first stands.
    pub fn attribute(&self, name: &str) -> Option<String> {
        let from = self.html.split_once(&format!(" {name}=\""))?.1;
        from.split_once('"').map(|(value, _)| unescaped(value))
    }
}

fn form(html: &str) -> Form {
    let (open, _) = html.split_once('>').unwrap_or((html, ""));
    let mut fields = BTreeMap::new();
    for input in pieces(html, "<input", ">") {
        let Some(name) = attribute(input, "name") else {
            continue;
        };
        let is_choice = attribute(input, "type").as_deref() == Some("radio");
        let value = match is_choice {
            true => String::new(),
            false => attribute(input, "value").unwrap_or_default(),
        };
        fields.insert(name, value);
    }
    Form {
        action: attribute(open, "action").unwrap_or_default(),
        fields,
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let from = tag.split_once(&format!(" {name}=\""))?.1;
    from.split_once('"').map(|(value, _)| unescaped(value))
}

/// The pieces of a text that begin with `open` and end before `close`.
fn pieces<'t>(
    text: &'t str,
    open: &'static str,
    close: &'static str,
) -> impl Iterator<Item = &'t str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let from = rest.find(open)?;
        let piece = &rest[from..];
        let to = piece.find(close).unwrap_or(piece.len());
        rest = &piece[to..];
        Some(&piece[..to])
    })
}

/// The words between the tags, with single blanks.
pub fn words(html: &str) -> String {
    let html = html.split_once('>').map_or(
        html,
        |(open, rest)| {
            if open.starts_with('<') { rest } else { html }
        },
    );
    let mut text = String::new();
    let mut is_tag = false;
    for sign in html.chars() {
        match sign {
            '<' => is_tag = true,
            '>' if is_tag => {
                is_tag = false;
                text.push(' ');
            }
            _ if is_tag => {}
            other => text.push(other),
        }
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    unescaped(&text).replace(['\u{2068}', '\u{2069}'], "")
}

fn unescaped(text: &str) -> String {
    let pairs = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&amp;", "&"),
    ];
    pairs
        .into_iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}
