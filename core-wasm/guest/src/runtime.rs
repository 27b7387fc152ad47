//! Gives the component an allocator and a way to end.

#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

/// Traps: a panic costs the call, and the host says which one.
#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}

/// Implements all exports.
pub(crate) struct Component;

/// Exports interfaces of the contract, each by the macro that is generated for it.
#[cfg(feature = "parser")]
macro_rules! export {
    ($($interface:ident $macro:ident),* $(,)?) => {
        #[allow(unsafe_code, reason = "what wit-bindgen generates for exports")]
        mod exported {
            use crate::runtime::Component;
            $(contract::exports::$interface::$macro!(Component with_types_in contract::exports::$interface);)*
        }
    };
}
#[cfg(feature = "parser")]
pub(crate) use export;
