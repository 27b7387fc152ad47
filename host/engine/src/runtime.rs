//! The compiled component, once a process.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use wasmtime::Engine;
use wasmtime::component::{Component, HasSelf, Linker};

use crate::bindings::{self, CorePre};
use crate::cancellation::Cancellation;
use crate::error::CoreError;
use crate::guard::{small_ticking_engine, ticking_engine};
use crate::host_state::HostState;
use crate::image;
use crate::recording::Recorder;

/// The core of this process: a second one would be a copy of its code.
static LOADED: Mutex<Option<Runtime>> = Mutex::new(None);

/// Holds the compiled core. It is cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    engine: Engine,
    component: Component,
    linked: Arc<OnceLock<CorePre<HostState>>>,
    recorder: Option<Recorder>,
    cancellation: Cancellation,
}

impl Runtime {
    /// Loads the embedded image, as [`Runtime::load_reporting`] does, without a report.
    pub fn load() -> Result<Runtime, CoreError> {
        Runtime::load_reporting(|_| ())
    }

    /// Loads the embedded image, once a process. On a CPU that it was not made for, and where address space is limited, the
    /// component is compiled, which takes seconds; `report` is given a sentence about it before that begins. Fails if neither can
    /// be done.
    pub fn load_reporting(report: impl FnOnce(&str)) -> Result<Runtime, CoreError> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        match &*loaded {
            Some(runtime) => Ok(runtime.clone()),
            None => Ok(loaded.insert(Runtime::load_anew(report)?).clone()),
        }
    }

    fn load_anew(report: impl FnOnce(&str)) -> Result<Runtime, CoreError> {
        if let Some(limit) = tight_address_space() {
            report(&format!(
                "compiling the core for little memory, once a run: this process may have {} MB of address space; raise \
                 `ulimit -v` to avoid it",
                limit / 1_000_000
            ));
            let engine = small_ticking_engine()?;
            let component = Component::new(&engine, crate::COMPONENT).map_err(|error| CoreError::loading(&error))?;
            return Ok(Runtime::of(engine, component));
        }
        let (engine, component) = match image::load() {
            Ok(loaded) => loaded,
            Err(error) => {
                report(&format!("compiling the core for this machine, once a run: {error}"));
                let engine = ticking_engine()?;
                let component =
                    Component::new(&engine, crate::COMPONENT).map_err(|error| CoreError::loading(&error))?;
                (engine, component)
            }
        };
        Ok(Runtime::of(engine, component))
    }

    fn of(engine: Engine, component: Component) -> Runtime {
        Runtime { engine, component, linked: Arc::default(), recorder: None, cancellation: Cancellation::default() }
    }

    /// Gives the runtime with a recorder, which writes down every call and what it asks of the host.
    pub fn recording(self, recorder: Recorder) -> Runtime {
        Runtime { recorder: Some(recorder), ..self }
    }

    /// Gives the runtime with a cancellation, which ends its calls.
    pub fn cancellable(&self, cancellation: Cancellation) -> Runtime {
        Runtime { cancellation, ..self.clone() }
    }

    /// Gives the cancellation that ends the calls.
    pub fn cancellation(&self) -> &Cancellation {
        &self.cancellation
    }

    /// Gives the recorder, where there is one.
    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    /// Gives the engine.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Gives the component with its imports linked, which is done once.
    pub(crate) fn linked(&self) -> Result<&CorePre<HostState>, CoreError> {
        if let Some(linked) = self.linked.get() {
            return Ok(linked);
        }
        let damaged = |error: wasmtime::Error| CoreError::loading(&error);
        let mut linker = Linker::new(&self.engine);
        bindings::Core::add_to_linker::<_, HasSelf<HostState>>(&mut linker, |state| state).map_err(damaged)?;
        let linked = linker.instantiate_pre(&self.component).and_then(CorePre::new).map_err(damaged)?;
        Ok(self.linked.get_or_init(|| linked))
    }
}

/// Gives how much address space this process may have, in bytes, where that is too little for every instance's memory to
/// reserve its own.
fn tight_address_space() -> Option<u64> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::As).current?;
    // An instance a thread at most, and some for those who ask.
    let instances = 2 * std::thread::available_parallelism().map_or(1, |threads| threads.get() as u64) + 8;
    (limit < instances * RESERVED).then_some(limit)
}

/// So much address space a memory reserves, its guards with it.
const RESERVED: u64 = (4 << 30) + (64 << 20);

/// Gives the names of the interfaces that a component imports, [`crate::COMPONENT`] or another one of this crate's.
pub fn imported_interfaces(component: &[u8]) -> Result<Vec<String>, CoreError> {
    let damaged = |error: wasmtime::Error| CoreError::Load(format!("{error:#}"));
    let engine = ticking_engine()?;
    let component = Component::new(&engine, component).map_err(damaged)?;
    Ok(component.component_type().imports(&engine).map(|(name, _)| name.to_string()).collect())
}
