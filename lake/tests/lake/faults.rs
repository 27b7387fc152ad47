//! A store that fails: before a write, after it (the answer is lost), or from some moment on.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};
use threadkeep_lake::store::Store;
use threadkeep_lake::{compact, ledger};

use crate::support::{Thread, eager, expected, found, push_all, pushed, whole};

#[derive(Clone, Copy, Debug)]
enum Fault {
    /// One request fails and does nothing.
    Once,
    /// One write is done, and its answer is lost.
    LostAnswer,
    /// Everything fails from there on.
    Gone,
    /// Before a manifest comes, another run commits one, and removes what no manifest names.
    Overtaken,
}

#[derive(Debug)]
struct Faulty {
    inner: Arc<dyn ObjectStore>,
    requests: AtomicUsize,
    at: usize,
    fault: Fault,
}

impl Faulty {
    /// Says whether this request is one that goes wrong.
    fn goes_wrong(&self) -> bool {
        let request = self.requests.fetch_add(1, Ordering::SeqCst);
        match self.fault {
            Fault::Once | Fault::LostAnswer => request == self.at,
            Fault::Gone => request >= self.at,
            Fault::Overtaken => false,
        }
    }
}

fn trouble() -> object_store::Error {
    object_store::Error::Generic { store: "test", source: "the connection was closed".into() }
}

impl fmt::Display for Faulty {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("faulty")
    }
}

#[async_trait]
impl ObjectStore for Faulty {
    async fn put_opts(&self, at: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        if matches!(self.fault, Fault::Overtaken) && at.as_ref().contains("_manifests") {
            let inner = Arc::clone(&self.inner);
            // Within a runtime there can be no other one.
            std::thread::spawn(|| overtake(inner)).join().unwrap();
        }
        let wrong = self.goes_wrong();
        if !wrong {
            return self.inner.put_opts(at, payload, options).await;
        }
        if matches!(self.fault, Fault::LostAnswer) {
            self.inner.put_opts(at, payload, options).await?;
        }
        Err(trouble())
    }

    async fn put_multipart_opts(&self, at: &Path, options: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(at, options).await
    }

    async fn get_opts(&self, at: &Path, options: GetOptions) -> Result<GetResult> {
        if self.goes_wrong() { Err(trouble()) } else { self.inner.get_opts(at, options).await }
    }

    fn delete_stream(&self, places: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(places)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        if self.goes_wrong() {
            return Box::pin(futures_util::stream::once(async { Err(trouble()) }));
        }
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

fn store_of(objects: Arc<dyn ObjectStore>) -> Store {
    Store::of(objects, "memory".into(), None).unwrap()
}

#[test]
fn whatever_request_goes_wrong_threads_are_whole_and_the_next_run_completes_them() {
    let before = Thread::new(0, &[1]);
    let threads: Vec<Thread> = (0..2).map(|number| Thread::new(number, &[2])).collect();
    let all = expected(&threads);
    for fault in [Fault::Once, Fault::LostAnswer, Fault::Gone] {
        let mut failures = 0;
        for at in 0.. {
            let objects: Arc<dyn ObjectStore> = Arc::new(object_store::memory::InMemory::new());
            let sound = store_of(Arc::clone(&objects));
            push_all(&sound, std::slice::from_ref(&before));
            let faulty = Arc::new(Faulty { inner: objects, requests: AtomicUsize::new(0), at, fault });
            let store = store_of(Arc::clone(&faulty) as Arc<dyn ObjectStore>);
            let (result, answers) = pushed(&store, &whole(&threads), eager());
            let there = found(&sound);
            for (id, turns) in &there {
                let whole =
                    turns == &all[id] || (id == &before.id && turns == &expected(std::slice::from_ref(&before))[id]);
                assert!(whole, "{id} is whole after {fault:?} at {at}");
            }
            let committed =
                answers.iter().filter_map(|answer| answer["committed"]["threads"].as_u64()).max().unwrap_or(0);
            for thread in threads.iter().take(usize::try_from(committed).unwrap()) {
                assert_eq!(there[&thread.id], all[&thread.id], "what was told is there after {fault:?} at {at}");
            }
            assert_eq!(result.is_err(), answers.last().unwrap().get("failed").is_some());
            failures += usize::from(result.is_err());
            push_all(&sound, &threads);
            assert_eq!(found(&sound), all, "after {fault:?} at {at}");
            if faulty.requests.load(Ordering::SeqCst) <= at {
                break;
            }
        }
        assert!(failures > 5, "{fault:?} was tried");
    }
}

/// Does once what another run of the same home might do that goes on for longer than the grace time: it removes what no manifest names.
fn overtake(objects: Arc<dyn ObjectStore>) {
    let store = store_of(objects);
    if ledger::all(&store).unwrap()[0].highest_version == 2 {
        push_all(&store, &[Thread::new(7, &[1])]);
    }
}

#[test]
fn a_compaction_whose_files_another_run_took_for_left_ones_names_none_of_them() {
    let objects: Arc<dyn ObjectStore> = Arc::new(object_store::memory::InMemory::new());
    let sound = store_of(Arc::clone(&objects));
    // All of them lie in the same months.
    push_all(&sound, &[Thread::new(1, &[1])]);
    push_all(&sound, &[Thread::new(4, &[1])]);
    let faulty = Faulty { inner: objects, requests: AtomicUsize::new(0), at: 0, fault: Fault::Overtaken };
    compact::run(&store_of(Arc::new(faulty)), Duration::ZERO).unwrap();
    assert_eq!(found(&sound), expected(&[1, 4, 7].map(|number| Thread::new(number, &[1]))));
}

#[test]
fn a_manifest_whose_answer_was_lost_counts_as_written() {
    let threads = [Thread::new(1, &[1])];
    let mut saved = 0;
    for at in 0..40 {
        let objects: Arc<dyn ObjectStore> = Arc::new(object_store::memory::InMemory::new());
        let sound = store_of(Arc::clone(&objects));
        let faulty = Arc::new(Faulty { inner: objects, requests: AtomicUsize::new(0), at, fault: Fault::LostAnswer });
        let store = store_of(Arc::clone(&faulty) as Arc<dyn ObjectStore>);
        let (result, _) = pushed(&store, &whole(&threads), eager());
        let was_tried = faulty.requests.load(Ordering::SeqCst) > at;
        // Of the writes only that of the manifest is looked for again.
        if was_tried && result.is_ok() {
            assert_eq!(found(&sound), expected(&threads));
            saved += 1;
        }
    }
    // One manifest names the thread's rows, one the machine's.
    assert_eq!(saved, 2);
}
