//! The directory's times: counts of 100 ns since 1601, and negative counts for lengths of time.

use keymend_domain::time::Moment;

/// From 1601-01-01 to 1970-01-01 (MS-DTYP 2.3.3).
const EPOCH_MS: i64 = 11_644_473_600_000;
/// 100 ns intervals in a millisecond.
const TICKS: i64 = 10_000;

/// The instant of a `FILETIME`; `None` for the values that mean "never" (0 and the greatest).
pub(super) fn moment(raw: i64) -> Option<Moment> {
    (raw > 0 && raw != i64::MAX).then(|| Moment(raw / TICKS - EPOCH_MS))
}

/// The length of an interval in milliseconds; `None` for "for ever" (the least value).
///
/// Lengths are stored as negative counts; a positive one is not taken for anything.
pub(super) fn length_ms(raw: i64) -> Option<i64> {
    (raw != i64::MIN).then(|| (-raw.min(0)) / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_counted_from_1601() {
        assert_eq!(moment(116_444_736_000_000_000), Some(Moment(0)));
        assert_eq!(
            moment(134_398_234_699_234_190),
            Some(Moment(1_795_349_869_923))
        );
        assert_eq!((moment(0), moment(i64::MAX)), (None, None));
    }

    #[test]
    fn lengths_are_negative_and_may_never_end() {
        assert_eq!(length_ms(-18_000_000_000), Some(1_800_000));
        assert_eq!(length_ms(0), Some(0));
        assert_eq!(length_ms(5), Some(0));
        assert_eq!(length_ms(i64::MIN), None);
    }
}
