//! Makes WebAssembly components: finds a compiler for them, builds plugins, and writes the sources of new ones.
//!
//! Used by the build scripts of the packages that embed the core, and by the program for `plugin build` and `plugin new`. It runs
//! compilers and prints nothing.

mod build;
mod component;
mod error;
mod kinds;
mod project;
mod templates;
mod toolchain;

pub use build::{BuiltPlugin, build_plugin};
pub use component::component_of;
pub use error::Error;
pub use kinds::{Kind, Language};
pub use project::new_plugin;
pub use toolchain::{Compiler, GUEST_TARGET, StandardLibrary, Toolchain};
