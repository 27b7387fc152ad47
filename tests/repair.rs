//! Repairs: a plan is data, what it found must still stand, what was done can be taken back, and a process may be killed
//! anywhere.

mod applied;
mod document;
mod ground;
mod killed;
mod laws;
mod lost;
mod refused;
mod schemas;
