use keymend_lab::gateway::{self, Answer};
use keymend_lab::{Fault, Proxy};

use super::*;
use crate::deliver::preset::{Preset, PresetChoices};
use keymend_domain::time::Moment;

fn choices(url: Option<String>) -> PresetChoices {
    PresetChoices {
        url,
        from: "+15005550006".into(),
        account: Some(Secret::new(gateway::USER.into())),
        token: Some(Secret::new(gateway::PASSWORD.into())),
    }
}

fn twilio(base: &str) -> Gateway {
    let url = format!("{base}/2010-04-01/Accounts/{{account}}/Messages.json");
    let mut options = Preset::Twilio.options(choices(Some(url)));
    options.timeout = Duration::from_millis(300);
    Gateway::new(options).unwrap()
}

fn message() -> TextMessage {
    TextMessage {
        number: "M2",
        to: "+447700900123".into(),
        body: "Grüße & 100 %: 123456 \"ist\"\n@reset.contoso.example #123456".into(),
        at: Moment(0),
    }
}

fn later(carried: &Carried) -> &str {
    match carried {
        Carried::Later { detail } => {
            assert!(
                !detail.contains("7700900123") && !detail.contains(gateway::USER),
                "{detail}"
            );
            detail
        }
        other => panic!("{other:?} should have been Later"),
    }
}

#[tokio::test]
async fn the_twilio_preset_speaks_as_twilio_expects() {
    let peer = keymend_lab::Gateway::start();
    assert_eq!(
        twilio(&peer.url()).carry(&message()).await,
        Carried::Accepted
    );
    let requests = peer.requests();
    assert_eq!(requests.len(), 1);
    let request = &requests[0];
    assert_eq!(request.method, "POST");
    assert_eq!(
        request.path,
        format!("/2010-04-01/Accounts/{}/Messages.json", gateway::USER)
    );
    let field = |name| request.form_field(name);
    assert_eq!(field("To").as_deref(), Some("+447700900123"));
    assert_eq!(field("From").as_deref(), Some("+15005550006"));
    assert_eq!(field("Body"), Some(message().body));
    let login = Some((gateway::USER.to_owned(), gateway::PASSWORD.to_owned()));
    assert_eq!(request.basic_login(), login);
}

#[tokio::test]
async fn the_vonage_preset_reads_the_status_in_the_answer() {
    let peer = keymend_lab::Gateway::start();
    let url = format!("{}/sms/json", peer.url());
    let vonage = Gateway::new(Preset::Vonage.options(choices(Some(url)))).unwrap();
    assert_eq!(vonage.carry(&message()).await, Carried::Accepted);
    assert_eq!(
        peer.requests()[0].form_field("to").as_deref(),
        Some("447700900123")
    );

    peer.set_answer(Answer::TooMany {
        retry_after_secs: 1,
    });
    let throttled = vonage.carry(&message()).await;
    assert_eq!(
        later(&throttled),
        "the gateway answered /messages/0/status = 1"
    );

    let body = r#"{"messages":[{"status":"7","error-text":"447700900123 is barred"}]}"#;
    peer.set_answer(Answer::Other {
        status: 200,
        body: body.into(),
    });
    assert!(matches!(
        vonage.carry(&message()).await,
        Carried::Never { .. }
    ));
}

#[tokio::test]
async fn the_json_preset_sends_json() {
    let peer = keymend_lab::Gateway::start();
    let mut options = Preset::Json.options(choices(Some(format!("{}/send", peer.url()))));
    assert_eq!(options.headers[0].1, "Bearer {token}");
    options.headers.clear();
    options.has_basic_login = true;
    let json = Gateway::new(options).unwrap();
    assert_eq!(json.carry(&message()).await, Carried::Accepted);
    let sent = peer.requests()[0].json().unwrap();
    assert_eq!(sent["to"], "+447700900123");
    assert_eq!(sent["text"], message().body.as_str());
}

