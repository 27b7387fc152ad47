//! Runs the core: one compiled image for the process, and an instance for each caller.
//!
//! A call into the core is bounded. Its memory has a limit, and a ticker ends it when the guest has run for its budget
//! without asking the host for anything; an import re-arms the budget when it returns, so that waiting and reading do
//! not count. A call that traps costs itself: the instance is thrown away and the next call gets a fresh one.

mod asks;
mod bindings;
mod engine_config;
mod guard;
pub mod tape;
mod world;

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use wasmtime::component::{Component, HasSelf, Linker, ResourceAny};
use wasmtime::{Engine, Store};

pub use asks::{
    Archive, Around, Ask, At, Close, ClosePrompt, Delete, Explain, Find, Gate, GoOn, Open, OpenPrompt, Opened,
    OpenedPrompt, Page, PromptItems, Records, Select, Survey, Turns, Unarchive,
};
pub use bindings::exports::threadkeep::core as exports;
pub use bindings::threadkeep::core as imports;
pub use bindings::threadkeep::core::types;
pub use guard::{Guard, Guarded, guarded_store, ticking_engine};
pub use world::World;
pub(crate) use world::{Failed, kind_of};

use crate::platform::cancellation::Cancellation;
use crate::platform::error_kind::{Classified, ErrorKind};

use tape::Recorder;

/// The bytes of the component, for listing its imports and for CPUs that refuse the image.
pub const COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/core.component.wasm"));
/// The component, compiled by `build.rs` with the settings of `engine_config`.
const IMAGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/core.cwasm"));

/// Says why a call into the core gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// The component could not be loaded.
    #[error("the built-in component cannot be loaded: {0}; {hint}", hint = INSTALL_AGAIN)]
    Load(String),
    /// The call trapped, looped or asked for too much memory.
    #[error("a call into the core ({call}) failed: {cause}; {hint}", hint = REPORT)]
    Trap {
        /// The interface and function that was called.
        call: &'static str,
        /// What happened to the call, in words.
        cause: String,
    },
    /// The caller cancelled the call.
    #[error("it was cancelled")]
    Cancelled,
}

impl Classified for CoreError {
    fn kind(&self) -> ErrorKind {
        match self {
            CoreError::Load(_) | CoreError::Trap { .. } => ErrorKind::Internal,
            CoreError::Cancelled => ErrorKind::Cancelled,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            CoreError::Load(_) => Some(INSTALL_AGAIN),
            CoreError::Trap { .. } => Some(REPORT),
            CoreError::Cancelled => None,
        }
    }
}

const INSTALL_AGAIN: &str = "this program is damaged, install it again";
const REPORT: &str = "please report it";

/// Holds the compiled core. It is cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    engine: Engine,
    component: Component,
    /// The linked component, by the type of the imports.
    linked: Arc<Mutex<HashMap<TypeId, Box<dyn Any + Send>>>>,
    recorder: Option<Recorder>,
    cancellation: Cancellation,
}

impl Runtime {
    /// Loads the embedded image, as [`Runtime::load_reporting`] does, without a report.
    pub fn load() -> Result<Runtime, CoreError> {
        Runtime::load_reporting(|_| ())
    }

    /// Loads the embedded image. On a CPU that it was not made for the component is compiled, which takes seconds;
    /// `report` is given a sentence about it before that begins. Fails if neither can be done.
    pub fn load_reporting(report: impl FnOnce(&str)) -> Result<Runtime, CoreError> {
        let engine = ticking_engine()?;
        // SAFETY: the bytes are the ones that build.rs wrote and that this program embeds.
        #[expect(unsafe_code, reason = "wasmtime cannot know whose bytes it is given; these are our own")]
        let image = unsafe { Component::deserialize(&engine, IMAGE) };
        let component = match image {
            Ok(component) => component,
            Err(error) => {
                report(&format!("compiling the core for this machine, once a run: {error}"));
                Component::new(&engine, COMPONENT).map_err(|error| CoreError::Load(format!("{error:#}")))?
            }
        };
        Ok(Runtime { engine, component, linked: Arc::default(), recorder: None, cancellation: Cancellation::default() })
    }

    /// Gives the runtime with a recorder, which writes down what lookups, histories, changes and the startup gate ask of the host.
    /// Calls that only turn bytes into facts are not recorded.
    pub fn recording(self, recorder: Recorder) -> Runtime {
        Runtime { recorder: Some(recorder), ..self }
    }

    /// Gives the runtime with a cancellation, which ends its calls.
    pub fn cancellable(&self, cancellation: Cancellation) -> Runtime {
        Runtime { cancellation, ..self.clone() }
    }

