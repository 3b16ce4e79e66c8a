use super::memory::MemoryBook;
use super::*;
use crate::method::MethodKind;

fn at(minutes: i64) -> Moment {
    Moment(1_700_000_000_000 + minutes * MINUTE_MS)
}

fn key() -> CounterKey {
    CounterKey::tries("corp/a1", MethodKind::Email, Lane::Unfamiliar)
}

#[test]
fn a_window_slides_so_that_no_boundary_fits_a_double_allowance() {
    let mut book = MemoryBook::default();
    let windows = [Window {
        most: 5,
        span_ms: HOUR_MS,
    }];
    for minute in [55, 56, 57, 58, 59] {
        assert!(
            take(&mut book, &key(), &windows, at(minute))
                .unwrap()
                .is_granted()
        );
    }
    assert_eq!(
        take(&mut book, &key(), &windows, at(61)).unwrap(),
        Take::Refused { open_at: at(115) }
    );
    assert!(
        take(&mut book, &key(), &windows, at(115))
            .unwrap()
            .is_granted()
    );
}

#[test]
fn a_refused_hit_is_not_counted_and_does_not_prolong_the_wait() {
    let mut book = MemoryBook::default();
    for _ in 0..3 {
        assert!(take(&mut book, &key(), &SENDS, at(0)).unwrap().is_granted());
    }
    for minute in 1..10 {
        assert!(
            !take(&mut book, &key(), &SENDS, at(minute))
                .unwrap()
                .is_granted()
        );
    }
    assert!(
        take(&mut book, &key(), &SENDS, at(10))
            .unwrap()
            .is_granted()
    );
}

#[test]
fn a_guessable_method_takes_five_an_hour_and_after_ten_in_a_day_one_an_hour() {
    let mut book = MemoryBook::default();
    let granted = |book: &mut MemoryBook, minute| {
        take_try(book, &key(), Lane::Unfamiliar, 5, at(minute))
            .unwrap()
            .is_granted()
    };
    let first: Vec<bool> = (0..6).map(|minute| granted(&mut book, minute)).collect();
    assert_eq!(first, [true, true, true, true, true, false]);
    let second: Vec<bool> = (66..72).map(|minute| granted(&mut book, minute)).collect();
    assert_eq!(second, [true, true, true, true, true, false]);
    let third: Vec<bool> = [132, 133, 192, 193]
        .map(|minute| granted(&mut book, minute))
        .to_vec();
    assert_eq!(third, [true, false, true, false]);
}

#[test]
fn a_lane_is_off_after_its_streak_until_a_success() {
    let mut book = MemoryBook::default();
    for _ in 0..10 {
        note_wrong(&mut book, &key(), at(0)).unwrap();
    }
    let days_later = at(60 * 24 * 30);
    assert!(
        !take_try(&mut book, &key(), Lane::Familiar, 5, days_later)
            .unwrap()
            .is_granted()
    );
    assert!(
        take_try(&mut book, &key(), Lane::Unfamiliar, 5, days_later)
            .unwrap()
            .is_granted()
    );
    book.clear(&key()).unwrap();
    assert!(
        take_try(&mut book, &key(), Lane::Familiar, 5, days_later)
            .unwrap()
            .is_granted()
    );
}

#[test]
fn the_fifth_failure_blocks_a_name_and_the_next_one_closes_it_again() {
    let mut book = MemoryBook::default();
    let name = CounterKey::name("tag", Lane::Unfamiliar);
    let block = 60 * MINUTE_MS;
    for minute in 0..4 {
        assert_eq!(
            fail_name(&mut book, &name, 5, block, at(minute)).unwrap(),
            NameState::Open
        );
    }
    let blocked = NameState::Blocked { until: at(64) };
    assert_eq!(
        fail_name(&mut book, &name, 5, block, at(4)).unwrap(),
        blocked
    );
    assert_eq!(name_state(&mut book, &name, at(63)).unwrap(), blocked);
    assert_eq!(
        name_state(&mut book, &name, at(64)).unwrap(),
        NameState::Open
    );
    let again = NameState::Blocked { until: at(160) };
    assert_eq!(
        fail_name(&mut book, &name, 5, block, at(100)).unwrap(),
        again
    );
}

#[test]
fn a_source_starts_ten_at_once_and_then_one_every_half_minute() {
    let mut book = MemoryBook::default();
    let source = CounterKey::source("net");
    let mut granted = 0;
    for _ in 0..50 {
        granted += u32::from(
            take_start(&mut book, &source, false, at(0))
                .unwrap()
                .is_granted(),
        );
    }
    assert_eq!(granted, 10);
    assert!(
        !take_start(&mut book, &source, false, at(0).plus_ms(29_000))
            .unwrap()
            .is_granted()
    );
    assert!(
        take_start(&mut book, &source, false, at(0).plus_ms(30_000))
            .unwrap()
            .is_granted()
    );
    let wide = CounterKey::source("wide");
    let many = (0..500).filter(|_| {
        take_start(&mut book, &wide, true, at(0))
            .unwrap()
            .is_granted()
    });
    assert_eq!(many.count(), 100);
}

#[test]
fn a_big_window_keeps_few_rows_and_never_allows_more_than_it_says() {
    let mut book = MemoryBook::default();
    let texts = CounterKey::site_texts();
    let windows = [Window {
        most: 500,
        span_ms: DAY_MS,
    }];
    let mut granted_in_a_day = 0;
    for minute in 0..(60 * 24) {
        if take(&mut book, &texts, &windows, at(minute))
            .unwrap()
            .is_granted()
        {
            granted_in_a_day += 1;
        }
    }
    assert_eq!(granted_in_a_day, 500);
    assert!(book.0.get(&texts).unwrap().hits.len() <= 100);
}

#[test]
fn different_names_from_one_network_are_told_apart() {
    let mut book = MemoryBook::default();
    let names = CounterKey::names_from("net");
    for round in 0..3 {
        for tag in ["a", "b", "c"] {
            note_name(&mut book, &names, tag, at(round)).unwrap();
        }
    }
    assert_eq!(note_name(&mut book, &names, "a", at(4)).unwrap(), 3);
    for tag in 0..40 {
        note_name(&mut book, &names, &tag.to_string(), at(5)).unwrap();
    }
    assert!(note_name(&mut book, &names, "new", at(6)).unwrap() > NAMES_MOST);
}

#[test]
fn waits_are_coarse() {
    for (minutes, coarse) in [(0, 1), (3, 5), (14, 15), (31, 60), (59, 60), (61, 120)] {
        assert_eq!(coarse_mins(at(minutes), at(0)), coarse, "{minutes}");
    }
}
