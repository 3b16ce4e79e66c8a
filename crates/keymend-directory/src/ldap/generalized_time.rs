//! GeneralizedTime, the form in which LDAP writes instants (RFC 4517 §3.3.13).

use keymend_domain::time::{DAY_MS, HOUR_MS, MINUTE_MS, Moment, SECOND_MS};

/// The instant a text names; `None` if it is no GeneralizedTime.  Fractions of a second are kept
/// to the millisecond; fractions of an hour or a minute are not taken, as no server writes them.
pub(super) fn parse(text: &str) -> Option<Moment> {
    let zone_at = text.find(['Z', '+', '-'])?;
    let (local, zone) = text.split_at(zone_at);
    let (whole, fraction) = local.split_once(['.', ',']).unwrap_or((local, ""));
    if fraction.is_empty() != (whole.len() == local.len()) || !whole.is_ascii() {
        return None;
    }
    let seconds = match whole.len() {
        10 | 12 if !fraction.is_empty() => return None,
        10 | 12 => 0,
        14 => digits(whole, 12, 2)?,
        _ => return None,
    };
    let minutes = if whole.len() == 10 {
        0
    } else {
        digits(whole, 10, 2)?
    };
    let hours = digits(whole, 8, 2)?;
    let day = day_number(
        digits(whole, 0, 4)?,
        digits(whole, 4, 2)?,
        digits(whole, 6, 2)?,
    )?;
    // RFC 4517 admits a leap second as 60; it counts as the second after.
    if hours > 23 || minutes > 59 || seconds > 60 {
        return None;
    }
    let local_ms = day * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS + seconds * SECOND_MS;
    Some(Moment(local_ms + thousandths(fraction)? - offset_ms(zone)?))
}

/// The instant in whole seconds, as servers take it; the beginning of time for what is before it.
pub(super) fn write(moment: Moment) -> String {
    let seconds = (moment.0 / SECOND_MS).max(0);
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let (year, month, day) = date_of(days);
    let (hours, minutes) = (rest / 3_600, rest / 60 % 60);
    format!(
        "{year:04}{month:02}{day:02}{hours:02}{minutes:02}{:02}Z",
        rest % 60
    )
}

/// The date of a day since 1970-01-01 (the same source as [`day_number`], `civil_from_days`).
fn date_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

fn digits(text: &str, from: usize, count: usize) -> Option<i64> {
    let part = text.get(from..from + count)?;
    part.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some(())?;
    part.parse().ok()
}

fn thousandths(fraction: &str) -> Option<i64> {
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let first: String = fraction.chars().chain("000".chars()).take(3).collect();
    first.parse().ok()
}

fn offset_ms(zone: &str) -> Option<i64> {
    if zone == "Z" {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let hours = digits(zone, 1, 2)?;
    let minutes = match zone.len() {
        3 => 0,
        5 => digits(zone, 3, 2)?,
        _ => return None,
    };
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * HOUR_MS + minutes * MINUTE_MS))
}

/// Days from 1970-01-01 to a date of the proleptic Gregorian calendar (Howard Hinnant,
/// "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`).
fn day_number(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=length).contains(&day) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn instants_are_read() {
        let check =
            |text: &str, millis: i64| assert_eq!(parse(text), Some(Moment(millis)), "{text}");
        check("19700101000000Z", 0);
        check("20261122091034Z", 1_795_338_634_000);
        check("20261122091034.25Z", 1_795_338_634_250);
        check("20261122091034,123456Z", 1_795_338_634_123);
        check("20261122101034+0100", 1_795_338_634_000);
        check("20261122041034-05", 1_795_338_634_000);
        check("2026112209Z", 1_795_338_000_000);
        check("202611220910Z", 1_795_338_600_000);
        check("20240229000000Z", 1_709_164_800_000);
        // OpenLDAP's mark for a lock that only an administrator opens.
        check("000001010000Z", -62_167_219_200_000);
    }

    #[test]
    fn other_texts_are_not_instants() {
        for text in [
            "",
            "Z",
            "20261122091034",
            "20261322091034Z",
            "20260229000000Z",
            "20261122241034Z",
            "20261122091034.Z",
            "20261122091034+1",
            "2026-11-22T09:10:34Z",
            "２０２６112209Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(seconds in 0_i64..253_402_300_799) {
            let moment = Moment(seconds * SECOND_MS);
            prop_assert_eq!(parse(&write(moment)), Some(moment));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "[0-9Z.,+\\-é]{0,24}") {
            let _ = parse(&text);
        }
    }
}
