//! Engines answer the questions of `examples` alike, and right.

use crate::database::server::Server;
use crate::engines::{python, run, run_in};

#[test]
fn duckdb_answers_the_questions_of_a_team() {
    run("questions.py", "duckdb", python("lake"));
}

#[test]
fn clickhouse_answers_the_questions_of_a_team() {
    run("questions.py", "clickhouse", python("lake-engines"));
}

#[test]
fn spark_answers_the_questions_of_a_team() {
    run("questions.py", "spark", python("lake-engines"));
}

#[test]
fn postgres_answers_the_questions_of_a_team() {
    let Some(server) = Server::start() else { return };
    let directory = tempfile::tempdir().unwrap();
    run_in(&directory, "questions.py", "postgres", server.url("owner", "team").as_ref(), python("lake"));
}
