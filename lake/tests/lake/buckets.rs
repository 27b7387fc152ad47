//! What a server of buckets can do wrong besides what `engines.rs` has: each is told, what was written stays, the next run goes on.

use crate::engines::{python, run};

#[test]
fn an_answer_that_comes_late_is_waited_for_and_one_that_comes_too_late_is_asked_for_again() {
    run("bucket_faults.py", "late", python("lake"));
}

#[test]
fn a_server_that_never_answers_is_given_up_and_told() {
    run("bucket_faults.py", "silent", python("lake"));
}

#[test]
fn a_connection_that_is_closed_in_the_middle_of_a_body_loses_nothing() {
    run("bucket_faults.py", "cut", python("lake"));
}

#[test]
fn wrong_credentials_are_told_with_what_to_do_and_without_a_secret() {
    run("bucket_faults.py", "credentials", python("lake"));
}

#[test]
fn a_right_that_is_revoked_while_rows_are_pushed_is_told_and_the_next_run_goes_on() {
    run("bucket_faults.py", "revoked", python("lake"));
}

#[test]
fn a_bucket_that_goes_while_rows_are_pushed_is_told_and_the_next_run_begins_anew() {
    run("bucket_faults.py", "gone", python("lake"));
}
