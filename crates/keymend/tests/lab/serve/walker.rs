//! Somebody who forgot a password and walks the whole journey, from whatever page is shown.

use std::time::Duration;

use keymend_lab::slapd::{BULK_PASSWORD, bulk_dn};
use keymend_lab::wait::until;
use keymend_lab::{Fault, SlapdOptions};

use super::house::{House, NEW, POLICY};
use super::visitor::Visitor;

/// Forms of a journey with two gates.
pub const FORMS: usize = 9;

/// How many people do something at the same time: as many as a journey has forms.
const AT_ONCE: usize = FORMS;

/// The most forms that anybody needs who is thrown back once, or must start anew.
const FORMS_MOST: usize = 3 * FORMS;

/// One form, filled in.
pub struct Filled {
    pub path: &'static str,
    fields: Vec<(&'static str, String)>,
}

pub struct Walker<'a> {
    house: &'a House,
    pub number: u32,
    pub visitor: Visitor,
    /// Where the last code was asked for.
    contact: String,
    /// Codes that were typed and taken.
    used: Vec<String>,
}

/// An open house where so many people may reset, each at an address of their own.
pub fn house_of(people: u32) -> House {
    let house = House::furnish_with(SlapdOptions {
        bulk_accounts: people,
        ..SlapdOptions::default()
    });
    let whole = std::fs::read_to_string(house.path("keymend.toml")).unwrap();
    let behind = "[listen]\ntrusted_proxies = [\"127.0.0.1/32\"]\n";
    // Everybody comes at once after a crash: on a busy machine that takes its time.
    let patient = whole.replace("_timeout_secs = 5\n", "_timeout_secs = 20\n");
    house.write("keymend.toml", &patient.replace("[listen]\n", behind));
    let groups = "groups = [\"cn=staff,ou=groups,dc=lab,dc=test\"]\n";
    let everybody = POLICY
        .replace("\"selected\"", "\"all\"")
        .replacen(groups, "", 1);
    house.write("policy.toml", &everybody);
    house.does(&["policy", "apply", "policy.toml", "--i-understand"]);
    house.start();
    house
}

/// Lets everybody do something, a few at the same time; gives what came of each, in order.
pub fn all_at_once<P: Send, T: Send>(
    people: impl IntoIterator<Item = P>,
    deed: impl AsyncFn(P) -> T + Sync,
) -> Vec<T> {
    let mut people = people.into_iter().peekable();
    let (deed, mut ended) = (&deed, Vec::new());
    while people.peek().is_some() {
        let few: Vec<P> = people.by_ref().take(AT_ONCE).collect();
        std::thread::scope(|scope| {
            let start = |person| scope.spawn(move || alone(deed(person)));
            let threads: Vec<_> = few.into_iter().map(start).collect();
            ended.extend(threads.into_iter().map(|thread| thread.join().unwrap()));
        });
    }
    ended
}

/// Runs to its end on this thread.
pub fn alone<T>(deed: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(deed)
}

impl<'a> Walker<'a> {
    /// Has an address and a number registered, and has left again.
    pub async fn registered(house: &'a House, number: u32) -> Self {
        let address = format!("10.0.0.{}", number + 1);
        let mut walker = Self {
            house,
            number,
            visitor: house.visitor().at(address.clone()),
            contact: String::new(),
            used: Vec::new(),
        };
        let (uid, mail, phone) = (walker.uid(), walker.mail(), walker.phone());
        let login = [("user", uid.as_str()), ("password", BULK_PASSWORD)];
        let ways = [("email", mail.as_str()), ("text", phone.as_str())];
        house.registers_as(&mut walker.visitor, &login, ways).await;
        walker.used.extend(house.codes_at(&mail));
        walker.used.extend(house.codes_at(&phone));
        walker.visitor = house.visitor().at(address);
        walker
    }

    pub fn uid(&self) -> String {
        format!("user{:05}", self.number)
    }

    fn mail(&self) -> String {
        format!("{}@mail.test", self.uid())
    }

    fn phone(&self) -> String {
        format!("+447700900{:03}", 100 + self.number)
    }

    /// Whether the directory has the new password.
    pub fn is_written(&self) -> bool {
        self.house.slapd.opens_with(&bulk_dn(self.number), NEW)
    }

    /// Whether the old one still opens the account.
    pub fn is_as_before(&self) -> bool {
        self.house
            .slapd
            .opens_with(&bulk_dn(self.number), BULK_PASSWORD)
    }

