//! The core, running: one compiled image for the process, an instance for whoever calls.
//!
//! A call into the core is bounded. Its memory has a limit, and a ticker ends it when the guest has run for its budget
//! without asking the host for anything; an import re-arms the budget when it returns, so that waiting and reading do
//! not count. A call that traps costs itself: the instance is thrown away and the next call gets a fresh one.

mod bindings;
mod engine_config;
mod world;

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use wasmtime::component::{Component, HasSelf, InstancePre, Linker};
use wasmtime::{Engine, Store, StoreLimitsBuilder, UpdateDeadline};

pub use bindings::exports::threadkeep::core as exports;
pub use bindings::threadkeep::core as imports;
pub use bindings::threadkeep::core::types;
pub use world::World;

/// The component's own bytes, for asking what it imports and for CPUs that refuse the image.
pub const COMPONENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/core.component.wasm"));
/// The component compiled by `build.rs` with the engine settings below.
const IMAGE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/core.cwasm"));

/// How long a guest may run without calling the host.
const BUDGET: Duration = Duration::from_secs(20);
/// How much memory one instance may have.
const MEMORY: usize = 512 << 20;
/// How often running guests are looked at.
const TICK: Duration = Duration::from_millis(20);

/// Why a call into the core gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CoreError {
    /// The component could not be loaded.
    #[error("the built-in component cannot be loaded: {0}; this program is damaged, install it again")]
    Load(String),
    /// The call trapped, looped or asked for too much memory.
    #[error("a call into the core ({call}) failed: {cause}; please report it")]
    Trap {
        /// Which call.
        call: &'static str,
        /// What happened to it.
        cause: String,
    },
}

/// The compiled core. Cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    engine: Engine,
    pre: Arc<OnceLock<bindings::CorePre<World>>>,
    component: Component,
}

impl Runtime {
    /// Loads the embedded image. On a CPU that it was not made for, compiles the component and says so on stderr.
    pub fn load() -> Result<Runtime, CoreError> {
        let load_error = |error: wasmtime::Error| CoreError::Load(format!("{error:#}"));
        let engine = Engine::new(&engine_config::engine_config()).map_err(load_error)?;
        // SAFETY: the bytes are the ones that build.rs wrote and that this program embeds.
        #[allow(unsafe_code)]
        let image = unsafe { Component::deserialize(&engine, IMAGE) };
        let component = match image {
            Ok(component) => component,
            Err(error) => {
                eprintln!("threadkeep: compiling the core for this machine, once a run: {error}");
                Component::new(&engine, COMPONENT).map_err(load_error)?
            }
        };
        start_ticker(&engine);
        Ok(Runtime { engine, pre: Arc::default(), component })
    }

    fn pre(&self) -> Result<&bindings::CorePre<World>, CoreError> {
        if let Some(pre) = self.pre.get() {
            return Ok(pre);
        }
        let made = || -> wasmtime::Result<bindings::CorePre<World>> {
            let mut linker = Linker::new(&self.engine);
            bindings::Core::add_to_linker::<_, HasSelf<World>>(&mut linker, |world| world)?;
            let pre: InstancePre<World> = linker.instantiate_pre(&self.component)?;
            bindings::CorePre::new(pre)
        };
        let pre = made().map_err(|error| CoreError::Load(format!("{error:#}")))?;
        Ok(self.pre.get_or_init(|| pre))
    }
}

/// Moves the epoch on, for as long as anybody uses the engine.
fn start_ticker(engine: &Engine) {
    let weak = engine.weak();
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(TICK);
            match weak.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => return,
            }
        }
    });
}

/// What every store of this program carries: a limit on memory and the time since the guest last came from the host.
pub struct Guard {
    limits: wasmtime::StoreLimits,
    since: Instant,
    budget: Duration,
}

impl Guard {
    /// With these limits for one instance.
    pub fn new(memory: usize, budget: Duration) -> Guard {
        let limits = StoreLimitsBuilder::new().memory_size(memory).trap_on_grow_failure(true).build();
        Guard { limits, since: Instant::now(), budget }
    }

    /// The guest's time begins anew.
    pub fn rearm(&mut self) {
        self.since = Instant::now();
    }
}

impl Default for Guard {
    fn default() -> Self {
        Guard::new(MEMORY, BUDGET)
    }
}

/// Data that carries a [`Guard`].
pub trait Guarded: 'static {
    /// The guard.
    fn guard(&mut self) -> &mut Guard;
}

/// A store whose guests are bounded by its data's guard.
pub fn guarded_store<T: Guarded>(engine: &Engine, data: T) -> Store<T> {
    let mut store = Store::new(engine, data);
    store.limiter(|data| &mut data.guard().limits);
    store.epoch_deadline_callback(|mut context| {
        let guard = context.data_mut().guard();
        match guard.since.elapsed() < guard.budget {
            true => Ok(UpdateDeadline::Continue(1)),
            false => Err(wasmtime::format_err!("it ran for {:?} without an answer", guard.budget)),
        }
    });
    store.set_epoch_deadline(1);
    store
}

/// The engine with this program's settings and its ticker, for embedders' own components and for tests.
pub fn ticking_engine() -> Result<Engine, CoreError> {
    let engine = Engine::new(&engine_config::engine_config()).map_err(|e| CoreError::Load(format!("{e:#}")))?;
    start_ticker(&engine);
    Ok(engine)
}

/// One instance of the core with a world to look at.
pub struct Core {
    runtime: Runtime,
    live: Option<(Store<World>, bindings::Core)>,
    world: Option<World>,
}

impl Core {
    /// An instance whose imports answer from `world`; instantiated by its first call.
    pub fn new(runtime: &Runtime, world: World) -> Core {
        Core { runtime: runtime.clone(), live: None, world: Some(world) }
    }

    /// Calls an export. After a trap the next call gets a fresh instance with the same world.
    pub fn call<T>(
        &mut self,
        name: &'static str,
        export: impl FnOnce(&bindings::Core, &mut Store<World>) -> wasmtime::Result<T>,
    ) -> Result<T, CoreError> {
        let (mut store, instance) = match self.live.take() {
            Some(live) => live,
            None => {
                let world = self.world.take().unwrap_or_default();
                let mut store = guarded_store(&self.runtime.engine, world);
                let instance = self
                    .runtime
                    .pre()?
                    .instantiate(&mut store)
                    .map_err(|error| CoreError::Load(format!("{error:#}")))?;
                (store, instance)
            }
        };
        store.data_mut().guard().rearm();
        store.set_epoch_deadline(1);
        match export(&instance, &mut store) {
            Ok(answer) => {
                self.live = Some((store, instance));
                Ok(answer)
            }
            Err(trap) => {
                self.world = Some(store.into_data().reborn());
                Err(CoreError::Trap { call: name, cause: format!("{:#}", trap.root_cause()) })
            }
        }
    }

    /// What the imports saw and kept.
    pub fn world(&mut self) -> Option<&mut World> {
        match &mut self.live {
            Some((store, _)) => Some(store.data_mut()),
            None => self.world.as_mut(),
        }
    }
}

/// Names of the interfaces that the embedded component imports.
pub fn imported_interfaces() -> Result<Vec<String>, CoreError> {
    let runtime = Runtime::load()?;
    let names = runtime.component.component_type();
    Ok(names.imports(&runtime.engine).map(|(name, _)| name.to_string()).collect())
}
