//! The facade, as programs use it that are not the command line: several threads, a switch, progress, kinds of failure.

use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use support::{Collection, Program, Rollout, demo_home, listing, uuid7};
use tempfile::{TempDir, tempdir};
use threadkeep::contract::{Depth, Subject};
use threadkeep::index::progress::{Progress, ProgressSink};
use threadkeep::platform::home::Home;
use threadkeep::platform::wait::Wait;
use threadkeep::threads::store::{Item, NewThread, RowQuery, ThreadStore as _, TurnEnd, UserMessage};
use threadkeep::{Cancellation, ErrorKind, Options, SearchRequest, StateAccess, Threadkeep};

const AT: i64 = 1_772_000_000_000;

fn rollout(number: u64) -> Rollout {
    let at = AT + number as i64 * 60_000;
    Rollout::paginated(&uuid7(at, number))
        .at_millis(at)
        .cwd("/src/app")
        .user(&format!("question {number}"))
        .agent("So.")
}

fn home_of(rollouts: u64) -> TempDir {
    let home = tempdir().unwrap();
    for number in 0..rollouts {
        rollout(number).write(home.path(), Collection::Active);
    }
    home
}

fn options(home: &Path, state: &Path, access: StateAccess) -> Options {
    let home = Home::open(home, |_| None).unwrap();
    Options { state_dir: state.to_path_buf(), access, ..Options::new(home) }
}

fn open(home: &Path, state: &Path, access: StateAccess) -> Threadkeep {
    Threadkeep::open(options(home, state, access)).unwrap()
}

fn all() -> RowQuery {
    RowQuery::default()
}

/// A sink that counts the files that were stored, and whether a start came to its end.
fn counting() -> (ProgressSink, Arc<AtomicU64>, Arc<AtomicU64>) {
    let (stored, ended) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let (count, end) = (stored.clone(), ended.clone());
    let sink = ProgressSink::new(move |progress| match progress {
        Progress::Stored { files } => drop(count.fetch_add(files, Ordering::Relaxed)),
        Progress::Finished => drop(end.fetch_add(1, Ordering::Relaxed)),
        Progress::Expected { .. }
        | Progress::Searched { .. }
        | Progress::Exported { .. }
        | Progress::Waiting { .. } => {}
    });
    (sink, stored, ended)
}

#[test]
fn progress_comes_as_data_and_ends() {
    let (home, state) = (home_of(30), tempdir().unwrap());
    let (progress, stored, ended) = counting();
    let options = options(home.path(), state.path(), StateAccess::Own);
    let threadkeep = Threadkeep::open(Options { progress: Some(progress), ..options }).unwrap();
    assert_eq!((stored.load(Ordering::Relaxed), ended.load(Ordering::Relaxed)), (30, 1));
    assert_eq!(threadkeep.start_report().unwrap().stored, 30);
    assert_eq!(threadkeep.totals().unwrap().threads, 30);
}