    /// Goes so many forms far.
    pub async fn walks(mut self, forms: usize) -> Self {
        self.visitor.goes_to("/reset").await;
        for _ in 0..forms {
            let filled = self.fills();
            self.sends(&filled).await;
        }
        self
    }

    /// Goes on from where the journey stands to its end.
    pub async fn arrives(mut self) -> Self {
        self.visitor.goes_to("/flow").await;
        for _ in 0..FORMS_MOST {
            match self.visitor.heading().as_str() {
                "Your password has been changed" => return self,
                "This attempt has ended" | "We could not confirm the change" => {
                    self.visitor.goes_to("/reset").await;
                }
                "Saving your new password" => {
                    self.visitor.goes_to("/flow").await;
                }
                _ => {
                    let filled = self.fills();
                    self.sends(&filled).await;
                }
            }
        }
        panic!("{} is at: {}", self.uid(), self.visitor.heading());
    }

    /// Fills in the form of the page that is open.
    pub fn fills(&mut self) -> Filled {
        let filled = |path, fields: &[(&'static str, &str)]| {
            let fields = fields
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned()));
            Filled {
                path,
                fields: fields.collect(),
            }
        };
        match self.visitor.heading().as_str() {
            "Get back into your account" => {
                let sum = self.visitor.proof_of_work();
                let fields = [
                    ("user", self.uid()),
                    ("human", sum),
                    ("answer", String::new()),
                ];
                Filled {
                    path: "/reset",
                    fields: fields.to_vec(),
                }
            }
            "What is the trouble?" => filled("/flow/intent", &[("intent", "reset")]),
            "Show that it is you" | "One more step" => {
                let has_mail = self.visitor.page_says("value=\"email\"");
                let method = if has_mail { "email" } else { "text" };
                filled("/flow/method", &[("method", method)])
            }
            "Show that it is you by e-mail" => {
                self.contact = self.mail();
                filled("/flow/challenge", &[("address", self.contact.as_str())])
            }
            "Show that it is you by text message" => {
                self.contact = self.phone();
                filled("/flow/challenge", &[("address", self.contact.as_str())])
            }
            "Type the code" => filled("/flow/prove", &[("code", self.new_code().as_str())]),
            "Choose a new password" => {
                let fields = [("password", NEW), ("again", NEW), ("shown", "")];
                filled("/flow/password", &fields)
            }
            other => panic!("{} is at: {other}\n{}", self.uid(), self.house.log()),
        }
    }

    fn new_code(&self) -> String {
        let unused = || {
            let codes = self.house.codes_at(&self.contact).into_iter();
            codes.rev().find(|code| !self.used.contains(code))
        };
        until(Duration::from_secs(60), unused).unwrap_or_else(|| {
            panic!(
                "no code for {}; the log:\n{}",
                self.contact,
                self.house.log()
            )
        })
    }

    pub async fn sends(&mut self, filled: &Filled) {
        self.visitor.sends(filled.path, &filled.borrowed()).await;
        self.takes_as_used(filled);
    }

    /// The form arrives and is answered, but the answer does not.
    pub async fn sends_unheard(&mut self, filled: &Filled) {
        let fields = filled.borrowed();
        let sent = self.visitor.sends_unheard(filled.path, &fields);
        sent.await.unwrap();
        self.takes_as_used(filled);
    }

    /// The form is on its way when the service dies; gives whether it was answered all the same.
    pub async fn sends_in_vain(&self, filled: &Filled) -> bool {
        let fields = filled.borrowed();
        let sent = self.visitor.sends_unheard(filled.path, &fields);
        sent.await.is_ok()
    }

    fn takes_as_used(&mut self, filled: &Filled) {
        let code = filled.fields.iter().find(|(name, _)| *name == "code");
        self.used.extend(code.map(|(_, code)| code.clone()));
    }
}

impl Filled {
    fn borrowed(&self) -> Vec<(&str, &str)> {
        let fields = self.fields.iter();
        fields
            .map(|(name, value)| (*name, value.as_str()))
            .collect()
    }
}

/// Kills the service while the line to the directory is as it is, and starts it on the same data.
pub fn crashes(house: &House, release: impl FnOnce()) {
    house.kill();
    house.line.cut_all();
    house.line.set(Fault::None);
    release();
    house.start();
}
