//! Calls of one caller's instance of the core.

use crate::Trapped;
use crate::calls::Call;
use crate::error::CoreError;
use crate::guard::{guarded_store, running};
use crate::host_state::HostState;
use crate::imports::Imports;
use crate::instance::Instance;
use crate::runtime::Runtime;

/// Calls one instance of the core, whose imports are answered by [`Imports`].
pub struct Core {
    runtime: Runtime,
    live: Option<Instance>,
    /// None while the instance lives, which has it.
    state: Option<HostState>,
}

impl Core {
    /// Makes a core whose imports are answered by `imports`; it is instantiated by its first call.
    pub fn new(runtime: &Runtime, imports: Imports) -> Core {
        let state = HostState::new(imports, runtime.recorder(), runtime.cancellation());
        Core { runtime: runtime.clone(), live: None, state: Some(state) }
    }

    /// Asks the core. The call is recorded where the runtime has a recorder.
    pub fn call<C: Call>(&mut self, call: &C) -> Result<C::Answer, CoreError> {
        let recorder = self.state().and_then(HostState::recorder);
        if let Some(recorder) = &recorder {
            recorder.call(C::NAME, call);
        }
        let answer = self.enter(C::NAME, |instance| call.make(instance));
        if let Some(recorder) = &recorder {
            match &answer {
                Ok(answer) => recorder.answer(answer),
                Err(error) => recorder.trap(error),
            }
        }
        answer
    }

    fn instance(&mut self) -> Result<Instance, CoreError> {
        if let Some(live) = self.live.take() {
            return Ok(live);
        }
        let linked = self.runtime.linked()?;
        let state = self.state.take().ok_or_else(|| CoreError::Load("an instance was lost".into()))?;
        let mut store = guarded_store(self.runtime.engine(), state);
        match linked.instantiate(&mut store) {
            Ok(exports) => Ok(Instance::new(store, exports)),
            Err(error) => {
                self.state = Some(store.into_data());
                Err(CoreError::loading(&error))
            }
        }
    }

    /// Calls the live instance. After a trap the next call gets a fresh one with the same imports.
    pub(crate) fn enter<T>(
        &mut self,
        name: &'static str,
        work: impl FnOnce(&mut Instance) -> Trapped<T>,
    ) -> Result<T, CoreError> {
        if self.runtime.cancellation().is_cancelled() {
            return Err(CoreError::Cancelled);
        }
        let _running = running();
        let mut instance = self.instance()?;
        instance.store.data_mut().guard.rearm();
        instance.store.set_epoch_deadline(1);
        match work(&mut instance) {
            Ok(answer) => {
                self.live = Some(instance);
                Ok(answer)
            }
            Err(trap) => {
                self.state = Some(instance.store.into_data().reset());
                if self.runtime.cancellation().is_cancelled() {
                    return Err(CoreError::Cancelled);
                }
                Err(CoreError::Trap { call: name, cause: format!("{:#}", trap.root_cause()) })
            }
        }
    }

    /// Says whether the core's calls are cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.runtime.cancellation().is_cancelled()
    }

    /// Gives what answers the imports; none after the instance was lost.
    pub(crate) fn state(&mut self) -> Option<&mut HostState> {
        match &mut self.live {
            Some(instance) => Some(instance.store.data_mut()),
            None => self.state.as_mut(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;
    use crate::calls::{FeedParser, IndexNames, OpenParser};
    use crate::contract::{Chunk, EntryKind, FileFacts};

    #[test]
    fn after_a_trap_the_next_call_gets_a_fresh_instance() {
        let mut core = Core::new(&Runtime::load().unwrap(), Imports::default());
        let file =
            FileFacts { path: "sessions/a.jsonl".into(), kind: EntryKind::File, size: 0, modified_ns: 0, inode: 0 };
        let parser = core.call(&OpenParser { file }).unwrap();
        let feed = FeedParser { parser, piece: Chunk::Text("{}".into()) };
        core.call(&feed).unwrap();
        let trap = core.enter("a trap", |_| Err::<(), _>(wasmtime::format_err!("as if the guest had trapped")));
        assert!(matches!(trap, Err(CoreError::Trap { call: "a trap", .. })));
        let lost = core.call(&feed).unwrap_err().to_string();
        assert!(lost.contains("nothing is open"), "what the old one had open is gone with it: {lost}");
        let line = r#"{"id":"019ca8a0-0000-7000-8000-000000000001","thread_name":"after all"}"#;
        let names = core.call(&IndexNames { lines: Chunk::Text(line.into()), first: 7 }).unwrap();
        assert_eq!((names[0].name.as_str(), names[0].given), ("after all", Some(7)));
    }
}
