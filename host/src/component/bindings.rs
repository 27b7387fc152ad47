//! The contract of `wit/`, as Rust. Stands here and nowhere else.

#![expect(missing_docs, reason = "generated; the contract describes it")]

wasmtime::component::bindgen!({
    path: "../wit",
    world: "threadkeep:core/core",
    with: {
        "threadkeep:core/rollouts.reader": crate::rollouts::RolloutReader,
        "threadkeep:core/rollouts.walker": crate::rollouts::Walk,
        "threadkeep:core/rollouts.heads": crate::rollouts::Heads,
    },
    // A replay that parts from its recording ends the call.
    imports: { default: trappable },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
});