#[tokio::test]
async fn get_sends_its_values_in_the_query() {
    let peer = keymend_lab::Gateway::start();
    let mut options = Preset::Twilio.options(choices(Some(format!("{}/send?v=2", peer.url()))));
    options.method = GatewayMethod::Get;
    options.success = Success::default();
    let carried = Gateway::new(options).unwrap().carry(&message()).await;
    assert_eq!(carried, Carried::Accepted);
    let path = &peer.requests()[0].path;
    assert!(
        path.starts_with("/send?v=2&To=%2B447700900123&From="),
        "{path}"
    );
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_cannot_is_not() {
    let peer = keymend_lab::Gateway::start();
    let gateway = twilio(&peer.url());
    let other = |status| Answer::Other {
        status,
        body: "{\"to\":\"+447700900123\"}".into(),
    };

    peer.set_answer(Answer::TooMany {
        retry_after_secs: 1,
    });
    assert_eq!(
        later(&gateway.carry(&message()).await),
        "the gateway answered 429"
    );
    peer.set_answer(Answer::Fault);
    assert_eq!(
        later(&gateway.carry(&message()).await),
        "the gateway answered 500"
    );
    peer.set_answer(other(401));
    later(&gateway.carry(&message()).await);
    peer.set_answer(Answer::Hang);
    assert!(later(&gateway.carry(&message()).await).contains("did not answer in time"));
    peer.set_answer(Answer::Close);
    later(&gateway.carry(&message()).await);
    peer.set_answer(other(400));
    let never = gateway.carry(&message()).await;
    assert_eq!(
        never,
        Carried::Never {
            detail: "the gateway answered 400".into()
        }
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let peer = keymend_lab::Gateway::start();
    peer.set_answer(Answer::Other {
        status: 302,
        body: String::new(),
    });
    let carried = twilio(&peer.url()).carry(&message()).await;
    assert!(later(&carried).starts_with("the gateway answered 302"));
    assert_eq!(peer.requests().len(), 1);
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let peer = keymend_lab::Gateway::start();
    let body = format!(
        "{{\"messages\":[{{\"status\":\"0\"}}],\"x\":\"{}\"}}",
        "x".repeat(80_000)
    );
    peer.set_answer(Answer::Other { status: 200, body });
    let url = format!("{}/sms/json", peer.url());
    let vonage = Gateway::new(Preset::Vonage.options(choices(Some(url)))).unwrap();
    let carried = vonage.carry(&message()).await;
    assert_eq!(later(&carried), "the gateway's answer is too long");
}

#[tokio::test]
async fn a_gateway_that_is_not_there_is_tried_again() {
    let peer = keymend_lab::Gateway::start();
    let proxy = Proxy::start(peer.port());
    let gateway = twilio(&format!("http://{}", proxy.address()));
    gateway.test_connection().await.unwrap();
    proxy.set(Fault::Refuse);
    proxy.cut_all();
    assert!(later(&gateway.carry(&message()).await).contains("gateway"));
    assert!(gateway.test_connection().await.is_err());
}

#[test]
fn a_url_that_leads_elsewhere_is_refused_at_the_start() {
    for url in [
        "http://gateway.example/send",
        "http://127.0.0.1.gateway.example/",
        "http://192.0.2.1/",
        "file:///etc/passwd",
        "gopher://gateway.example/",
        "https://user:word@gateway.example/",
        "https://{account}.gateway.example/",
        "https://gateway.example/{to}",
        "https://gateway.example/{token}",
        "",
    ] {
        assert!(
            Gateway::new(Preset::Json.options(choices(Some(url.into())))).is_err(),
            "{url}"
        );
    }
    for url in [
        "https://gateway.example/send",
        "http://localhost:9000/",
        "http://[::1]:9/x",
    ] {
        assert!(
            Gateway::new(Preset::Json.options(choices(Some(url.into())))).is_ok(),
            "{url}"
        );
    }
}

#[test]
fn an_account_cannot_leave_its_place_in_the_path() {
    let mut options = Preset::Twilio.options(choices(None));
    options.account = Some(Secret::new("../../x?y#z".into()));
    let gateway = Gateway::new(options).unwrap();
    assert_eq!(
        gateway.url.as_str(),
        "https://api.twilio.com/2010-04-01/Accounts/..%2F..%2Fx%3Fy%23z/Messages.json"
    );
    assert_eq!(format!("{gateway:?}"), "Gateway(https://api.twilio.com)");
}

#[test]
fn a_header_cannot_be_split() {
    let mut options = Preset::Json.options(choices(Some("https://gateway.example/".into())));
    options.token = Some(Secret::new("a\r\nX-Evil: 1".into()));
    assert!(matches!(
        Gateway::new(options),
        Err(GatewayFault::Header { .. })
    ));
}
