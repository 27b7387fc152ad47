//! Writes recordings.

use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard};

use serde::Serialize;
use serde_json::Value;

use super::FORM;
use crate::CONTRACT;
use crate::error::CoreError;

/// Writes a recording. It is cheap to clone, and all instances of a process write to the same one.
#[derive(Clone)]
pub struct Recorder {
    file: Arc<Mutex<File>>,
    instance: usize,
}

struct File {
    out: Box<dyn Write + Send>,
    instances: usize,
    /// Why the recording is not whole.
    failure: Option<std::io::Error>,
}

impl Recorder {
    /// Begins a recording, and writes its head.
    pub fn new(out: impl Write + Send + 'static) -> Recorder {
        #[derive(Serialize)]
        struct Head {
            contract: &'static str,
            program: &'static str,
            recording: u64,
        }
        let file = File { out: Box::new(out), instances: 0, failure: None };
        let recorder = Recorder { file: Arc::new(Mutex::new(file)), instance: 0 };
        recorder.line(&Head { contract: CONTRACT, program: env!("CARGO_PKG_VERSION"), recording: FORM });
        recorder
    }

    /// Gives the recorder for one more instance.
    pub(crate) fn for_instance(&self) -> Recorder {
        let mut file = self.file();
        file.instances += 1;
        Recorder { file: self.file.clone(), instance: file.instances - 1 }
    }

    /// Gives the recorder for the instance of this number.
    pub(crate) fn numbered(&self, instance: usize) -> Recorder {
        Recorder { file: self.file.clone(), instance }
    }

    /// Ends the recording. Fails where some of it could not be written.
    pub fn finish(&self) -> std::io::Result<()> {
        let mut file = self.file();
        match file.failure.take() {
            Some(failure) => Err(failure),
            None => file.out.flush(),
        }
    }

    fn file(&self) -> MutexGuard<'_, File> {
        self.file.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn line(&self, line: &impl Serialize) {
        let mut file = self.file();
        if file.failure.is_some() {
            return;
        }
        let written = serde_json::to_writer(&mut file.out, line).map_err(std::io::Error::from);
        let written = written.and_then(|()| file.out.write_all(b"\n"));
        file.failure = written.err();
    }

    pub(crate) fn call(&self, name: &str, with: &impl Serialize) {
        #[derive(Serialize)]
        struct Call<'a, W> {
            instance: usize,
            call: &'a str,
            with: &'a W,
        }
        self.line(&Call { instance: self.instance, call: name, with });
    }

    pub(crate) fn answer(&self, answer: &impl Serialize) {
        #[derive(Serialize)]
        struct Answer<'a, A> {
            instance: usize,
            answer: &'a A,
        }
        self.line(&Answer { instance: self.instance, answer });
    }

    pub(crate) fn trap(&self, error: &CoreError) {
        #[derive(Serialize)]
        struct Trap {
            instance: usize,
            trap: String,
        }
        self.line(&Trap { instance: self.instance, trap: error.to_string() });
    }

    pub(crate) fn import(&self, name: &str, with: &Value, answer: &impl Serialize) {
        #[derive(Serialize)]
        struct Import<'a, A> {
            instance: usize,
            import: &'a str,
            with: &'a Value,
            answer: &'a A,
        }
        self.line(&Import { instance: self.instance, import: name, with, answer });
    }
}
