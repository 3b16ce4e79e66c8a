//! The landing page: asked for far more often than any other, so it is rendered once per
//! language and shape when the service starts, and filled by copying.

use super::page::before_proof::{HumanCheck, Start};
use super::page::{Frame, Prepared, RenderFault, Renderer};
use super::site::Site;
use crate::text::Lang;

/// Markers that escaping does not change and that stand nowhere else on a page.
const MARKERS: [&str; 5] = [
    "km0nonce0km",
    "km0token0km",
    "km0reference0km",
    "km0challenge0km",
    "km0bits0km",
];
const BITS_MARKER: u32 = 987_654_321;

/// The landing page in every language, with a sum to do and without.
pub(super) struct Landing {
    working: Vec<(Lang, Prepared)>,
    open: Vec<(Lang, Prepared)>,
}

/// What each visitor gets of their own.
pub(super) struct Own<'a> {
    pub nonce: &'a str,
    pub token: &'a str,
    pub reference: &'a str,
    /// The sum and its difficulty; none if the policy asks for none.
    pub work: Option<(&'a str, u8)>,
}

impl Landing {
    pub(super) fn prepare(renderer: &Renderer, site: &Site) -> Result<Self, RenderFault> {
        let mut landing = Self {
            working: Vec::new(),
            open: Vec::new(),
        };
        for lang in Lang::ALL {
            let [_, _, _, challenge, _] = MARKERS;
            let work = HumanCheck::Work {
                challenge: challenge.to_owned(),
                bits: BITS_MARKER,
            };
            landing
                .working
                .push((*lang, prepared(renderer, site, *lang, work)?));
            landing
                .open
                .push((*lang, prepared(renderer, site, *lang, HumanCheck::Off)?));
        }
        Ok(landing)
    }

    /// The page; `None` for a language there is none of, which cannot be.
    pub(super) fn page(&self, lang: Lang, own: &Own<'_>) -> Option<String> {
        let pages = if own.work.is_some() {
            &self.working
        } else {
            &self.open
        };
        let (_, page) = pages.iter().find(|(known, _)| *known == lang)?;
        let (challenge, bits) = own.work.unwrap_or(("", 0));
        Some(page.fill(&[
            own.nonce,
            own.token,
            own.reference,
            challenge,
            &bits.to_string(),
        ]))
    }
}

fn prepared(
    renderer: &Renderer,
    site: &Site,
    lang: Lang,
    human: HumanCheck,
) -> Result<Prepared, RenderFault> {
    let [nonce, token, reference, _, bits] = MARKERS;
    let frame = Frame {
        organisation: site.organisation.clone(),
        lang,
        here: "/reset".to_owned(),
        nonce: nonce.to_owned(),
        form_token: token.to_owned(),
        reference: reference.to_owned(),
        errors: Vec::new(),
        is_demo: site.demo.is_some(),
        signed_in: None,
        ended_others: false,
        time_left: None,
        help: site.help.clone(),
    };
    let page = Start {
        user: String::new(),
        example: site.user_example.clone(),
        down: Vec::new(),
        is_another_open: false,
        human,
    };
    let html = renderer
        .page(&frame, &page)?
        .replace(&BITS_MARKER.to_string(), bits);
    Ok(Prepared::new(&html, &MARKERS))
}
