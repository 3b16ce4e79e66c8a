mod texts;

use expect_test::{Expect, expect};
use keymend_domain::deliver::{CodePurpose, HelpReason, InfoChange, Origin, Recipient};
use keymend_domain::id::{CorrelationId, MethodId, NoticeId};
use keymend_domain::method::{Assurance, Method};
use keymend_domain::secret::{Enclosed, Secret};

use super::*;

fn composer() -> Composer {
    Composer::new(SiteWords {
        organisation: "Contoso".into(),
        public_origin: Url::parse("https://reset.contoso.example").unwrap(),
        helpdesk: Some("https://help.contoso.example".into()),
        language: "en".into(),
        zone: TimeZone::get("Europe/Berlin").unwrap(),
    })
    .unwrap()
}

fn notice(to: Contact, tidings: Tidings) -> Notice {
    let method = Method {
        id: MethodId::stored("m".into()),
        kind: MethodKind::Email,
        contact: to,
        assurance: Assurance::UserVerified,
        probation_until: None,
        added_at: Moment(0),
        used_at: None,
    };
    Notice {
        id: NoticeId::stored("01ARZ3NDEKTSV4RRFFQ69G5FAA".into()),
        to: Recipient::of_method(&method),
        tidings,
        subject: Some("corp/1".into()),
        language: None,
        happened_at: Moment(1_795_338_660_000),
        origin: Origin {
            address: "203.0.113.7".into(),
            browser: "Firefox on Windows".into(),
        },
        correlation_id: CorrelationId::stored("01ARZ3NDEKTSV4RRFFQ69G5FAV".into()),
        expires_at: Moment(1_795_342_260_000),
        not_me: Some(enclosed("n0t-m3_t0ken")),
        answers: None,
    }
}

fn address() -> Contact {
    Contact::Email("jane@mail.example".into())
}

fn number() -> Contact {
    Contact::Phone("+447700900123".into())
}

fn enclosed(text: &str) -> Enclosed {
    Secret::new(text.to_owned()).into()
}

fn code(purpose: CodePurpose) -> Tidings {
    Tidings::Code {
        code: enclosed("123456"),
        purpose,
        minutes: 10,
    }
}

fn mail_of(notice: &Notice) -> Mail {
    match composer().compose(notice).unwrap() {
        Message::Mail(mail) => mail,
        Message::Text(_) => panic!("a mail was expected"),
    }
}

fn text_of(notice: &Notice) -> TextMessage {
    match composer().compose(notice).unwrap() {
        Message::Text(text) => text,
        Message::Mail(_) => panic!("a text message was expected"),
    }
}

fn wrong_passwords(is_exact: bool, left: Option<u32>) -> Tidings {
    Tidings::WrongPasswords {
        servers: vec!["dc1.contoso.example".into(), "dc2.contoso.example".into()],
        at: Moment(1_795_338_600_000),
        is_exact,
        left,
    }
}

/// Every kind of tidings, with every reason and change.
fn samples() -> Vec<Tidings> {
    let reasons = [
        HelpReason::NotSetUp,
        HelpReason::TooFew,
        HelpReason::WayNotAccepted,
        HelpReason::Probation {
            from: Moment(1_795_600_000_000),
        },
        HelpReason::NotSwitchedOn,
        HelpReason::Frozen,
        HelpReason::AdministratorOnly,
        HelpReason::AskHelpdesk,
    ];
    let attention = |what: &str| Tidings::Attention {
        what: what.into(),
        name: "corp".into(),
    };
    let info = |change, counts_from| Tidings::SecurityInfo {
        change,
        kind: MethodKind::Text,
        counts_from,
    };
    let mut samples = vec![
        code(CodePurpose::Reset),
        code(CodePurpose::Unlock),
        code(CodePurpose::Confirm),
        code(CodePurpose::FreshProof),
        Tidings::PasswordReset { unlocked: true },
        Tidings::PasswordReset { unlocked: false },
        Tidings::PasswordUnsure,
        Tidings::PasswordChanged,
        Tidings::AccountUnlocked,
        wrong_passwords(true, Some(2)),
        wrong_passwords(true, Some(0)),
        wrong_passwords(false, None),
        Tidings::AdministratorReset {
            login: "root.jane".into(),
            methods: MethodKind::ALL.to_vec(),
        },
        info(InfoChange::Added, Some(Moment(1_795_600_000_000))),
        info(InfoChange::Added, None),
        info(InfoChange::Removed, None),
        Tidings::TooManyTries {
            until: Moment(1_795_342_260_000),
        },
        Tidings::HalfWay {
            passed: MethodKind::Email,
        },
        Tidings::HelpWanted {
            login: "jane".into(),
        },
        Tidings::Frozen {
            login: "jane".into(),
            set_aside: 0,
        },
        Tidings::Frozen {
            login: "jane".into(),
            set_aside: 2,
        },
        attention("directory-down"),
        attention("directory-up"),
        attention("breaker"),
        attention("budget-80"),
        attention("budget-100"),
        attention("texts-unanswered"),
    ];
    samples.extend(reasons.map(Tidings::Help));
    samples
}