#[test]
fn a_list_without_a_handle_reads_the_home_once_and_sees_what_is_new_when_it_begins_anew() {
    let (home, state) = (home_of(25), tempdir().unwrap());
    let (progress, stored, _) = counting();
    let options = options(home.path(), state.path(), StateAccess::Without);
    let threadkeep = Threadkeep::open(Options { progress: Some(progress), ..options }).unwrap();
    let (mut cursor, mut ids) = (None, Vec::new());
    loop {
        let page = threadkeep.list(&all(), cursor.as_deref(), 4).unwrap();
        ids.extend(page.rows.into_iter().map(|listed| listed.row.id));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!((ids.len(), stored.load(Ordering::Relaxed)), (25, 25), "each rollout was read once for seven pages");
    rollout(99).write(home.path(), Collection::Active);
    let page = threadkeep.list(&all(), None, 0).unwrap();
    assert_eq!((page.rows.len(), page.rows[0].row.id.as_str()), (26, rollout(99).id()));
    assert!(std::fs::read_dir(state.path()).unwrap().next().is_none(), "no state DB was made");
    // The store of the same home pages likewise.
    let page = threadkeep.store().list(&all(), None, 10).unwrap();
    threadkeep.store().list(&all(), page.next.as_deref(), 10).unwrap();
    assert_eq!(stored.load(Ordering::Relaxed), 25);
}

#[test]
fn eight_threads_list_and_read_at_once_over_one_handle() {
    let (home, state) = (home_of(40), tempdir().unwrap());
    let threadkeep = open(home.path(), state.path(), StateAccess::Own);
    let workers: Vec<_> = (0..8)
        .map(|worker| {
            let threadkeep = threadkeep.clone();
            std::thread::spawn(move || {
                for number in (0..40).skip(worker).step_by(3) {
                    let id = rollout(number).id().to_string();
                    assert_eq!(threadkeep.find(&id, None).unwrap().row.id, id);
                    assert_eq!(threadkeep.list(&all(), None, 0).unwrap().rows.len(), 40);
                    let mut transcript = threadkeep.transcript(&Subject::Thread(id)).unwrap();
                    assert_eq!(transcript.page(None, 0, false).unwrap().turns.len(), 1);
                }
            })
        })
        .collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    let open = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let links = open.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    let database = state.path().canonicalize().unwrap().join("state.sqlite");
    assert_eq!(links.filter(|link| *link == database).count(), 1, "one descriptor of the state DB");
}

#[test]
fn the_examples_do_what_they_say() {
    let (home, state) = (tempdir().unwrap(), tempdir().unwrap());
    demo_home(home.path());
    let run = |example: &str| {
        Program::example(example).run([home.path().as_os_str(), state.path().as_os_str()]).well().stdout
    };
    let managed = run("thread_manager");
    for said in ["rollouts, ", "flushed ", "shut down ", "The way to the lake", "Two hours on foot.", "archived "] {
        assert!(managed.contains(said), "{said}: {managed}");
    }
    let served = run("thread_server");
    let [answered, _, asked, ..] = served.split(' ').collect::<Vec<_>>()[..] else { panic!("{served}") };
    assert!(answered == asked && answered != "0", "{served}");
}

#[test]
fn what_is_cancelled_ends_as_such_and_others_go_on() {
    let (home, state) = (home_of(400), tempdir().unwrap());
    let switch = Cancellation::default();
    switch.cancel();
    let start = options(home.path(), state.path(), StateAccess::Own);
    let cancelled = Threadkeep::open(Options { cancellation: switch.clone(), ..start });
    assert_eq!(cancelled.err().map(|error| error.kind()), Some(ErrorKind::Cancelled));

    let threadkeep = open(home.path(), state.path(), StateAccess::Own);
    assert_eq!(threadkeep.totals().unwrap().threads, 400, "what was broken off is made good");
    let stopped = threadkeep.cancellable(switch);
    let id = rollout(3).id().to_string();
    assert_eq!(stopped.find(&id, None).unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(stopped.list(&all(), None, 0).unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(stopped.doctor(Depth::Whole, None).unwrap_err().kind(), ErrorKind::Cancelled);
    assert_eq!(threadkeep.find(&id, None).unwrap().row.id, id);
    // A change is carried out whole, whatever becomes of the switch of the one who asked for it.
    assert_eq!(threadkeep.name(&id, Some("Kept")).unwrap().name.as_deref(), Some("Kept"));
}

#[test]
fn a_switch_that_is_thrown_in_the_middle_of_a_start_ends_it_and_the_next_one_goes_on() {
    let (home, state) = (home_of(1_500), tempdir().unwrap());
    let switch = Cancellation::default();
    let thrown = switch.clone();
    let progress = ProgressSink::new(move |progress| {
        if matches!(progress, Progress::Stored { .. }) {
            thrown.cancel();
        }
    });
    let start = options(home.path(), state.path(), StateAccess::Own);
    let cut = Threadkeep::open(Options { cancellation: switch, progress: Some(progress), ..start });
    assert_eq!(cut.err().map(|error| error.kind()), Some(ErrorKind::Cancelled));
    let threadkeep = open(home.path(), state.path(), StateAccess::Own);
    let report = threadkeep.start_report().unwrap();
    assert!(report.stored < 1_500, "what was stored before is not read again: {report:?}");
    assert_eq!((report.failed, threadkeep.totals().unwrap().threads), (0, 1_500));
}

#[test]
fn a_state_db_that_proves_to_be_damaged_is_healed_under_all_who_use_it() {
    let (home, state) = (home_of(300), tempdir().unwrap());
    let threadkeep = open(home.path(), state.path(), StateAccess::Own);
    threadkeep.name(rollout(5).id(), Some("Kept")).unwrap();
    drop(threadkeep);
    // Every page but the first, and those of the names: the handle opens, and fails when rows are asked for.
    let file = std::fs::OpenOptions::new().read(true).write(true).open(state.path().join("state.sqlite")).unwrap();
    let reader = Options { refresh: false, ..options(home.path(), state.path(), StateAccess::Own) };
    let threadkeep = Threadkeep::open(reader).unwrap();
    let pages = file.metadata().unwrap().len() / 4096;
    (2..pages).for_each(|page| file.write_all_at(&[0; 4096], page * 4096).unwrap());
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let threadkeep = threadkeep.clone();
            std::thread::spawn(move || threadkeep.list(&all(), None, 0).map(|page| page.rows.len()))
        })
        .collect();
    let answers: Vec<_> = workers.into_iter().map(|worker| worker.join().unwrap()).collect();
    assert!(answers.iter().all(|answer| answer.as_ref().is_ok_and(|rows| *rows == 300)), "{answers:?}");
    assert!(threadkeep.find(rollout(7).id(), None).is_ok());
}

#[test]
fn what_is_locked_is_busy_in_every_layer() {
    let (home, state) = (home_of(5), tempdir().unwrap());
    let hasty = Options {
        wait: Wait::at_most(std::time::Duration::ZERO),
        ..options(home.path(), state.path(), StateAccess::Own)
    };
    let threadkeep = Threadkeep::open(hasty).unwrap();
    let other = rusqlite::Connection::open(state.path().join("state.sqlite")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let one = rollout(1);
    assert_eq!(threadkeep.name(one.id(), Some("x")).unwrap_err().kind(), ErrorKind::Busy);
    let key = threadkeep.put_device_key("k", "a", "c").unwrap_err();
    assert_eq!((key.kind(), key.hint()), (ErrorKind::Busy, Some("try again")));
    // The core tells of it in words alone, and it is busy all the same.
    rollout(50).write(home.path(), Collection::Active);
    assert_eq!(threadkeep.refresh().unwrap_err().kind(), ErrorKind::Busy);
}

#[test]
fn errors_are_told_by_kind_message_hint_and_argument() {
    let (home, state) = (home_of(3), tempdir().unwrap());
    let threadkeep = open(home.path(), state.path(), StateAccess::Own);
    let unknown = threadkeep.find("nobody", None).unwrap_err();
    let message = "no thread 'nobody': neither an id, nor at least eight characters of one, nor a name";
    assert_eq!((unknown.kind(), unknown.message()), (ErrorKind::NotFound, message));
    assert_eq!(unknown.to_string(), format!("{message}; {}", unknown.hint().unwrap()));
    let document = serde_json::to_value(unknown.document()).unwrap();
    assert_eq!(document["kind"], "notFound");
    let cursor = threadkeep.list(&all(), Some("bad"), 1).unwrap_err();
    assert_eq!((cursor.kind(), cursor.argument()), (ErrorKind::InvalidInput, Some("cursor")));
    // Ids begin with their time.
    Rollout::paginated(&uuid7(AT + 1, 77)).at_millis(AT + 1).user("hello").write(home.path(), Collection::Active);
    threadkeep.refresh().unwrap();
    let several = threadkeep.find(&rollout(0).id()[..8], None).unwrap_err();
    assert_eq!((several.kind(), several.candidates().len()), (ErrorKind::Ambiguous, 2));
    std::fs::remove_file(home.path().join(rollout(1).place(Collection::Active))).unwrap();
    let gone = threadkeep.find(rollout(1).id(), None).unwrap_err();
    assert_eq!((gone.kind(), gone.known_thread().unwrap().id.as_str()), (ErrorKind::NotFound, rollout(1).id()));
    let without = open(home.path(), state.path(), StateAccess::Without);
    assert_eq!(without.device_keys().unwrap_err().kind(), ErrorKind::NeedsState);
    assert_eq!(without.refresh().unwrap_err().kind(), ErrorKind::NeedsState);
}

#[test]
fn one_who_only_opens_makes_nothing_and_one_who_looks_leaves_no_trace() {
    let (home, state) = (home_of(3), tempdir().unwrap());
    let place = state.path().join("not there");
    for access in [StateAccess::Existing, StateAccess::Glance, StateAccess::Inspect, StateAccess::Without] {
        let threadkeep = open(home.path(), &place, access);
        assert!(threadkeep.state().is_none());
        assert_eq!(threadkeep.list(&all(), None, 0).unwrap().rows.len(), 3, "{access:?}");
        threadkeep.status().unwrap();
        threadkeep.doctor(Depth::Ends, None).unwrap();
        assert!(!place.exists(), "{access:?}");
    }
    open(home.path(), &place, StateAccess::Own);
    let before = listing(&place);
    let glancing = open(home.path(), &place, StateAccess::Glance);
    assert!(glancing.state().is_some());
    assert_eq!(glancing.list(&all(), None, 0).unwrap().rows.len(), 3);
    assert_eq!(listing(&place), before, "not even for the time of reading");
    drop(glancing);
    assert_eq!(listing(&place), before);
    assert!(open(home.path(), &place, StateAccess::Existing).state().is_some());
}

#[test]
fn a_thread_that_is_open_for_writing_here_is_named_and_archived_with_what_was_appended() {
    let (home, state) = (home_of(1), tempdir().unwrap());
    let threadkeep = open(home.path(), state.path(), StateAccess::Own);
    let store = threadkeep.store();
    let new = NewThread { cwd: "/src/app".into(), source: "\"exec\"".into(), ..NewThread::default() };
    let thread = store.create(new).unwrap();
    let said = UserMessage { text: "What was appended".into(), images: Vec::new() };
    store.append(&thread, &[Item::UserMessage(said), Item::TurnEnded(TurnEnd::Completed)]).unwrap();
    store.flush(&thread).unwrap();
    assert_eq!(threadkeep.name(&thread, Some("Open")).unwrap().name.as_deref(), Some("Open"));
    let archived = threadkeep.archive("Open").unwrap();
    assert!(archived.threads[0].archived && archived.renamings.len() == 1);
    store.append(&thread, &[Item::AgentMessage("and more".into()), Item::TurnEnded(TurnEnd::Completed)]).unwrap();
    store.shutdown(&thread).unwrap();
    let found = threadkeep.find(&thread, None).unwrap().row;
    assert!(found.archived && found.preview == "What was appended", "{found:?}");
}

#[test]
fn warnings_are_told_once() {
    let (home, state) = (home_of(2), tempdir().unwrap());
    std::fs::write(state.path().join("file"), b"").unwrap();
    let threadkeep = open(home.path(), &state.path().join("file"), StateAccess::OwnOrFiles);
    let warnings = threadkeep.take_warnings();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].ends_with("answering from the files"), "{warnings:?}");
    assert_eq!(threadkeep.list(&all(), None, 0).unwrap().rows.len(), 2);
    assert_eq!(threadkeep.take_warnings(), Vec::<String>::new());
}

