//! Counts what threads used: tokens, turns, time, cost, by rollouts alone.
//!
//! ```text
//! rollout ── reader ─→ facts: entries, turns, rate limits        kept by the host, one a rollout
//! facts of all rollouts ── copies ─→ what counts, and why the rest does not
//!                  prices, calendar ─┼─→ count ─→ sums
//!                                    └─→ usage_table ─→ a row a request
//! ```
//!
//! A rollout tells after each request how many tokens the thread has used so far and how many the last request did. The latter
//! counts, once: the same count that is told again is no request, and a count that begins anew, or with what another thread had
//! used, changes nothing. What a rollout copied of another thread's counts there, as long as that thread is there; what several
//! files of one thread say counts once.

mod calendar;
mod columns;
mod copies;
pub mod count;
mod course;
mod facts;
mod limits;
mod prices;
pub mod reader;
pub mod storage;
pub mod usage_table;
