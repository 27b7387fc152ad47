//! The lake as its users see it: what is pushed is read back, whatever happens in between.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod engines;
mod faults;
mod forgetting;
mod killed;
mod model;
mod postgres;
mod pushing;
mod server;
mod support;
mod writers;
