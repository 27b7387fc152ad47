//! The lake as its users see it: what is pushed is read back, whatever happens in between.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod buckets;
mod database;
mod engines;
mod faults;
mod forgetting;
mod killed;
mod machines;
mod model;
mod pushing;
mod questions;
mod reading;
mod support;
mod writers;
