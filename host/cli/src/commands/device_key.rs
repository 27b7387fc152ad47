//! The command `device-key`.

use clap::Subcommand;
use threadkeep::documents::{DeletedDeviceKey, DeviceKey as DeviceKeyDocument, DeviceKeys};
use threadkeep::features::device_keys::Binding;
use threadkeep::{StateAccess, Threadkeep};

use crate::context::Context;
use crate::failure::exit;
use crate::text;

/// `device-key`
#[derive(Subcommand)]
pub(crate) enum DeviceKey {
    /// Bind a key, anew if it was bound before
    Put {
        /// The key's id
        key: String,
        /// The account's user id
        #[arg(long, value_name = "ID")]
        account: String,
        /// The client's id
        #[arg(long, value_name = "ID")]
        client: String,
    },
    /// Show the binding of a key
    Get {
        /// The key's id
        key: String,
    },
    /// Forget a key
    Delete {
        /// The key's id
        key: String,
    },
    /// List all keys
    List,
}

impl DeviceKey {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<u8> {
        let threadkeep = open(context)?;
        match self {
            DeviceKey::Put { key, account, client } => {
                let binding = threadkeep.put_device_key(&key, &account, &client)?;
                context.print(DeviceKeyDocument::from(&binding), || line(&binding))?;
            }
            DeviceKey::Get { key } => {
                let binding = threadkeep.device_key(&key)?;
                context.print(DeviceKeyDocument::from(&binding), || line(&binding))?;
            }
            DeviceKey::Delete { key } => {
                threadkeep.delete_device_key(&key)?;
                context.print(DeletedDeviceKey { deleted: true, key_id: key }, String::new)?;
            }
            DeviceKey::List => {
                let bindings = threadkeep.device_keys()?;
                context.print(DeviceKeys::from(&bindings[..]), || bindings.iter().map(line).collect())?;
            }
        }
        Ok(exit::DONE)
    }
}

/// Opens the home; without the state DB the feature itself says that it needs one.
fn open(context: &Context) -> anyhow::Result<Threadkeep> {
    context.open(if context.global.no_state { StateAccess::Without } else { StateAccess::Own }, |options| options)
}

fn line(binding: &Binding) -> String {
    let shown = |part: &str| text::plain(part);
    let Binding { key_id, account_user_id, client_id, .. } = binding;
    format!("{}  {}  {}\n", shown(key_id), shown(account_user_id), shown(client_id))
}
