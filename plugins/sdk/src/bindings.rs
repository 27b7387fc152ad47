//! Holds what wit-bindgen makes of the contract.
//!
//! The worlds of the contract share most of what is in them, and a Rust crate can hold it only once. So they are taken apart here:
//! what is imported, what every kind exports, and what each kind exports beside it. A component's world is put together of those
//! parts that it uses.

/// What a plugin of any kind may call. What it does not call, its component does not ask for.
pub mod imports {
    wit_bindgen::generate!({
        path: "../../wit/plugin/0.1.0",
        inline: "
            package threadkeep:sdk;
            world imports {
                import threadkeep:plugin/log@0.1.0;
                import threadkeep:plugin/progress@0.1.0;
                import threadkeep:plugin/threads@0.1.0;
                import threadkeep:plugin/source@0.1.0;
                import threadkeep:plugin/clock@0.1.0;
                import threadkeep:plugin/random@0.1.0;
                import threadkeep:plugin/output@0.1.0;
            }
        ",
        world: "threadkeep:sdk/imports",
        generate_all,
        pub_export_macro: true,
        additional_derives: [PartialEq],
    });
}

/// What every kind of plugin exports.
pub mod about {
    wit_bindgen::generate!({
        path: "../../wit/plugin/0.1.0",
        inline: "package threadkeep:sdk; world about { export threadkeep:plugin/about@0.1.0; }",
        world: "threadkeep:sdk/about",
        pub_export_macro: true,
        export_macro_name: "export_about",
        additional_derives: [PartialEq],
    });
}

/// What an exporter exports.
pub mod exporter {
    wit_bindgen::generate!({
        path: "../../wit/plugin/0.1.0",
        inline: "package threadkeep:sdk; world exporter { export threadkeep:plugin/exporter@0.1.0; }",
        world: "threadkeep:sdk/exporter",
        with: { "threadkeep:plugin/types@0.1.0": super::imports::threadkeep::plugin::types },
        pub_export_macro: true,
        export_macro_name: "export_exporter",
        additional_derives: [PartialEq],
    });
}

/// What an importer exports.
pub mod importer {
    wit_bindgen::generate!({
        path: "../../wit/plugin/0.1.0",
        inline: "package threadkeep:sdk; world importer { export threadkeep:plugin/importer@0.1.0; }",
        world: "threadkeep:sdk/importer",
        with: { "threadkeep:plugin/types@0.1.0": super::imports::threadkeep::plugin::types },
        pub_export_macro: true,
        export_macro_name: "export_importer",
        additional_derives: [PartialEq],
    });
}

/// What a plugin with columns exports.
pub mod column {
    wit_bindgen::generate!({
        path: "../../wit/plugin/0.1.0",
        inline: "package threadkeep:sdk; world column { export threadkeep:plugin/column@0.1.0; }",
        world: "threadkeep:sdk/column",
        with: { "threadkeep:plugin/types@0.1.0": super::imports::threadkeep::plugin::types },
        pub_export_macro: true,
        export_macro_name: "export_column",
        additional_derives: [PartialEq],
    });
}

/// What a check exports.
pub mod check {
    wit_bindgen::generate!({
        path: "../../wit/plugin/0.1.0",
        inline: "package threadkeep:sdk; world check { export threadkeep:plugin/check@0.1.0; }",
        world: "threadkeep:sdk/check",
        with: { "threadkeep:plugin/types@0.1.0": super::imports::threadkeep::plugin::types },
        pub_export_macro: true,
        export_macro_name: "export_check",
        additional_derives: [PartialEq],
    });
}

/// What a report exports.
pub mod report {
    wit_bindgen::generate!({
        path: "../../wit/plugin/0.1.0",
        inline: "package threadkeep:sdk; world report { export threadkeep:plugin/report@0.1.0; }",
        world: "threadkeep:sdk/report",
        with: { "threadkeep:plugin/types@0.1.0": super::imports::threadkeep::plugin::types },
        pub_export_macro: true,
        export_macro_name: "export_report",
        additional_derives: [PartialEq],
    });
}

/// What a redactor exports.
pub mod redactor {
    wit_bindgen::generate!({
        path: "../../wit/plugin/0.1.0",
        inline: "package threadkeep:sdk; world redactor { export threadkeep:plugin/redactor@0.1.0; }",
        world: "threadkeep:sdk/redactor",
        with: { "threadkeep:plugin/types@0.1.0": super::imports::threadkeep::plugin::types },
        pub_export_macro: true,
        export_macro_name: "export_redactor",
        additional_derives: [PartialEq],
    });
}
