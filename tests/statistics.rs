//! `stats`: what threads used, counted once, whatever rollouts tell of it.

mod calendar;
mod figures;
mod laws;
mod made;
mod output;
mod storage;