fn check(contact: &Contact, tidings: &[Tidings], expected: Expect) {
    let told: Vec<String> = tidings
        .iter()
        .map(|tidings| {
            match composer()
                .compose(&notice(contact.clone(), tidings.clone()))
                .unwrap()
            {
                Message::Mail(mail) => format!("{}: {}\n{}", mail.number, mail.subject, mail.text),
                Message::Text(text) => format!("{}: {}", text.number, text.body),
            }
        })
        .collect();
    expected.assert_eq(&told.join("\n--------\n"));
}

#[test]
fn a_code_mail_says_what_the_code_is_for_and_keeps_it_out_of_the_subject() {
    check(
        &address(),
        &[code(CodePurpose::Reset)],
        expect![[r#"
        M1: Contoso: your code
        Hello,

        123456 is your code to reset your password. It works for 10 minutes. Our staff will never ask you for it.

        If you did not ask for this code, somebody else typed your name. Give the code to nobody; without it nothing changes.

        When: 2026-11-22 10:11 Europe/Berlin (2026-11-22 09:11 UTC)
        From: 203.0.113.7 (as far as we can tell)
        Browser: Firefox on Windows (as far as we can tell)

        If this was not you, tell us at once:
        This was not me: https://reset.contoso.example/not-me/n0t-m3_t0ken

        Helpdesk: https://help.contoso.example
        Contoso sent this message automatically from https://reset.contoso.example.
    "#]],
    );
}

#[test]
fn a_reset_is_told_with_when_where_and_what_to_do_if_it_was_somebody_else() {
    check(
        &address(),
        &[Tidings::PasswordReset { unlocked: true }],
        expect![[r#"
            M4: Contoso: your password was reset
            Hello,

            The password of your account was reset. The new password works from now on, wherever you sign in with this account. The account was locked; the lock was lifted as well.

            Phones, mail programs and saved connections still know the old password. Enter the new one there soon: if they go on trying the old one, they can lock your account.

            When: 2026-11-22 10:11 Europe/Berlin (2026-11-22 09:11 UTC)
            From: 203.0.113.7 (as far as we can tell)
            Browser: Firefox on Windows (as far as we can tell)
            Reference: Q69G-5FAV

            If this was not you, tell us at once:
            This was not me: https://reset.contoso.example/not-me/n0t-m3_t0ken

            Helpdesk: https://help.contoso.example
            Contoso sent this message automatically from https://reset.contoso.example.
        "#]],
    );
}

#[test]
fn the_html_part_says_the_same_and_needs_no_picture() {
    let mail = mail_of(&notice(address(), code(CodePurpose::Unlock)));
    expect![[r#"
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>Contoso: your code</title>
        </head>
        <body style="margin:0;padding:24px;font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:16px;line-height:1.5">
        <div style="max-width:560px;margin:0 auto">
        <p style="margin:0 0 16px;font-weight:600">Contoso</p>
        <p style="margin:0 0 16px">Hello,</p>
        <p style="margin:0 0 16px;font-family:ui-monospace,Consolas,monospace;font-size:28px;letter-spacing:4px">123456</p>
        <p style="margin:0 0 16px">123456 is your code to unlock your account. It works for 10 minutes. Our staff will never ask you for it.</p>
        <p style="margin:0 0 16px">If you did not ask for this code, somebody else typed your name. Give the code to nobody; without it nothing changes.</p>
        <ul style="margin:0 0 16px;padding-left:20px">
        <li>When: 2026-11-22 10:11 Europe&#x2f;Berlin (2026-11-22 09:11 UTC)</li>
        <li>From: 203.0.113.7 (as far as we can tell)</li>
        <li>Browser: Firefox on Windows (as far as we can tell)</li>
        </ul>
        <p style="margin:0 0 16px">If this was not you, tell us at once:<br><a href="https:&#x2f;&#x2f;reset.contoso.example&#x2f;not-me&#x2f;n0t-m3_t0ken">This was not me</a></p>
        <hr style="border:0;border-top:1px solid #8888">
        <p style="margin:8px 0;font-size:14px">Helpdesk: https:&#x2f;&#x2f;help.contoso.example</p>
        <p style="margin:8px 0;font-size:14px">Contoso sent this message automatically from https:&#x2f;&#x2f;reset.contoso.example.</p>
        </div>
        </body>
        </html>"#]].assert_eq(&mail.html);
}

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one snapshot shows all mails side by side"
)]
fn every_mail_has_its_subject_and_its_two_paragraphs() {
    let told: Vec<String> = samples()
        .into_iter()
        .map(|tidings| {
            let mail = mail_of(&notice(address(), tidings));
            let body: Vec<&str> = mail.text.split("\n\n").skip(1).take(2).collect();
            format!("{} {}\n{}", mail.number, mail.subject, body.join("\n"))
        })
        .collect();
    expect![[r#"
        M1 Contoso: your code
        123456 is your code to reset your password. It works for 10 minutes. Our staff will never ask you for it.
        If you did not ask for this code, somebody else typed your name. Give the code to nobody; without it nothing changes.

        M1 Contoso: your code
        123456 is your code to unlock your account. It works for 10 minutes. Our staff will never ask you for it.
        If you did not ask for this code, somebody else typed your name. Give the code to nobody; without it nothing changes.

        M1 Contoso: your code
        123456 is your code to confirm this address. It works for 10 minutes. Our staff will never ask you for it.
        If you did not ask for this code, somebody else typed your name. Give the code to nobody; without it nothing changes.

        M1 Contoso: your code
        123456 is your code to confirm that it is you. It works for 10 minutes. Our staff will never ask you for it.
        If you did not ask for this code, somebody else typed your name. Give the code to nobody; without it nothing changes.

        M4 Contoso: your password was reset
        The password of your account was reset. The new password works from now on, wherever you sign in with this account. The account was locked; the lock was lifted as well.
        Phones, mail programs and saved connections still know the old password. Enter the new one there soon: if they go on trying the old one, they can lock your account.

        M4 Contoso: your password was reset
        The password of your account was reset. The new password works from now on, wherever you sign in with this account.
        Phones, mail programs and saved connections still know the old password. Enter the new one there soon: if they go on trying the old one, they can lock your account.

        M4 Contoso: your password may have been reset
        Somebody proved to be you and asked for a new password, and your directory did not say whether it took it. Either the new password works from now on, or the old one still does.
        If it was you, try the new password first, then the old one. If neither works, start again.

        M5 Contoso: your password was changed
        The password of your account was changed by somebody who knew the old one. The new password works from now on, wherever you sign in with this account.
        Phones, mail programs and saved connections still know the old password. Enter the new one there soon: if they go on trying the old one, they can lock your account.

        M6 Contoso: your account was unlocked
        Your account was locked after wrong passwords, and it has been unlocked. Your password is the same as before.
        If it locks again, look for a phone, mail program or saved connection that still uses an old password.

        M22 Contoso: something may still use your old password
        Since your password was changed, something has tried to sign in to your account with a wrong one, last at 2026-11-22 10:10 Europe/Berlin (2026-11-22 09:10 UTC). It was noticed by dc1.contoso.example, dc2.contoso.example. After 2 more wrong passwords it will be locked.
        Most often it is a phone, a mail program or a mapped network drive that has kept an old password. Enter the new one there, or take the account out of it for now. If you mistyped the password yourself, there is nothing to do.

        M22 Contoso: something may still use your old password
        Since your password was changed, something has tried to sign in to your account with a wrong one, last at 2026-11-22 10:10 Europe/Berlin (2026-11-22 09:10 UTC). It was noticed by dc1.contoso.example, dc2.contoso.example. Your account is locked now.
        Most often it is a phone, a mail program or a mapped network drive that has kept an old password. Enter the new one there, or take the account out of it for now. If you mistyped the password yourself, there is nothing to do.

        M22 Contoso: something may still use your old password
        Since your password was changed, something has tried to sign in to your account with a wrong one, some time before 2026-11-22 10:10 Europe/Berlin (2026-11-22 09:10 UTC). It was noticed by dc1.contoso.example, dc2.contoso.example.
        Most often it is a phone, a mail program or a mapped network drive that has kept an old password. Enter the new one there, or take the account out of it for now. If you mistyped the password yourself, there is nothing to do.

        M7 Contoso: an administrator reset their password
        The password of the administrator root.jane was reset. Identity was proved by: e-mail, text message.
        You get this message because you look after this service. If root.jane does not know of it, act now: block the account and look into the audit log under the reference below.

        M9 Contoso: your security info was changed
        A way to prove that it is you was added to your account: text message.
        It can be used to reset your password from 2026-11-25 10:46 Europe/Berlin (2026-11-25 09:46 UTC) on.

        M9 Contoso: your security info was changed
        A way to prove that it is you was added to your account: text message.
        It can be used to reset your password from now on.

        M9 Contoso: your security info was changed
        A way to prove that it is you was removed from your account: text message.
        It can no longer be used to reset your password.

        M12 Contoso: too many tries on your account
        Somebody, perhaps you, gave too many wrong answers while trying to get into your account. Until 2026-11-22 11:11 Europe/Berlin (2026-11-22 10:11 UTC) even right answers may be refused.
        Your password was not changed, and it still works. If you are locked out now, wait until then or ask the helpdesk to lift the block.

        M13 Contoso: someone got half-way
        Somebody, perhaps you, passed the first of two checks on the way to a new password (e-mail) and failed the second one several times.
        Your password was not changed. If it was not you, somebody else can probably read what is sent to you that way: make it safe first, then tell us.

        M14 Contoso: help with a password reset
        Somebody asks for help with the account jane. This request is not verified: anybody can make it in anybody's name.
        Make sure who it is by a way you already know, for instance the telephone number in the directory, before you change anything. Do not use a number or address that the caller gives you.

        M19 Contoso: account frozen
        "This was not me" was pressed for the account jane. Password reset is frozen for this account, open attempts were ended, and no way to prove identity was set aside.
        The helpdesk or an administrator can open it again, after making sure who the owner is.

        M19 Contoso: account frozen
        "This was not me" was pressed for the account jane. Password reset is frozen for this account, open attempts were ended, and 2 ways to prove identity were set aside.
        The helpdesk or an administrator can open it again, after making sure who the owner is.

        M21 Contoso: Keymend needs attention
        The directory "corp" has not answered for some minutes.
        People see that password reset is not available at the moment. Look at the directory server and at the connection to it.

        M21 Contoso: Keymend needs attention
        The directory "corp" answers again.
        People can reset their passwords again. There is nothing to do.

        M21 Contoso: Keymend needs attention
        So many wrong codes came in that Keymend has made itself stricter (corp).
        Codes are longer for now, and people wait a little. Look in the audit log for who is guessing.

        M21 Contoso: Keymend needs attention
        80 % of the daily budget for messages is used up (corp).
        Messages still go out. Look in the audit log whether the demand is genuine.

        M21 Contoso: Keymend needs attention
        The daily budget for messages is used up (corp).
        No further messages of this kind go out until tomorrow. Look in the audit log whether the demand is genuine, before raising the budget.

        M21 Contoso: Keymend needs attention
        Fewer than a fifth of the codes sent were typed back (corp).
        This channel is closed, because somebody may be earning money with messages to their own numbers. Look in the audit log before opening it again.

        M11 Contoso: about your attempt to reset your password
        Someone, perhaps you, tried to reset your password. It could not go on, because no way to prove that it is you has been set up for your account.
        Ask the helpdesk for a new password. Then sign in to https://reset.contoso.example and set up your security info, so that next time you can do it yourself. If you did not try to reset your password, you need do nothing: nothing was changed.

        M11 Contoso: about your attempt to reset your password
        Someone, perhaps you, tried to reset your password. It could not go on, because too few ways to prove that it is you have been set up for your account.
        Ask the helpdesk for a new password. Then sign in to https://reset.contoso.example and add what is missing, so that next time you can do it yourself. If you did not try to reset your password, you need do nothing: nothing was changed.

        M11 Contoso: about your attempt to reset your password
        Someone, perhaps you, tried to reset your password. It could not go on, because a way was used that is not accepted for your account.
        Try again with another way that you have set up, or ask the helpdesk. If you did not try to reset your password, you need do nothing: nothing was changed.

        M11 Contoso: about your attempt to reset your password
        Someone, perhaps you, tried to reset your password. It could not go on, because what you set up counts only from 2026-11-25 10:46 Europe/Berlin (2026-11-25 09:46 UTC) on.
        Try again then, or ask the helpdesk if it cannot wait. If you did not try to reset your password, you need do nothing: nothing was changed.

        M11 Contoso: about your attempt to reset your password
        Someone, perhaps you, tried to reset your password. It could not go on, because password reset is not switched on for your account.
        Ask the helpdesk for a new password. If you did not try to reset your password, you need do nothing: nothing was changed.

        M11 Contoso: about your attempt to reset your password
        Someone, perhaps you, tried to reset your password. It could not go on, because reset is frozen for your account, after it was reported that somebody else tried it.
        Ask the helpdesk: they make sure that it is you, and open it again. If you did not try to reset your password, you need do nothing: nothing was changed.

        M11 Contoso: about your attempt to reset your password
        Someone, perhaps you, tried to reset your password. It could not go on, because this account must be handled by an administrator.
        Ask the helpdesk or another administrator. If you did not try to reset your password, you need do nothing: nothing was changed.

        M11 Contoso: about your attempt to reset your password
        Someone, perhaps you, tried to reset your password. It could not go on, because only the helpdesk can help with this account.
        Ask the helpdesk. If you did not try to reset your password, you need do nothing: nothing was changed."#]].assert_eq(&told.join("\n\n"));
}

#[test]
fn no_message_holds_a_contact_or_somebody_elses_code() {
    for tidings in samples() {
        for contact in [address(), number()] {
            let message = composer()
                .compose(&notice(contact, tidings.clone()))
                .unwrap();
            let words = match &message {
                Message::Mail(mail) => format!("{}{}{}", mail.subject, mail.text, mail.html),
                Message::Text(text) => text.body.clone(),
            };
            assert!(
                !words.contains("jane@mail") && !words.contains("7700900123"),
                "{words}"
            );
            let is_code = matches!(tidings, Tidings::Code { .. });
            assert_eq!(words.contains("123456"), is_code, "{words}");
            assert!(
                !words.contains("message-"),
                "a sentence is missing: {words}"
            );
            assert!(!format!("{message:?}").contains("123456"));
        }
    }
}

#[test]
fn hostile_values_stay_on_their_line_and_bring_neither_markup_nor_links() {
    let mut hostile = notice(
        address(),
        Tidings::AdministratorReset {
            login: "<img src=x>\r\nBcc: all@mail.example\u{202e}\r\n.\r\n".into(),
            methods: vec![MethodKind::Email],
        },
    );
    hostile.origin = Origin {
        address: "evil.example\r\nX: y".into(),
        browser: "https://evil.example/<script>\u{0}".repeat(500),
    };
    let mail = mail_of(&hostile);
    assert_eq!(
        mail.subject,
        "Contoso: an administrator reset their password"
    );
    assert!(
        !mail.html.contains("<img") && !mail.html.contains("<script"),
        "{}",
        mail.html
    );
    assert!(
        !mail.text.contains("evil.example") && !mail.text.contains('\r'),
        "{}",
        mail.text
    );
    assert!(
        mail.text
            .lines()
            .all(|line| line != "." && !line.starts_with("Bcc"))
    );
    assert_eq!(mail.html.matches("href").count(), 1);
    assert!(mail.text.len() < 2_000);
}

#[test]
fn a_token_cannot_leave_its_place_in_the_link() {
    let mut hostile = notice(address(), Tidings::PasswordChanged);
    hostile.not_me = Some(enclosed("../../evil?x=\"#y"));
    let mail = mail_of(&hostile);
    let link = "https://reset.contoso.example/not-me/..%2F..%2Fevil%3Fx=%22%23y";
    assert!(mail.text.contains(link), "{}", mail.text);
}

#[test]
fn a_helpdesk_is_named_as_people_write_it() {
    for (raw, shown) in [
        (
            "mailto:help@contoso.example",
            "Helpdesk: help@contoso.example",
        ),
        ("tel:+442079460000", "Helpdesk: +442079460000"),
        (
            "https://help.contoso.example/",
            "Helpdesk: https://help.contoso.example/",
        ),
    ] {
        let site = SiteWords {
            helpdesk: Some(raw.into()),
            ..composer().site
        };
        let composer = Composer::new(site).unwrap();
        let composed = composer.compose(&notice(address(), Tidings::PasswordChanged));
        let Message::Mail(mail) = composed.unwrap() else {
            panic!("a mail was expected")
        };
        assert!(mail.text.contains(shown), "{}", mail.text);
    }
}

#[test]
fn the_persons_language_goes_before_the_sites() {
    let mut german = notice(address(), Tidings::PasswordChanged);
    german.language = Some("de-CH".into());
    assert_eq!(
        mail_of(&german).subject,
        "Contoso: Ihr Passwort wurde geändert"
    );
    german.language = Some("tlh".into());
    assert_eq!(
        mail_of(&german).subject,
        "Contoso: your password was changed"
    );
}
