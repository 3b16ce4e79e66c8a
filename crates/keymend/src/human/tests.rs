//! What a visitor, and a script that is not written for people, can do with the bot check.

use std::collections::BTreeSet;

use super::*;
use crate::entropy::SystemEntropy;

const NOW: Moment = Moment(1_700_000_000_000);

fn human() -> Human {
    Human::new(MacKey::new([7; 32]))
}

fn after(secs: i64) -> Moment {
    NOW.plus_ms(secs * SECOND_MS)
}

fn work(is_under_pressure: bool) -> (String, u8) {
    match human().challenge(Ask::Silent, is_under_pressure, NOW, &SystemEntropy) {
        Ok(Challenge::Work { token, bits }) => (token, bits),
        other => panic!("{other:?}"),
    }
}

fn picture() -> String {
    match human().challenge(Ask::PictureAndSound, false, NOW, &SystemEntropy) {
        Ok(Challenge::Picture { token }) => token,
        other => panic!("{other:?}"),
    }
}

/// The first number that solves a challenge with this many bits and, if asked for, no more.
fn solve(token: &str, fits: impl Fn(u32) -> bool) -> String {
    (0_u32..)
        .map(|number| format!("{token}:{number}"))
        .find(|text| fits(leading_zero_bits(&Sha256::digest(text.as_bytes()))))
        .unwrap()
}

fn silent(text: &str, now: Moment) -> Verdict {
    human().verify((Ask::Silent, false), text, None, now)
}

fn is_passed(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Passed(_))
}

fn right_answer(token: &str) -> String {
    let human = human();
    let token = Token::opened(token, &human.key).unwrap();
    human.digits(&token).iter().map(u8::to_string).collect()
}

#[test]
fn work_that_was_done_passes_and_names_the_same_key_each_time() {
    let (token, bits) = work(false);
    assert_eq!(bits, 14);
    let solved = solve(&token, |zeros| zeros >= 14);
    let Verdict::Passed(first) = silent(&solved, after(1)) else {
        panic!("not passed");
    };
    assert_eq!(first.expires_at, after(120));
    // Used again, or solved once more with another number, it is the same key: single use.
    assert_eq!(silent(&solved, after(2)), Verdict::Passed(first.clone()));
    let number: u32 = solved.rsplit_once(':').unwrap().1.parse().unwrap();
    let again = (number + 1..)
        .map(|number| format!("{token}:{number}"))
        .find(|text| is_passed(&silent(text, NOW)))
        .unwrap();
    assert_eq!(silent(&again, NOW), Verdict::Passed(first));
}

#[test]
fn too_little_work_does_not_pass() {
    let (token, _) = work(false);
    assert_eq!(
        silent(&solve(&token, |zeros| zeros == 13), NOW),
        Verdict::NotSure
    );
    assert_eq!(silent(&token, NOW), Verdict::NotSure);
    let (hard, bits) = work(true);
    assert_eq!(bits, 17);
    assert_eq!(
        silent(&solve(&hard, |zeros| zeros == 14), NOW),
        Verdict::NotSure
    );
}

#[test]
fn expired_forged_and_foreign_tokens_do_not_pass() {
    let (token, _) = work(false);
    let solved = solve(&token, |zeros| zeros >= 14);
    assert!(is_passed(&silent(&solved, after(120))));
    assert_eq!(silent(&solved, after(121)), Verdict::NotSure);
    let foreign = Human::new(MacKey::new([8; 32]));
    assert_eq!(
        foreign.verify((Ask::Silent, false), &solved, None, NOW),
        Verdict::NotSure
    );
    for place in 0..token.len() {
        let mut forged = token.clone().into_bytes();
        forged[place] = if forged[place] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        assert!(
            Token::opened(&forged, &human().key).is_none(),
            "sign {place}"
        );
    }
    for odd in [
        "",
        ":",
        ":0",
        "x:1",
        "ü",
        &"A".repeat(56),
        &"A".repeat(10_000),
    ] {
        assert_eq!(silent(odd, NOW), Verdict::NotSure, "{odd:.20}");
    }
    for counter in ["", "-1", "+1", "1 ", "0x1", "1:1", &"1".repeat(21)] {
        let text = format!("{token}:{counter}");
        assert_eq!(silent(&text, NOW), Verdict::NotSure, "{counter}");
    }
}

#[test]
fn a_ticket_opens_after_its_wait_and_not_before() {
    let ticket = human().ticket(5, false, NOW, &SystemEntropy).unwrap();
    assert_eq!(ticket.opens_at, after(5));
    assert_eq!(human().queue(&ticket.token, after(1)), Queue::Wait(4));
    assert_eq!(silent(&ticket.token, after(4)), Verdict::NotSure);
    assert_eq!(human().queue(&ticket.token, after(5)), Queue::Open);
    assert!(is_passed(&silent(&ticket.token, after(5))));
    assert!(is_passed(&silent(&ticket.token, after(125))));
    assert_eq!(human().queue(&ticket.token, after(126)), Queue::Gone);
    assert_eq!(silent(&ticket.token, after(126)), Verdict::NotSure);
    assert_eq!(human().queue(&work(false).0, NOW), Queue::Gone);
}

