//! One writer a thread, across processes, and Codex's among them.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use support::skipped;
use tempfile::{TempDir, tempdir};
use threadkeep::platform::home::Home;
use threadkeep::platform::writer_lock::{WriterLock, WriterLockError};

const ONE: &str = "019ca8a0-0000-7000-8000-000000000001";
const TWO: &str = "019ca8a0-0000-7000-8000-000000000002";

fn home() -> (TempDir, Home) {
    let place = tempdir().unwrap();
    let home = Home::open(place.path(), |_| None).unwrap();
    (place, home)
}

fn files(home: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(home.join("thread-writer-locks")).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[track_caller]
fn held_by(home: &Home, thread: &str, expected: u32) {
    match WriterLock::take(home, thread).map(drop) {
        Err(WriterLockError::Held { thread: said, pid }) => assert_eq!((&*said, pid), (thread, Some(expected))),
        other => panic!("{other:?}"),
    }
}

/// Another process that holds an exclusive `flock` of a file, as Codex does, and says so.
fn other_writer(file: &Path) -> Option<Child> {
    let told = "import fcntl,sys,time\nf=open(sys.argv[1],'a')\nfcntl.flock(f,fcntl.LOCK_EX)\nprint('held',flush=True)\n\
                time.sleep(60)";
    let child = Command::new("python3").args(["-c", told]).arg(file).stdout(Stdio::piped()).spawn();
    let Ok(mut child) = child else {
        skipped("no python3 to hold a lock in another process");
        return None;
    };
    let mut said = [0; 4];
    std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
    Some(child)
}

#[test]
fn a_thread_has_one_writer_also_in_one_process() {
    let (place, home) = home();
    let lock = WriterLock::take(&home, ONE).unwrap();
    let error = WriterLock::take(&home, ONE).map(drop).unwrap_err();
    let expected = format!("thread {ONE} already has a writer (pid {})", std::process::id());
    assert!(error.to_string().starts_with(&expected), "{error}");
    held_by(&Home::open(place.path(), |_| None).unwrap(), ONE, std::process::id());
    let other = WriterLock::take(&home, TWO).unwrap();
    drop(lock);
    drop(WriterLock::take(&home, ONE).unwrap());
    held_by(&home, TWO, std::process::id());
    drop(other);
}

#[test]
fn a_lock_that_is_given_back_leaves_no_file() {
    let (place, home) = home();
    let locks = [ONE, TWO].map(|thread| WriterLock::take(&home, thread).unwrap());
    let name = |thread: &str| format!("{thread}.lock");
    assert_eq!(files(place.path()), [".coordination.lock".to_owned(), name(ONE), name(TWO)]);
    drop(locks);
    assert_eq!(files(place.path()), [".coordination.lock"]);
}

#[test]
fn while_another_opens_its_lock_the_file_stays_and_locks_nobody_out() {
    let (place, home) = home();
    let lock = WriterLock::take(&home, ONE).unwrap();
    let coordination = std::fs::File::open(place.path().join("thread-writer-locks/.coordination.lock")).unwrap();
    coordination.lock_shared().unwrap();
    drop(lock);
    assert_eq!(files(place.path()), [".coordination.lock".to_owned(), format!("{ONE}.lock")]);
    drop(WriterLock::take(&home, ONE).unwrap());
    drop(coordination);
    drop(WriterLock::take(&home, ONE).unwrap());
    assert_eq!(files(place.path()), [".coordination.lock"]);
}

#[test]
fn while_another_unlinks_a_lock_it_is_waited_for() {
    let (place, home) = home();
    drop(WriterLock::take(&home, ONE).unwrap());
    let coordination = std::fs::File::open(place.path().join("thread-writer-locks/.coordination.lock")).unwrap();
    coordination.lock().unwrap();
    let waiting = std::thread::spawn(move || WriterLock::take(&home, ONE).map(drop));
    std::thread::sleep(std::time::Duration::from_millis(20));
    coordination.unlock().unwrap();
    waiting.join().unwrap().unwrap();
}

#[test]
fn another_processs_lock_is_respected_named_and_dies_with_it() {
    let (place, home) = home();
    std::fs::create_dir(place.path().join("thread-writer-locks")).unwrap();
    let file = place.path().join("thread-writer-locks").join(format!("{ONE}.lock"));
    let Some(mut writer) = other_writer(&file) else { return };
    held_by(&home, ONE, writer.id());
    drop(WriterLock::take(&home, TWO).unwrap());
    writer.kill().unwrap();
    writer.wait().unwrap();
    assert!(file.exists(), "left over by the killed one");
    drop(WriterLock::take(&home, ONE).unwrap());
    assert!(!file.exists());
}

#[test]
fn a_lock_keeps_another_process_out() {
    let (place, home) = home();
    let lock = WriterLock::take(&home, ONE).unwrap();
    let file = place.path().join("thread-writer-locks").join(format!("{ONE}.lock"));
    let tried = "import fcntl,sys\nf=open(sys.argv[1],'a')\ntry: fcntl.flock(f,fcntl.LOCK_EX|fcntl.LOCK_NB)\n\
                 except BlockingIOError: sys.exit(7)";
    let tried = Command::new("python3").args(["-c", tried]).arg(&file).status();
    match tried {
        Ok(status) => assert_eq!(status.code(), Some(7)),
        Err(_) => skipped("no python3 to ask for a lock in another process"),
    }
    drop(lock);
}

#[test]
fn a_lock_is_given_back_at_once_also_while_another_process_is_being_started_and_holds_copies_of_all_files() {
    use std::os::unix::process::CommandExt as _;
    use std::sync::atomic::{AtomicBool, Ordering};
    let (place, home) = home();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let mut slow = Command::new("true");
                // SAFETY: between fork and exec only a sleep.
                #[expect(unsafe_code, reason = "nothing safe runs code between fork and exec")]
                unsafe {
                    slow.pre_exec(|| {
                        std::thread::sleep(std::time::Duration::from_millis(2));
                        Ok(())
                    })
                };
                slow.status().unwrap();
            }
        });
        for _ in 0..500 {
            let taken = WriterLock::take(&home, ONE).map(drop);
            let left = files(place.path());
            if taken.is_err() || left != [".coordination.lock"] {
                done.store(true, Ordering::Relaxed);
                panic!("{taken:?}, {left:?}");
            }
        }
        done.store(true, Ordering::Relaxed);
    });
}
