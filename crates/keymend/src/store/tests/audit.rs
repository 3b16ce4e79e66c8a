use keymend_domain::audit::AuditDeed;
use keymend_domain::id::CorrelationId;
use keymend_domain::time::{MINUTE_MS, Moment};
use rusqlite::{Connection, params};

use super::{Bench, NOW, add_lines, event, lines};
use crate::store::audit::{COLUMNS, StoredLine};
use crate::store::{AuditFilter, ExportFault, ExportFormat, Head, Misfit, Store, VerifyReport};

/// Checks the log with the heads kept in the file beside it.
async fn verify(store: &Store) -> VerifyReport {
    let kept = store
        .heads_path()
        .map(|path| Head::read_file(path).unwrap());
    store
        .read(move |rx| rx.audit_verify(kept.unwrap_or_default()))
        .await
        .unwrap()
}

/// Twelve lines, one intruder, and the first line that is then found not to fit.
async fn check(intrude: impl FnOnce(&Connection), expected: (u64, Misfit)) {
    let bench = Bench::new();
    let store = bench.open().await;
    add_lines(&store, 1..13).await;
    store.transact(|tx| tx.cover_audit()).await.unwrap();
    let before = verify(&store).await;
    assert_eq!((before.records, before.covered_to), (12, 12));
    assert_eq!(before.first_bad, None);
    intrude(&bench.intruder());
    assert_eq!(verify(&store).await.first_bad, Some(expected));
}

fn run(sql: &str) -> impl FnOnce(&Connection) {
    let sql = sql.to_owned();
    move |intruder| intruder.execute_batch(&sql).unwrap()
}

fn lines_from(intruder: &Connection, seq: i64) -> Vec<StoredLine> {
    let sql = format!("SELECT {COLUMNS} FROM audit WHERE seq >= $1 ORDER BY seq");
    let mut statement = intruder.prepare(&sql).unwrap();
    let rows = statement.query_map([seq], StoredLine::read).unwrap();
    rows.map(Result::unwrap).collect()
}

fn put(intruder: &Connection, line: &StoredLine) {
    intruder
        .execute(
            "INSERT INTO audit VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
             ON CONFLICT (seq) DO UPDATE SET time = $2, event = $3, correlation = $4,
                subject = $5, open_body = $6, sealed_personal = $7, previous_hash = $8, hash = $9",
            params![
                line.seq,
                line.time,
                line.event,
                line.correlation,
                line.subject,
                line.open_body,
                line.sealed_personal,
                line.previous_hash,
                line.hash
            ],
        )
        .unwrap();
}

#[tokio::test]
async fn an_altered_line_is_named_whichever_field_it_was() {
    for column in ["time", "subject", "event", "correlation", "open_body"] {
        let sql = format!("UPDATE audit SET {column} = {column} || '1' WHERE seq = 7");
        let sql = if column == "time" {
            "UPDATE audit SET time = time + 1 WHERE seq = 7".to_owned()
        } else {
            sql
        };
        check(run(&sql), (7, Misfit::Altered)).await;
    }
    let people = "UPDATE audit SET sealed_personal =
        (SELECT sealed_personal FROM audit WHERE seq = 3) WHERE seq = 7";
    check(run(people), (7, Misfit::Altered)).await;
}

#[tokio::test]
async fn a_removed_line_is_named() {
    check(run("DELETE FROM audit WHERE seq = 5"), (5, Misfit::Removed)).await;
    check(run("DELETE FROM audit WHERE seq = 1"), (1, Misfit::Removed)).await;
    check(run("DELETE FROM audit"), (1, Misfit::Removed)).await;
}

#[tokio::test]
async fn a_removed_line_is_named_though_the_others_closed_up() {
    let close_up = |intruder: &Connection| {
        let mut rest = lines_from(intruder, 6);
        intruder
            .execute("DELETE FROM audit WHERE seq >= 5", [])
            .unwrap();
        for line in &mut rest {
            line.seq -= 1;
            put(intruder, line);
        }
    };
    check(close_up, (5, Misfit::Altered)).await;
}

#[tokio::test]
async fn a_cut_tail_is_named_by_the_signed_head() {
    check(
        run("DELETE FROM audit WHERE seq > 9"),
        (10, Misfit::Removed),
    )
    .await;
    check(
        run("DELETE FROM audit WHERE seq > 9; DELETE FROM audit_head"),
        (10, Misfit::Removed),
    )
    .await;
}

#[tokio::test]
async fn swapped_lines_are_named() {
    let swap = |intruder: &Connection| {
        let mut two = lines_from(intruder, 5);
        two.truncate(2);
        two.reverse();
        for (line, seq) in two.iter_mut().zip(5..) {
            line.seq = seq;
            put(intruder, line);
        }
    };
    check(swap, (5, Misfit::Reordered)).await;
}

#[tokio::test]
async fn an_inserted_line_is_named() {
    let insert = |intruder: &Connection| {
        let mut rest = lines_from(intruder, 5);
        for line in &mut rest {
            line.seq += 1;
            put(intruder, line);
        }
        let mut forged = lines_from(intruder, 4).remove(0);
        forged.previous_hash = forged.hash.clone();
        forged.seq = 5;
        forged.hash = forged.hash();
        put(intruder, &forged);
    };
    check(insert, (5, Misfit::Altered)).await;
}

