use wasmparser::{ComponentExternName, Parser, Payload};
use wit_component::ComponentEncoder;

use crate::error::Error;

/// What everything of the contract is called.
const CONTRACT: &str = "threadkeep:plugin/";

/// Makes a component of a core module that says of itself, as wit-bindgen has it, what it imports and exports.
///
/// # Errors
///
/// The module is damaged, or it does not say that.
pub fn component_of(module: &[u8]) -> Result<Vec<u8>, Error> {
    let encoded = ComponentEncoder::default().validate(true).module(module).and_then(|mut encoder| encoder.encode());
    encoded.map_err(|error| Error::NoComponent(format!("{error:#}")))
}

/// Checks that a component is a plugin by its imports and exports, before anyone is asked to install it.
pub(crate) fn check_plugin(component: &[u8]) -> Result<(), Error> {
    let damaged = |error| Error::NoPlugin(format!("it is damaged: {error}"));
    let (mut depth, mut describes) = (0_u32, false);
    for payload in Parser::new(0).parse_all(component) {
        match payload.map_err(damaged)? {
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
            Payload::End(_) => depth = depth.saturating_sub(1),
            Payload::ComponentImportSection(imports) if depth == 0 => {
                for import in imports {
                    let name = name_of(import.map_err(damaged)?.name);
                    if !name.starts_with(CONTRACT) {
                        let why = format!("it imports {name}, and a plugin is given nothing but {CONTRACT}*");
                        return Err(Error::NoPlugin(why));
                    }
                }
            }
            Payload::ComponentExportSection(exports) if depth == 0 => {
                for export in exports {
                    let name = name_of(export.map_err(damaged)?.name);
                    describes |= name.starts_with(&format!("{CONTRACT}about@"));
                }
            }
            _ => {}
        }
    }
    if describes { Ok(()) } else { Err(Error::NoPlugin(format!("it does not export {CONTRACT}about"))) }
}

fn name_of(name: ComponentExternName<'_>) -> &str {
    name.name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_without_the_contracts_exports_is_no_plugin() {
        let component = component_of(b"\0asm\x01\0\0\0").expect("an empty module is one");
        let refused = check_plugin(&component).expect_err("it is no plugin");
        assert_eq!(refused.to_string(), "what was built is no plugin: it does not export threadkeep:plugin/about");
    }
}
