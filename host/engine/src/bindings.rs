//! The contract of `wit/`, as Rust. Stands here and nowhere else.

#![expect(missing_docs, reason = "generated; the contract describes it")]

wasmtime::component::bindgen!({
    path: "../../wit",
    world: "threadkeep:core/core",
    with: {
        "threadkeep:core/rollouts.reader": crate::open::OpenReader,
        "threadkeep:core/rollouts.walker": crate::open::OpenWalker,
        "threadkeep:core/rollouts.heads": crate::open::OpenHeads,
    },
    // A replay that parts from its recording ends the call.
    imports: { default: trappable },
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
});
