//! Somebody with a browser: follows redirects, keeps cookies, does the sum of the bot check.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use reqwest::header::{COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Response};
use sha2::{Digest, Sha256};

pub struct Visitor {
    client: Client,
    origin: String,
    cookies: BTreeMap<String, String>,
    /// Where the named proxy says that this person is, if there is one.
    address: String,
    pub status: u16,
    html: String,
}

impl Visitor {
    pub fn new(origin: &str, ca_file: &Path) -> Self {
        let ca = Certificate::from_pem(&std::fs::read(ca_file).unwrap()).unwrap();
        let client = Client::builder()
            .tls_certs_only([ca])
            .redirect(Policy::none())
            // Every answer on a connection of its own: the certificate is looked at each time.
            .pool_max_idle_per_host(0)
            .timeout(Duration::from_secs(60))
            .build()
            .unwrap();
        Self {
            client,
            origin: origin.to_owned(),
            cookies: BTreeMap::new(),
            address: "127.0.0.1".to_owned(),
            status: 0,
            html: String::new(),
        }
    }

    /// The same person behind a proxy that reports this address.
    pub fn at(mut self, address: String) -> Self {
        self.address = address;
        self
    }

    pub async fn goes_to(&mut self, path: &str) -> &mut Self {
        let mut path = path.to_owned();
        for _ in 0..5 {
            let request = self.client.get(format!("{}{path}", self.origin));
            let request = request.header("x-forwarded-for", &self.address);
            let response = request.header(COOKIE, self.cookie_line()).send().await;
            match self.takes(response.unwrap()).await {
                Some(next) => path = next,
                None => return self,
            }
        }
        panic!("redirected for ever, to {path}");
    }

    /// Sends the form of the page before; its token is filled in.
    pub async fn sends(&mut self, path: &str, fields: &[(&str, &str)]) -> &mut Self {
        if let Some(next) = self.tries_to_send(path, fields).await.unwrap() {
            self.goes_to(&next).await;
        }
        self
    }

    /// The same where the service may die before it answers; gives where it leads.
    pub async fn tries_to_send(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<Option<String>, reqwest::Error> {
        let response = self.posts(path, fields).await?;
        Ok(self.takes(response).await)
    }

    /// Sends the form and never reads the answer, as if the line had gone meanwhile.
    pub async fn sends_unheard(
        &self,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Result<(), reqwest::Error> {
        self.posts(path, fields).await.map(drop)
    }

    async fn posts(&self, path: &str, fields: &[(&str, &str)]) -> Result<Response, reqwest::Error> {
        let token = self.attribute("name=\"form_token\" value=\"");
        let mut form = vec![("form_token", token.as_str())];
        form.extend_from_slice(fields);
        let request = self.client.post(format!("{}{path}", self.origin));
        let request = request
            .header(COOKIE, self.cookie_line())
            .header(ORIGIN, &self.origin)
            .header("sec-fetch-site", "same-origin")
            .header("x-forwarded-for", &self.address)
            .form(&form);
        request.send().await
    }

    async fn takes(&mut self, response: Response) -> Option<String> {
        for line in response.headers().get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            assert!(line.contains("Secure"), "{line}");
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        self.status = response.status().as_u16();
        let location = response.headers().get(LOCATION).cloned();
        self.html = response.text().await.unwrap();
        location
            .filter(|_| self.status == 303)
            .map(|place| place.to_str().unwrap().to_owned())
    }

    fn cookie_line(&self) -> String {
        let pairs: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// The value that begins after `before` and ends at the next quotation mark.
    fn attribute(&self, before: &str) -> String {
        let Some((_, rest)) = self.html.split_once(before) else {
            panic!("no {before} on this page: {}", self.heading());
        };
        plain(rest.split('"').next().unwrap())
    }

    pub fn heading(&self) -> String {
        let inner = self.html.split_once("<h1").map(|(_, rest)| rest);
        let inner = inner
            .and_then(|rest| rest.split_once('>'))
            .map(|(_, rest)| rest);
        let inner = inner.and_then(|rest| rest.split_once("</h1>"));
        let text = inner.map_or(self.html.as_str(), |(heading, _)| heading);
        plain(text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    #[track_caller]
    pub fn sees(&self, heading: &str) -> &Self {
        assert_eq!(self.heading(), heading, "{}", self.html);
        self
    }

    pub fn page_says(&self, text: &str) -> bool {
        plain(&self.html).contains(text)
    }

    /// The whole page, for a test that fails.
    pub fn text(&self) -> &str {
        &self.html
    }

    /// The first form: a name, and the sum of the bot check.
    pub async fn starts(&mut self, user: &str) -> &mut Self {
        self.goes_to("/reset").await;
        let proof = self.proof_of_work();
        let fields = [("user", user), ("human", proof.as_str()), ("answer", "")];
        self.sends("/reset", &fields).await
    }

    pub fn proof_of_work(&self) -> String {
        let challenge = self.attribute("data-pow=\"");
        let bits: u32 = self.attribute("data-bits=\"").parse().unwrap();
        (0_u64..)
            .map(|number| format!("{challenge}:{number}"))
            .find(|text| {
                let hash = Sha256::digest(text.as_bytes());
                let head = u64::from_be_bytes(hash[..8].try_into().unwrap());
                head.leading_zeros() >= bits
            })
            .unwrap()
    }
}

fn plain(html: &str) -> String {
    [
        ("&#x27;", "'"),
        ("&#x2f;", "/"),
        ("&#39;", "'"),
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(html.to_owned(), |text, (from, to)| text.replace(from, to))
}
