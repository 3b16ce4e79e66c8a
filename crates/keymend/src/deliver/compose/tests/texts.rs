//! Text messages.

use super::*;

#[test]
#[expect(
    clippy::too_many_lines,
    reason = "one snapshot shows all texts side by side"
)]
fn every_text_message() {
    let told = expect![[r#"
        M2: Contoso: 123456 is your code to reset your password. 10 minutes. Staff never ask for it.
        @reset.contoso.example #123456
        --------
        M2: Contoso: 123456 is your code to unlock your account. 10 minutes. Staff never ask for it.
        @reset.contoso.example #123456
        --------
        M2: Contoso: 123456 is your code to confirm this number. 10 minutes. Staff never ask for it.
        @reset.contoso.example #123456
        --------
        M2: Contoso: 123456 is your code to confirm that it is you. 10 minutes. Staff never ask for it.
        @reset.contoso.example #123456
        --------
        M4: Contoso: your password was reset. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M4: Contoso: your password was reset. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M4: Contoso: your password may have been reset. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M5: Contoso: your password was changed. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M6: Contoso: your account was unlocked. Your password is unchanged. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M22: Contoso: something still tries a wrong password for your account. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M22: Contoso: something still tries a wrong password for your account. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M22: Contoso: something still tries a wrong password for your account. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M7: Contoso: the password of the administrator root.jane was reset. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M9: Contoso: your security info was changed (text message added). 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M9: Contoso: your security info was changed (text message added). 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M9: Contoso: your security info was changed (text message removed). 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M12: Contoso: too many wrong tries on your account. Even right answers may be refused until 2026-11-22 11:11 Europe/Berlin. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M13: Contoso: somebody passed the first of two checks for a new password (e-mail) and failed the second. Nothing was changed. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M14: Contoso: help is wanted with the account jane. The request is not verified. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M19: Contoso: password reset was frozen for the account jane. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M19: Contoso: password reset was frozen for the account jane. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M21: Contoso: Keymend needs attention (directory-down, corp). 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M21: Contoso: Keymend needs attention (directory-up, corp). 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M21: Contoso: Keymend needs attention (breaker, corp). 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M21: Contoso: Keymend needs attention (budget-80, corp). 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M21: Contoso: Keymend needs attention (budget-100, corp). 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M21: Contoso: Keymend needs attention (texts-unanswered, corp). 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M11: Contoso: an attempt to reset your password could not go on. Nothing was changed. Please ask the helpdesk. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M11: Contoso: an attempt to reset your password could not go on. Nothing was changed. Please ask the helpdesk. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M11: Contoso: an attempt to reset your password could not go on. Nothing was changed. Please ask the helpdesk. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M11: Contoso: an attempt to reset your password could not go on. Nothing was changed. Please ask the helpdesk. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M11: Contoso: an attempt to reset your password could not go on. Nothing was changed. Please ask the helpdesk. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M11: Contoso: an attempt to reset your password could not go on. Nothing was changed. Please ask the helpdesk. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M11: Contoso: an attempt to reset your password could not go on. Nothing was changed. Please ask the helpdesk. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken
        --------
        M11: Contoso: an attempt to reset your password could not go on. Nothing was changed. Please ask the helpdesk. 2026-11-22 10:11 Europe/Berlin. Not you? https://reset.contoso.example/not-me/n0t-m3_t0ken"#]];
    check(&number(), &samples(), told);
}

#[test]
fn text_messages_keep_to_the_cheap_alphabet_and_a_code_fits_into_one() {
    for tidings in samples() {
        let body = text_of(&notice(number(), tidings.clone())).body;
        assert!(body.chars().all(is_in_gsm_alphabet), "{body}");
        let signs_max = if matches!(tidings, Tidings::Code { .. }) {
            160
        } else {
            306
        };
        assert!(body.len() <= signs_max, "{} signs: {body}", body.len());
    }
}

/// The letters of GSM 03.38 that are in ASCII too; the extension table costs two signs each and
/// is not used.
fn is_in_gsm_alphabet(sign: char) -> bool {
    sign == '\n' || (sign.is_ascii() && !sign.is_control() && !"[\\]^`{|}~".contains(sign))
}
