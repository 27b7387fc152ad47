//! The component as `build/` compiled it, run where it lies in the program's file: the kernel then reads the pages that are
//! used, and nothing is copied.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::mm::{MprotectFlags, mprotect};
use wasmtime::component::Component;
use wasmtime::{CustomCodeMemory, Engine};

use crate::engine_config::engine_config;
use crate::error::CoreError;
use crate::guard::{ticking_engine, ticking_engine_of};

/// Begins at a page, as the code in it must: a page of any machine of the target.
#[cfg_attr(target_arch = "x86_64", repr(C, align(0x1000)))]
#[cfg_attr(not(target_arch = "x86_64"), repr(C, align(0x10000)))]
struct Pages<Bytes: ?Sized>(Bytes);

/// The component, compiled with the settings of `engine_config`.
static IMAGE: &Pages<[u8]> = &Pages(*include_bytes!(concat!(env!("OUT_DIR"), "/core.cwasm")));

/// Whether the image was loaded where it lies: wasmtime knows one code at an address.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// Loads the image, where this CPU and this system can run it: the first one of a process where it lies, others as copies.
pub(crate) fn load() -> Result<(Engine, Component), CoreError> {
    if TAKEN.swap(true, Ordering::Relaxed) { copied() } else { in_place().or_else(|_| copied()) }
}

/// Loads the image where it lies.
fn in_place() -> Result<(Engine, Component), CoreError> {
    let engine = ticking_engine_of(engine_config().with_custom_code_memory(Some(Arc::new(InPlace))))?;
    // SAFETY: the bytes are the ones that the build script wrote and that this program embeds; they are there as long as the
    // program runs, and nobody writes what is constant.
    #[expect(unsafe_code, reason = "wasmtime cannot know whose bytes it is given; these are our own")]
    let component = unsafe { Component::deserialize_raw(&engine, (&IMAGE.0).into()) };
    Ok((engine, component.map_err(|error| CoreError::loading(&error))?))
}

/// Loads a copy of the image: a system may forbid to run what lies among a program's constants.
fn copied() -> Result<(Engine, Component), CoreError> {
    let engine = ticking_engine()?;
    // SAFETY: the bytes are the ones that the build script wrote and that this program embeds.
    #[expect(unsafe_code, reason = "wasmtime cannot know whose bytes it is given; these are our own")]
    let component = unsafe { Component::deserialize(&engine, &IMAGE.0) };
    Ok((engine, component.map_err(|error| CoreError::loading(&error))?))
}

/// Makes the code of the image executable. It was never writable.
struct InPlace;

impl CustomCodeMemory for InPlace {
    fn required_alignment(&self) -> usize {
        align_of_val(IMAGE)
    }

    fn publish_executable(&self, code: *const u8, length: usize) -> wasmtime::Result<()> {
        protect(code, length, MprotectFlags::READ | MprotectFlags::EXEC)
    }

    /// Makes it a constant again, not writable: nobody edits it.
    fn unpublish_executable(&self, code: *const u8, length: usize) -> wasmtime::Result<()> {
        protect(code, length, MprotectFlags::READ)
    }
}

fn protect(code: *const u8, length: usize, flags: MprotectFlags) -> wasmtime::Result<()> {
    // SAFETY: wasmtime gives whole pages of the image, which hold its code and nothing else, and which stay readable.
    #[expect(unsafe_code, reason = "wasmtime leaves it to those who give it memory of their own")]
    unsafe { mprotect(code.cast_mut().cast(), length, flags) }.map_err(wasmtime::Error::from)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    #[test]
    fn several_are_loaded_beside_each_other_and_one_at_most_where_it_lies() {
        let loaded: Vec<_> = (0..3).map(|_| load().unwrap()).collect();
        let lies =
            |(_, component): &&(Engine, Component)| IMAGE.0.as_ptr_range().contains(&component.image_range().start);
        assert!(loaded.iter().filter(lies).count() <= 1);
    }

    /// Else the program would compile the core at each start on machines other than the one that it was built on.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn the_image_asks_for_what_nearly_every_cpu_has_and_for_no_more() {
        // Wasmtime writes the name of a feature, the mark of what is on or off, and which of the two.
        let asks_for = |feature: &str| {
            let written = [feature.as_bytes(), &[2]].concat();
            let at = IMAGE.0.windows(written.len()).position(|bytes| bytes == written).unwrap();
            IMAGE.0[at + written.len()] == 1
        };
        for feature in ["has_sse42", "has_popcnt", "has_avx", "has_avx2", "has_bmi2", "has_lzcnt"] {
            assert!(asks_for(feature), "{feature}");
        }
        for feature in ["has_avx512f", "has_avx512vl", "has_avx512vbmi", "has_avx_vnni"] {
            assert!(!asks_for(feature), "{feature}");
        }
    }
}
