//! Plugins: what they may see and cost, and that they are what was installed.

mod agents;
mod bounded;
mod granting;
mod hostile;
mod installing;
mod killed;
mod made;
mod other_languages;
mod outputs;
mod place;
mod proposing;
mod refused;
mod shipped;
mod sorting;
mod sources;

pub(crate) use made::Made;