/// Alters line 6 and computes every hash from there on anew, as somebody who knows the program
/// and not the keys can.
fn write_anew(intruder: &Connection) {
    let mut previous = lines_from(intruder, 5).remove(0).hash;
    for mut line in lines_from(intruder, 6) {
        if line.seq == 6 {
            line.subject = Some("corp/somebody-else".into());
        }
        line.previous_hash = previous;
        line.hash = line.hash();
        previous = line.hash.clone();
        put(intruder, &line);
    }
}

#[tokio::test]
async fn a_chain_written_anew_is_named_where_it_begins() {
    check(write_anew, (6, Misfit::Altered)).await;
}

#[tokio::test]
async fn a_line_added_by_somebody_without_the_keys_is_named() {
    let append = |intruder: &Connection| {
        let mut forged = lines_from(intruder, 12).remove(0);
        forged.previous_hash = forged.hash.clone();
        forged.seq = 13;
        forged.hash = forged.hash();
        put(intruder, &forged);
    };
    check(append, (13, Misfit::Altered)).await;
}

#[tokio::test]
async fn a_forged_head_is_named() {
    let forge = "UPDATE audit_head SET hash = 'x' WHERE seq = 12";
    check(run(forge), (12, Misfit::Signature)).await;
}

#[tokio::test]
async fn an_older_database_put_back_is_named_by_the_heads_kept_elsewhere() {
    let bench = Bench::new();
    let store = bench.open().await;
    add_lines(&store, 1..6).await;
    store.close().await;
    let older = std::fs::read(bench.path()).unwrap();
    let store = bench.open().await;
    add_lines(&store, 6..13).await;
    store.transact(|tx| tx.cover_audit()).await.unwrap();
    store.close().await;

    std::fs::write(bench.path(), older).unwrap();
    let store = bench.open().await;
    assert_eq!(verify(&store).await.first_bad, Some((6, Misfit::Removed)));
    // Even when it goes on from there, past the old end.
    add_lines(&store, 20..30).await;
    assert_eq!(verify(&store).await.first_bad, Some((12, Misfit::Head)));
}

#[tokio::test]
async fn heads_are_signed_every_hundred_lines_or_sixty_seconds() {
    let bench = Bench::new();
    let store = bench.open().await;
    let heads = || {
        let heads = Head::read_file(store.heads_path().unwrap()).unwrap();
        heads.iter().map(|head| head.seq).collect::<Vec<_>>()
    };
    add_lines(&store, 0..100).await;
    assert_eq!(heads(), [1]);
    add_lines(&store, 100..101).await;
    assert_eq!(heads(), [1, 101]);
    add_lines(&store, MINUTE_MS + 99..MINUTE_MS + 101).await;
    assert_eq!(heads(), [1, 101, 103]);
    store.transact(|tx| tx.cover_audit()).await.unwrap();
    assert_eq!(heads(), [1, 101, 103]);
    assert_eq!(verify(&store).await.first_bad, None);
}

#[tokio::test]
async fn two_processes_keep_one_chain() {
    let bench = Bench::new();
    let (service, tool) = (bench.open().await, bench.open().await);
    for round in 0..10 {
        add_lines(&service, round..round + 1).await;
        add_lines(&tool, round..round + 1).await;
    }
    let (one, other) = tokio::join!(async { add_lines(&service, 100..150).await }, async {
        add_lines(&tool, 200..250).await
    });
    let ((), ()) = (one, other);
    let report = verify(&service).await;
    assert_eq!((report.records, report.first_bad), (120, None));
    assert_eq!(verify(&tool).await.records, 120);
}

#[tokio::test]
async fn a_search_finds_by_journey_deed_subject_time_and_text() {
    let bench = Bench::new();
    let store = bench.in_memory().await;
    add_lines(&store, 1..6).await;
    store
        .transact(|tx| {
            let mut other = event(6);
            other.event = AuditDeed::PasswordReset;
            other.subject = None;
            other.personal.login = Some("BOB".into());
            tx.audit(&other)
        })
        .await
        .unwrap();
    let all = AuditFilter::default;
    let cases = [
        (all(), vec![6, 5, 4, 3, 2, 1]),
        (
            AuditFilter {
                correlation: Some(CorrelationId::stored("journey-3".into())),
                ..all()
            },
            vec![3],
        ),
        (
            AuditFilter {
                event: Some(AuditDeed::PasswordReset),
                ..all()
            },
            vec![6],
        ),
        (
            AuditFilter {
                subject: Some("corp/anchor-1".into()),
                since: Some(NOW.plus_ms(4)),
                ..all()
            },
            vec![5, 4],
        ),
        (
            AuditFilter {
                until: Some(NOW.plus_ms(3)),
                ..all()
            },
            vec![2, 1],
        ),
        (
            AuditFilter {
                text: Some("bob".into()),
                ..all()
            },
            vec![6],
        ),
        (
            AuditFilter {
                before_seq: Some(5),
                limit: 2,
                ..all()
            },
            vec![4, 3],
        ),
    ];
    for (filter, expected) in cases {
        let found = store.read(move |rx| rx.audit_search(&filter)).await;
        let found: Vec<u64> = found.unwrap().iter().map(|record| record.seq).collect();
        assert_eq!(found, expected);
    }
    let text = store.read(|rx| rx.audit_search(&AuditFilter::default()));
    assert_eq!(text.await.unwrap().remove(5).event, event(1));
}

