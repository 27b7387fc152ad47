//! `stats`: what threads used, counted once, whatever rollouts tell of it.

mod calendar;
mod figures;
mod made;
mod output;