    /// Gives the cancellation that ends the calls.
    pub(crate) fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }

    /// Gives the recorder, where there is one.
    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    fn linked<W: Imports>(&self) -> Result<bindings::CorePre<W>, CoreError> {
        let damaged = |error: wasmtime::Error| CoreError::Load(format!("{error:#}"));
        let mut linked = self.linked.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let known = linked.get(&TypeId::of::<W>()).and_then(|pre| pre.downcast_ref::<bindings::CorePre<W>>());
        if let Some(pre) = known {
            return Ok(pre.clone());
        }
        let mut linker = Linker::new(&self.engine);
        bindings::Core::add_to_linker::<_, HasSelf<W>>(&mut linker, |world| world).map_err(damaged)?;
        let pre = linker.instantiate_pre(&self.component).and_then(bindings::CorePre::new).map_err(damaged)?;
        linked.insert(TypeId::of::<W>(), Box::new(pre.clone()));
        Ok(pre)
    }
}

/// Is implemented by what answers the imports of an instance: [`World`], or, for tests of the logic alone, plain data.
pub trait Imports:
    Guarded
    + Send
    + types::Host
    + imports::state::Host
    + imports::lore::Host
    + imports::rollouts::Host
    + imports::backfill::Host
    + imports::clock::Host
    + imports::diagnostics::Host
{
    /// Gives the imports for a fresh instance: whatever the old one held open is closed.
    fn reborn(self) -> Self;

    /// Gives the recorder of calls and answers, where there is one.
    fn recorder(&self) -> Option<Recorder> {
        None
    }
}

/// Holds a live instance, as an [`Ask`] sees it.
pub struct Instance<W: 'static> {
    store: Store<W>,
    exports: bindings::Core,
    /// The transcripts that were opened, by number; none for a closed one.
    transcripts: Vec<Option<ResourceAny>>,
    /// The prompts that were opened, by number; none for a closed one.
    prompts: Vec<Option<ResourceAny>>,
}

/// Calls one instance of the core, whose imports a world answers.
pub struct Core<W: Imports = World> {
    runtime: Runtime,
    live: Option<Instance<W>>,
    world: Option<W>,
}

impl<W: Imports> Core<W> {
    /// Makes a core whose imports `world` answers; it is instantiated by its first call.
    pub fn new(runtime: &Runtime, world: W) -> Core<W> {
        Core { runtime: runtime.clone(), live: None, world: Some(world) }
    }

    fn instance(&mut self) -> Result<Instance<W>, CoreError> {
        if let Some(live) = self.live.take() {
            return Ok(live);
        }
        let pre = self.runtime.linked::<W>()?;
        let world = self.world.take().ok_or_else(|| CoreError::Load("an instance was lost".into()))?;
        let mut world = world;
        world.guard().obey(&self.runtime.cancellation);
        let mut store = guarded_store(&self.runtime.engine, world);
        match pre.instantiate(&mut store) {
            Ok(exports) => Ok(Instance { store, exports, transcripts: Vec::new(), prompts: Vec::new() }),
            Err(error) => {
                self.world = Some(store.into_data());
                Err(CoreError::Load(format!("{error:#}")))
            }
        }
    }

    /// Asks the core something whose course depends on the world. It is recorded where the world has a recorder.
    pub fn ask<A: Ask>(&mut self, ask: &A) -> Result<A::Answer, CoreError> {
        let recorder = self.world().and_then(|world| world.recorder());
        if let Some(recorder) = &recorder {
            recorder.call(A::NAME, ask);
        }
        let answer = self.enter(A::NAME, |instance| ask.of(instance));
        if let Some(recorder) = &recorder {
            match &answer {
                Ok(answer) => recorder.answer(answer),
                Err(error) => recorder.trap(error),
            }
        }
        answer
    }

    /// Calls an export by its bindings; `name` is for messages. It is not recorded.
    pub fn call<T>(
        &mut self,
        name: &'static str,
        export: impl FnOnce(&bindings::Core, &mut Store<W>) -> wasmtime::Result<T>,
    ) -> Result<T, CoreError> {
        self.enter(name, |instance| export(&instance.exports, &mut instance.store))
    }

    /// Calls the live instance. After a trap the next call gets a fresh one with the same world.
    fn enter<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce(&mut Instance<W>) -> wasmtime::Result<T>,
    ) -> Result<T, CoreError> {
        if self.runtime.cancellation.is_cancelled() {
            return Err(CoreError::Cancelled);
        }
        let mut instance = self.instance()?;
        instance.store.data_mut().guard().rearm();
        instance.store.set_epoch_deadline(1);
        match work(&mut instance) {
            Ok(answer) => {
                self.live = Some(instance);
                Ok(answer)
            }
            Err(trap) => {
                self.world = Some(instance.store.into_data().reborn());
                if self.runtime.cancellation.is_cancelled() {
                    return Err(CoreError::Cancelled);
                }
                Err(CoreError::Trap { call: name, cause: format!("{:#}", trap.root_cause()) })
            }
        }
    }

    /// Gives what answers the imports; none after the instance was lost.
    pub fn world(&mut self) -> Option<&mut W> {
        match &mut self.live {
            Some(instance) => Some(instance.store.data_mut()),
            None => self.world.as_mut(),
        }
    }
}

/// Gives the names of the interfaces that the embedded component imports.
pub fn imported_interfaces() -> Result<Vec<String>, CoreError> {
    let runtime = Runtime::load()?;
    let names = runtime.component.component_type();
    Ok(names.imports(&runtime.engine).map(|(name, _)| name.to_string()).collect())
}
