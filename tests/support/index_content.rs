//! What an index of what was said holds, whatever numbers its rows have.

use std::path::Path;

/// The tokens of each part of each source, and where reading each rollout stopped, in order. What is in the index and belongs to
/// nothing, and what is still to be read, fails the test.
pub fn index_content(state: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(state.join("state.sqlite")).unwrap();
    connection.execute_batch("CREATE VIRTUAL TABLE temp.tokens USING fts5vocab(main, text_index, instance)").unwrap();
    let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let no_source = "SELECT count(*) FROM temp.tokens WHERE doc >> 16 NOT IN (SELECT number FROM text_sources)";
    assert_eq!(count(no_source), 0, "tokens of no source");
    let no_subject = "SELECT count(*) FROM text_sources
        WHERE role < 2 AND subject NOT IN (SELECT path FROM files) OR role = 2 AND subject NOT IN (SELECT id FROM threads)";
    assert_eq!(count(no_subject), 0, "sources of no rollout and no thread");
    let outdated = "SELECT (SELECT count(*) FROM text_outdated_files JOIN files USING (path)) + (SELECT count(*) FROM text_outdated_names)";
    assert_eq!(count(outdated), 0, "not up to date");
    let mut select = connection
        .prepare(
            "SELECT s.role || ' ' || s.subject || ' ' || s.thread || ' ' || (t.doc & 65535) || ' ' || t.term
             FROM temp.tokens AS t JOIN text_sources AS s ON s.number = t.doc >> 16
             UNION ALL SELECT 'read ' || path || ' ' || has_rollbacks || ' ' || hex(state) FROM text_files ORDER BY 1",
        )
        .unwrap();
    select.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
}
