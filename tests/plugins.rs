//! Plugins: what they may see and cost, and that they are what was installed.

mod granting;
mod hostile;
mod installing;
mod made;
mod place;
mod proposing;
mod shipped;
mod sorting;

pub(crate) use made::Made;
