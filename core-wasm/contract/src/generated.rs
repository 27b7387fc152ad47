//! Holds what wit-bindgen makes of `wit/`: the types of the world `core`, which has all interfaces.

#[cfg(not(feature = "serde"))]
wit_bindgen::generate!({
    path: "../../wit",
    world: "core",
    pub_export_macro: true,
    additional_derives: [PartialEq],
});
#[cfg(feature = "serde")]
wit_bindgen::generate!({
    path: "../../wit",
    world: "core",
    pub_export_macro: true,
    additional_derives: [PartialEq, serde::Serialize, serde::Deserialize],
});
