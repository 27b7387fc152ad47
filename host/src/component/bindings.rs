//! The contract of `wit/`, as Rust. Stands here and nowhere else.

#![allow(missing_docs, unreachable_pub, clippy::all)]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "threadkeep:core/core",
    with: {
        "threadkeep:core/rollouts.reader": crate::rollouts::RolloutReader,
        "threadkeep:core/rollouts.walker": crate::rollouts::Walk,
    },
    additional_derives: [PartialEq],
});
