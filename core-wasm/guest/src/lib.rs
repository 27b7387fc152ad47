//! Exports the core as a WebAssembly component: one of the worlds of the contract, as the feature says.
//!
//! Nothing is decided here. What an export answers is what the core answers; a resource of the contract is a struct of
//! the core in a cell. Natively there is nothing of this crate.
#![no_std]

#[cfg(all(target_arch = "wasm32", feature = "parser"))]
extern crate alloc;
#[cfg(all(target_arch = "wasm32", feature = "parser"))]
extern crate threadkeep_contract as contract;

#[cfg(all(target_arch = "wasm32", feature = "reader"))]
mod exporting;
#[cfg(all(target_arch = "wasm32", feature = "parser"))]
mod features;
#[cfg(all(target_arch = "wasm32", feature = "core"))]
mod handle;
#[cfg(all(target_arch = "wasm32", feature = "parser"))]
mod health;
#[cfg(all(target_arch = "wasm32", feature = "reader"))]
mod reading;
#[cfg(target_arch = "wasm32")]
mod runtime;
#[cfg(all(target_arch = "wasm32", feature = "reader"))]
mod tables;
#[cfg(all(target_arch = "wasm32", feature = "parser"))]
mod text;
#[cfg(all(target_arch = "wasm32", feature = "parser"))]
mod transferring;
