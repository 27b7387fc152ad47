//! Agents that ask for threads: what the MCP server answers, what it keeps to itself, and what it does to configurations.

mod bad_input;
mod bounds;
mod changes;
mod clients;
mod guarding;
mod hostile;
mod http;
mod installing;
mod plugins;
mod resources;
mod secrets;
mod tools;
