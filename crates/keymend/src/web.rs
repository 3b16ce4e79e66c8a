//! The room that speaks HTTP: one request in, one deed of `app`, one page out.

mod answer;
mod cookie;
mod form;
mod guard;
mod landing;
mod portal;
mod problem;
mod request_log;
mod site;
mod token;
mod waiting;
mod words;

pub mod asset;
pub mod page;

use std::sync::Arc;

use axum::Router;
use keymend_domain::code::MacKey;

use crate::app::App;
use crate::text::Texts;

pub use page::{RenderFault, Renderer};
pub use portal::ROUTES;
pub use site::{DemoSite, NotAnOrigin, PublicOrigin, Site, TrustedProxies};

use landing::Landing;
use token::FormTokens;
use waiting::Waiting;

/// What every handler can reach.
#[derive(Clone)]
pub struct Web {
    inner: Arc<Inner>,
}

struct Inner {
    app: App,
    site: Site,
    renderer: Renderer,
    tokens: FormTokens,
    waiting: Waiting,
    landing: Landing,
}

impl Web {
    /// Puts the pages together: everything that can be done before the first visitor is.
    ///
    /// # Errors
    ///
    /// [`RenderFault`] if a built-in template is broken; the service must not start.
    pub fn new(
        app: App,
        site: Site,
        texts: Arc<Texts>,
        form_key: MacKey,
    ) -> Result<Self, RenderFault> {
        let renderer = Renderer::new(texts)?;
        let landing = Landing::prepare(&renderer, &site)?;
        let waiting = Waiting::new(&form_key);
        let tokens = FormTokens::new(form_key);
        Ok(Self {
            inner: Arc::new(Inner {
                app,
                site,
                renderer,
                tokens,
                waiting,
                landing,
            }),
        })
    }

    /// The deeds.
    #[must_use]
    pub fn app(&self) -> &App {
        &self.inner.app
    }

    fn site(&self) -> &Site {
        &self.inner.site
    }

    fn renderer(&self) -> &Renderer {
        &self.inner.renderer
    }

    fn tokens(&self) -> &FormTokens {
        &self.inner.tokens
    }

    fn waiting(&self) -> &Waiting {
        &self.inner.waiting
    }

    fn landing(&self) -> &Landing {
        &self.inner.landing
    }
}

/// All routes behind the guard.
pub fn router(web: Web) -> Router {
    portal::routes()
        .layer(axum::middleware::from_fn_with_state(
            web.clone(),
            guard::guard,
        ))
        .layer(axum::middleware::from_fn(request_log::record))
        .with_state(web)
}
