//! Instants in the person's format and the site's zone.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use keymend_domain::time::Moment;

use crate::text::Lang;

fn zoned(at: Moment, zone: &TimeZone) -> Option<jiff::Zoned> {
    Timestamp::from_millisecond(at.0)
        .ok()
        .map(|stamp| stamp.to_zoned(zone.clone()))
}

/// Date and time, for example `22 November 2026, 14:30`.
pub(super) fn time_text(at: Moment, zone: &TimeZone, lang: Lang) -> String {
    let Some(zoned) = zoned(at, zone) else {
        return String::new();
    };
    match lang {
        Lang::English => zoned.strftime("%-d %B %Y, %H:%M").to_string(),
        Lang::German => zoned.strftime("%-d.%-m.%Y, %H:%M").to_string(),
    }
}

/// The date alone.
pub(super) fn date_text(at: Moment, zone: &TimeZone, lang: Lang) -> String {
    let Some(zoned) = zoned(at, zone) else {
        return String::new();
    };
    match lang {
        Lang::English => zoned.strftime("%-d %B %Y").to_string(),
        Lang::German => zoned.strftime("%-d.%-m.%Y").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_is_written_as_people_of_the_language_write_it() {
        let at = Moment(1_795_358_400_000 - 1_795_358_400_000 % 86_400_000 + 52_200_000);
        let english = time_text(at, &TimeZone::UTC, Lang::English);
        let german = time_text(at, &TimeZone::UTC, Lang::German);
        assert!(english.ends_with(", 14:30"), "{english}");
        assert!(
            german.ends_with(", 14:30") && german.contains('.'),
            "{german}"
        );
    }
}
