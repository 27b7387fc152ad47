//! Which account and client device keys belong to.

use schemars::JsonSchema;
use serde::Serialize;

use super::Time;
use crate::features::device_keys::Binding;

/// Which account and client a device key belongs to.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct DeviceKey {
    /// The account's user.
    pub account_user_id: String,
    /// The client.
    pub client_id: String,
    /// When the key was bound first.
    pub created_at: Time,
    /// The key's id.
    pub key_id: String,
    /// When the key was bound last.
    pub updated_at: Time,
}

/// The device keys that are bound.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct DeviceKeys {
    /// The keys.
    pub items: Vec<DeviceKey>,
}

/// A device key that was deleted.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct DeletedDeviceKey {
    /// Whether it was deleted: always true, since a key that is not bound is an error.
    pub deleted: bool,
    /// The key's id.
    pub key_id: String,
}

impl From<&Binding> for DeviceKey {
    fn from(binding: &Binding) -> DeviceKey {
        DeviceKey {
            account_user_id: binding.account_user_id.clone(),
            client_id: binding.client_id.clone(),
            created_at: Time::from_millis(binding.created_at),
            key_id: binding.key_id.clone(),
            updated_at: Time::from_millis(binding.updated_at),
        }
    }
}

impl From<&[Binding]> for DeviceKeys {
    fn from(bindings: &[Binding]) -> DeviceKeys {
        DeviceKeys { items: bindings.iter().map(DeviceKey::from).collect() }
    }
}