async fn exported(store: &Store, format: ExportFormat) -> String {
    store
        .read(move |rx| -> Result<_, Stopped> {
            let mut text = Vec::new();
            rx.audit_export(&AuditFilter::default(), format, &mut text)
                .map_err(Stopped::Export)?;
            Ok(String::from_utf8(text).unwrap())
        })
        .await
        .unwrap()
}

#[derive(Debug)]
#[expect(dead_code, reason = "shown when a test fails")]
enum Stopped {
    Store(crate::store::StoreFault),
    Export(ExportFault),
}

impl From<crate::store::StoreFault> for Stopped {
    fn from(fault: crate::store::StoreFault) -> Self {
        Self::Store(fault)
    }
}

async fn hostile_line(store: &Store) {
    store
        .transact(|tx| {
            let mut event = event(1);
            event.time = Moment(1_800_000_000_123);
            event.personal.login = Some("=cmd|' /C calc'!A0".into());
            event.personal.browser = Some("a,\"b\"\r\nc".into());
            event.reason = Some("-1".into());
            tx.audit(&event)
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn a_spreadsheet_runs_nothing_of_an_export() {
    let bench = Bench::new();
    let store = bench.in_memory().await;
    hostile_line(&store).await;
    let csv = exported(&store, ExportFormat::Csv).await;
    assert!(csv.starts_with("id,time,event,schema,result,reason,correlation_id,"));
    assert!(
        csv.contains("\r\n1,2027-01-15T08:00:00.123000Z,flow.opened,1,info,\"'-1\",journey-1,")
    );
    assert!(csv.contains(",\"'=cmd|' /C calc'!A0\","), "{csv}");
    assert!(csv.contains(",203.0.113.77,\"a,\"\"b\"\"\r\nc\","), "{csv}");
}

#[tokio::test]
async fn an_exported_line_has_the_fields_of_the_manual_and_stays_one_line() {
    let bench = Bench::new();
    let store = bench.in_memory().await;
    hostile_line(&store).await;
    add_lines(&store, 2..3).await;
    let text = exported(&store, ExportFormat::JsonLines).await;
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 2);
    let first = &lines[0];
    assert_eq!(first["id"], 1);
    assert_eq!(first["time"], "2027-01-15T08:00:00.123000Z");
    assert_eq!(first["event"], "flow.opened");
    assert_eq!(first["correlation_id"], "journey-1");
    assert_eq!(first["actor"]["kind"], "visitor");
    assert_eq!(first["subject"]["directory"], "corp");
    assert_eq!(first["subject"]["id"], "anchor-1");
    assert_eq!(first["subject"]["login"], "=cmd|' /C calc'!A0");
    assert_eq!(first["source"]["browser"], "a,\"b\"\r\nc");
    assert_eq!(lines[1]["chain"]["previous"], first["chain"]["hash"]);
}

#[tokio::test]
async fn a_line_that_was_not_kept_leaves_no_gap() {
    let bench = Bench::new();
    let store = bench.open().await;
    add_lines(&store, 0..1).await;
    let undone = store.transact(|tx| {
        tx.audit(&event(2)).unwrap();
        Err::<(), super::Stop>(super::Stop::Own)
    });
    undone.await.unwrap_err();
    add_lines(&store, 3..4).await;
    assert_eq!(lines(&store).await, 2);
    assert_eq!(verify(&store).await.first_bad, None);
}

/// What an account did is looked for while people wait for the writer or a mail, in a log that
/// only grows: lines about others must not be looked at.
#[tokio::test]
async fn lines_of_one_kind_about_one_account_are_found_without_looking_at_others() {
    let bench = Bench::new();
    let _store = bench.open().await;
    let of_account = AuditFilter {
        event: Some(AuditDeed::SigninFailed),
        subject: Some("corp/jane".to_owned()),
        since: Some(NOW),
        ..AuditFilter::default()
    };
    let of_journey = AuditFilter {
        correlation: Some(CorrelationId::stored("journey".into())),
        ..AuditFilter::default()
    };
    for (filter, expected) in [
        (
            of_account,
            "USING INDEX audit_of_subject (subject=? AND event=?)",
        ),
        (of_journey, "USING INDEX audit_correlation (correlation=?)"),
    ] {
        let (sql, values) = filter.sql(true);
        let intruder = bench.intruder();
        let mut plan = intruder
            .prepare(&format!("EXPLAIN QUERY PLAN {sql}"))
            .unwrap();
        let values = rusqlite::params_from_iter(values);
        let first: String = plan.query_row(values, |row| row.get("detail")).unwrap();
        assert!(first.ends_with(expected), "{first}");
    }
}