#[test]
fn who_searches_again_sees_what_changed_meanwhile_here_and_elsewhere() {
    // More than are looked for one by one.
    const MANY: u64 = 1_040;
    let (home, state) = (home_of(MANY), tempdir().unwrap());
    let threads = open(home.path(), state.path(), StateAccess::Own);
    threads.update_text_index().unwrap();
    let count = |words: &str| {
        let mut request = SearchRequest::of_words(words, all());
        let indexed = threads.search(&request, None, 3).unwrap().total;
        // A page more of the same is of the same threads, and so is the next question.
        request.refresh = false;
        assert_eq!(threads.search(&request, None, 3).unwrap().total, indexed);
        assert_eq!(threads.search(&request, None, 0).unwrap().total, indexed);
        indexed
    };
    assert_eq!((count("question"), count("so")), (MANY, MANY));
    rollout(MANY).write(home.path(), Collection::Active);
    threads.refresh().unwrap();
    assert_eq!((count("question"), count("so")), (MANY + 1, MANY + 1));
    // Another process archives one, and then deletes it.
    let program = Program::on(home.path(), state.path());
    let id = uuid7(AT, 0);
    program.run(["archive", &id]).well();
    let mut active = all();
    active.within = Some(threadkeep::contract::Collection::Active);
    let active = |threads: &Threadkeep| {
        threads.search(&SearchRequest::of_words("question", active.clone()), None, 1).unwrap().total
    };
    assert_eq!((active(&threads), count("question")), (MANY, MANY + 1));
    program.run(["delete", "--yes", &id]).well();
    assert_eq!((active(&threads), count("question")), (MANY, MANY));
}
