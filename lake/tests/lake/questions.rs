//! Engines answer the questions of `examples` alike, and right.

use crate::engines::{python, run};

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
