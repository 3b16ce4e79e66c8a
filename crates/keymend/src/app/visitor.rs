//! Who is asking, as far as can be told from the connection.

use std::net::IpAddr;

use keymend_domain::deliver::Origin;
use keymend_domain::flow::Caller;

use super::{App, Stop};

/// Keyed tags of the networks an address lies in; counters are keyed on these.
#[derive(Debug, Clone, Default)]
pub struct NetworkTags {
    /// The /32 or /64.
    pub near: String,
    /// The /24 or /48.
    pub wide: String,
}

/// Somebody in front of a page.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    pub(super) caller: Caller,
    /// The handle of a sign-in that another one takes the place of.
    pub(super) replaced: Option<String>,
}

impl Visitor {
    /// The network's tag, for limits that are looked at before anything else.
    #[must_use]
    pub fn network(&self) -> &str {
        &self.caller.network
    }

    /// The same visitor, whose browser still holds this handle of an older sign-in: a new one
    /// ends that.
    #[must_use]
    pub fn replacing(mut self, handle: Option<String>) -> Self {
        self.replaced = handle;
        self
    }
}

impl App {
    /// Describes a visitor: the address of the connection (already seen through trusted proxies),
    /// the browser family, and the familiar-browser mark the browser carries, if any.
    ///
    /// # Errors
    ///
    /// [`Stop::Fault`] if the store cannot be read.
    pub async fn visitor(
        &self,
        address: IpAddr,
        browser: String,
        mark: Option<String>,
    ) -> Result<Visitor, Stop> {
        let familiar_account = match mark {
            Some(mark) => self.familiar_account(mark).await?,
            None => None,
        };
        let tags = self.network_tags(address);
        let is_own_network = self
            .inner
            .own_networks
            .iter()
            .any(|net| net.contains(&address));
        Ok(Visitor {
            caller: Caller {
                network: tags.near,
                wide_network: tags.wide,
                is_own_network,
                familiar_account,
                origin: Origin {
                    address: address.to_string(),
                    browser,
                },
            },
            replaced: None,
        })
    }

    async fn familiar_account(&self, mark: String) -> Result<Option<String>, Stop> {
        let now = self.now();
        let account = self
            .inner
            .store
            .read(move |rx| -> Result<_, Stop> { Ok(rx.familiar(&mark, now)?) })
            .await?;
        Ok(account.map(|account| account.key()))
    }

    /// The tags of the networks an address lies in.
    #[must_use]
    pub fn network_tags(&self, address: IpAddr) -> NetworkTags {
        let (near, wide) = match address.to_canonical() {
            IpAddr::V4(v4) => {
                let [a, b, c, d] = v4.octets();
                (vec![4, a, b, c, d], vec![4, a, b, c])
            }
            IpAddr::V6(v6) => {
                let octets = v6.octets();
                let part = |count: usize| std::iter::once(6).chain(octets.into_iter().take(count));
                (part(8).collect(), part(6).collect())
            }
        };
        let tag = |bytes: Vec<u8>| self.inner.flow_keys.name.tag(&[b"network", &bytes]).short();
        NetworkTags {
            near: tag(near),
            wide: tag(wide),
        }
    }
}