#[test]
fn the_picture_passes_with_its_digits_and_is_spent_by_wrong_ones() {
    let token = picture();
    let right = right_answer(&token);
    let judge =
        |answer: Option<&str>| human().verify((Ask::PictureAndSound, false), &token, answer, NOW);
    let Verdict::Passed(key) = judge(Some(&right)) else {
        panic!("not passed");
    };
    assert!(is_passed(&judge(Some(&format!(
        "{} {}",
        &right[..3],
        &right[3..]
    )))));
    let wrong = if right == "000000" {
        "000001"
    } else {
        "000000"
    };
    for answer in [Some(wrong), Some(""), Some("abc"), Some(&right[..5]), None] {
        assert_eq!(judge(answer), Verdict::Spent(key.clone()), "{answer:?}");
    }
}

#[test]
fn no_challenge_passes_where_another_is_asked_for() {
    let solved = solve(&work(false).0, |zeros| zeros >= 14);
    let ticket = human().ticket(0, false, NOW, &SystemEntropy).unwrap().token;
    for token in [&solved, &ticket] {
        let verdict = human().verify((Ask::PictureAndSound, false), token, Some("123456"), NOW);
        assert_eq!(verdict, Verdict::NotSure);
    }
    let token = picture();
    let right = right_answer(&token);
    let verdict = human().verify((Ask::Silent, false), &token, Some(&right), NOW);
    assert_eq!(verdict, Verdict::NotSure);
    assert_eq!(
        silent(&solve(&token, |zeros| zeros >= 14), NOW),
        Verdict::NotSure
    );
}

#[test]
fn the_policy_alone_says_what_is_asked_for() {
    for (check, calm, pressed) in [
        (BotCheck::Silent, Some(Ask::Silent), Some(Ask::Silent)),
        (BotCheck::UnderPressure, None, Some(Ask::Silent)),
        (
            BotCheck::PictureAndSound,
            Some(Ask::PictureAndSound),
            Some(Ask::PictureAndSound),
        ),
        (BotCheck::Off, None, None),
    ] {
        assert_eq!(
            (Ask::of(check, false), Ask::of(check, true)),
            (calm, pressed),
            "{check:?}"
        );
    }
}

#[test]
fn a_picture_is_the_same_each_time_and_says_nothing_in_text() {
    let token = picture();
    let first = human().picture(&token, NOW).unwrap();
    assert_eq!(human().picture(&token, after(100)).unwrap(), first);
    assert_eq!(human().picture(&token, after(121)), None);
    assert_eq!(human().picture(&work(false).0, NOW), None);
    let text = String::from_utf8(first).unwrap();
    assert!(text.starts_with("<svg ") && text.ends_with("</svg>"));
    assert!(!text.contains("<text") && !text.contains("<script") && text.len() < 20_000);
    let pictures: BTreeSet<Vec<u8>> = (0..20)
        .map(|_| human().picture(&picture(), NOW).unwrap())
        .collect();
    assert_eq!(pictures.len(), 20);
}

#[test]
fn a_sound_is_a_short_wav_in_the_language_of_the_page() {
    let token = picture();
    let english = human().sound(&token, "en-GB", NOW).unwrap();
    let german = human().sound(&token, "de-AT", NOW).unwrap();
    assert_ne!(english, german);
    assert_eq!(human().sound(&token, "fr", NOW).unwrap(), english);
    assert_eq!(human().sound("nonsense", "en", NOW), None);
    for sound in [english, german] {
        assert_eq!(&sound[..4], b"RIFF");
        assert_eq!(&sound[8..16], b"WAVEfmt ");
        let length = u32::from_le_bytes(sound[40..44].try_into().unwrap()) as usize;
        assert_eq!(length, sound.len() - 44);
        assert!((24_000..90_000).contains(&length), "{length}");
        let loud = sound[44..]
            .iter()
            .filter(|byte| byte.abs_diff(128) > 30)
            .count();
        assert!(loud > 1_000, "{loud}");
    }
}

#[test]
fn what_was_handed_out_before_the_pressure_does_not_pass_under_it() {
    let under_pressure = |text: &str, now: Moment| {
        let verdict = human().verify((Ask::Silent, true), text, None, now);
        is_passed(&verdict)
    };
    let (cheap, _) = work(false);
    // Even where the sum happens to be dear enough: it is the price that was asked.
    let solved = solve(&cheap, |zeros| zeros >= 17);
    assert!(is_passed(&silent(&solved, NOW)));
    assert!(!under_pressure(&solved, NOW));
    let (dear, _) = work(true);
    let solved = solve(&dear, |zeros| zeros >= 17);
    assert!(under_pressure(&solved, NOW));
    assert!(is_passed(&silent(&solved, NOW)), "the pressure is over");
    let ticket = |pressed: bool| human().ticket(5, pressed, NOW, &SystemEntropy).unwrap();
    let (short, long) = (ticket(false), ticket(true));
    assert_eq!(long.opens_at, after(40));
    assert!(is_passed(&silent(&short.token, after(6))));
    assert!(!under_pressure(&short.token, after(6)));
    assert!(!under_pressure(&long.token, after(39)));
    assert!(under_pressure(&long.token, after(40)));
}
