//! What is wrong with a home, and that nothing is changed by asking.

mod command;
mod files;
mod home;
mod trace;
