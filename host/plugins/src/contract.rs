//! The contract of `wit/plugin/0.1.0`, as Rust.
//!
//! One world of the host's own has every interface, so that each stands here once. What a plugin is given is what the world of its
//! kind has, and is linked interface by interface.

#![expect(missing_docs, reason = "generated; the contract describes it")]

wasmtime::component::bindgen!({
    path: "../../wit/plugin/0.1.0",
    inline: "
        package threadkeep:plugin-host;

        world everything {
            include threadkeep:plugin/exporter-plugin@0.1.0;
            include threadkeep:plugin/importer-plugin@0.1.0;
            include threadkeep:plugin/column-plugin@0.1.0;
            include threadkeep:plugin/check-plugin@0.1.0;
            include threadkeep:plugin/report-plugin@0.1.0;
            include threadkeep:plugin/redactor-plugin@0.1.0;
        }
    ",
    world: "threadkeep:plugin-host/everything",
    with: {
        "threadkeep:plugin/threads.history": crate::open::OpenHistory,
        "threadkeep:plugin/source.reader": crate::open::OpenFile,
        "threadkeep:plugin/source.rows": crate::open::OpenRows,
    },
    // What a limit stops ends the call.
    imports: { default: trappable },
    additional_derives: [PartialEq],
});

pub(crate) use self::exports::threadkeep::plugin as exported;
pub(crate) use self::threadkeep::plugin as given;
pub(crate) use self::threadkeep::plugin::{source, threads, types};
