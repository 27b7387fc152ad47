//! Kills a program everywhere: just before the first system call of a run that changes something on disk, in the next run
//! before the second one, and so on, until a run ends by itself. By ptrace, so on Linux, and where that is permitted.

use std::fmt;
use std::io::{Error, ErrorKind};
use std::process::{Command, ExitStatus, Stdio};

use crate::skipped;

/// Where a run was killed.
#[derive(Clone, Debug)]
pub struct Point {
    /// From 1 on.
    pub number: usize,
    /// The system call that was not made any more, and what it was about.
    pub call: String,
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "killed before change {}: {}", self.number, self.call)
    }
}

/// For every point in the run of a command: `prepare` makes the world anew, the command (to which it is handed) is run in
/// it and killed at that point, and `check` says what must hold then. The last run, which ends by itself, must end well;
/// it is checked too, with no point. The answer is how many points there were; none where nothing can be traced here,
/// which is said on stderr.
///
/// Only the process itself is killed, not what it has started. Its output goes nowhere.
pub fn each_point<T>(
    prepare: impl Fn() -> T,
    command: impl Fn(&T) -> Command,
    check: impl Fn(&T, Option<&Point>),
) -> Option<usize> {
    for number in 1.. {
        let world = prepare();
        let mut command = command(&world);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match run(command, number) {
            Err(error) if matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::Unsupported) => {
                skipped(&format!("NOTHING IS KILLED HERE, so nothing is shown of it: ptrace: {error}"));
                return None;
            }
            Err(error) => panic!("it cannot be run: {error}"),
            Ok(End::Killed(point)) => {
                let told = Told(Some(&point));
                check(&world, Some(&point));
                drop(told);
            }
            Ok(End::Itself(status)) => {
                assert!(status.success(), "it ended by itself, badly: {status}");
                check(&world, None);
                return Some(number - 1);
            }
        }
    }
    None
}

/// Says at which point a check failed.
struct Told<'a>(Option<&'a Point>);

impl Drop for Told<'_> {
    #[expect(clippy::print_stderr, reason = "a part of the failed test's words")]
    fn drop(&mut self) {
        if let (true, Some(point)) = (std::thread::panicking(), self.0) {
            eprintln!("{point}");
        }
    }
}

enum End {
    Killed(Point),
    Itself(ExitStatus),
}

#[cfg(not(target_os = "linux"))]
fn run(_: Command, _: usize) -> Result<End, Error> {
    Err(ErrorKind::Unsupported.into())
}

/// On a thread of its own, which has no other children to be confused with.
#[cfg(target_os = "linux")]
fn run(command: Command, number: usize) -> Result<End, Error> {
    std::thread::scope(|scope| scope.spawn(|| tracer::run(command, number)).join().unwrap())
}

#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "ptrace has no safe form")]
mod tracer {
    use std::fs::{self, File};
    use std::io::{Error, Result};
    use std::os::unix::fs::{FileExt as _, MetadataExt as _};
    use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
    use std::process::{Command, ExitStatus};
    use std::ptr::null_mut;

    use libc::{c_int, c_long, c_void, pid_t};

    use super::{End, Point};

    /// `struct ptrace_syscall_info` at the entry of a call.
    #[repr(C)]
    #[derive(Default)]
    struct Call {
        op: u8,
        pad: [u8; 3],
        arch: u32,
        instruction: u64,
        stack: u64,
        number: u64,
        args: [u64; 6],
        more: [u64; 4],
    }

    const ENTRY: u8 = 1;
    /// What a stop at a system call is told apart by.
    const AT_CALL: c_int = libc::SIGTRAP | 0x80;

    pub(super) fn run(mut command: Command, number: usize) -> Result<End> {
        // SAFETY: what is called between fork and exec is a system call and nothing else.
        unsafe { command.pre_exec(|| checked(libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0)).map(drop)) };
        let mut child = command.spawn()?;
        follow(child.id() as pid_t, number).inspect_err(|_| {
            let _ = child.kill();
            let _ = child.wait();
        })
    }

    fn checked(answer: c_long) -> Result<c_long> {
        if answer < 0 { Err(Error::last_os_error()) } else { Ok(answer) }
    }

    /// The next stop or end of a thread that this thread traces.
    fn wait() -> Result<(pid_t, c_int)> {
        let mut status = 0;
        // SAFETY: the status is a place to write to.
        let thread = unsafe { libc::waitpid(-1, &mut status, libc::__WALL | libc::__WNOTHREAD) };
        checked(thread.into()).map(|thread| (thread as pid_t, status))
    }

    fn go_on(thread: pid_t, signal: c_int) {
        // A thread that is gone meanwhile does not go on, and tells of its end.
        // SAFETY: a request without memory.
        unsafe { libc::ptrace(libc::PTRACE_SYSCALL, thread, null_mut::<c_void>(), signal as c_long) };
    }

    fn follow(process: pid_t, number: usize) -> Result<End> {
        wait()?;
        let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_TRACECLONE | libc::PTRACE_O_EXITKILL;
        // SAFETY: a request without memory.
        checked(unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, process, null_mut::<c_void>(), options as c_long) })?;
        go_on(process, 0);
        let (mut changes, mut killed) = (0, None);
        loop {
            let (thread, status) = wait()?;
            if !libc::WIFSTOPPED(status) {
                if thread != process {
                    continue;
                }
                let itself = End::Itself(ExitStatus::from_raw(status));
                return Ok(killed.map_or(itself, End::Killed));
            }
            let signal = libc::WSTOPSIG(status);
            if signal == AT_CALL
                && killed.is_none()
                && let Some(call) = change(thread)
            {
                changes += 1;
                if changes == number {
                    // SAFETY: a signal to a process that this thread has not seen the end of.
                    unsafe { libc::kill(process, libc::SIGKILL) };
                    killed = Some(Point { number, call });
                    continue;
                }
            }
            // New threads begin with a stop; the rest of what is no stop of the tracer's own is the process's.
            let own = signal == AT_CALL || signal == libc::SIGTRAP || signal == libc::SIGSTOP;
            go_on(thread, if own { 0 } else { signal });
        }
    }

    /// The call that a thread is about to make, if it changes something on disk, in words.
    fn change(thread: pid_t) -> Option<String> {
        let mut call = Call::default();
        let size = size_of::<Call>();
        // SAFETY: the place to write to is as large as is said.
        let got = unsafe { libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, thread, size, &raw mut call) };
        if got <= 0 || call.op != ENTRY {
            return None;
        }
        let [first, second, third, ..] = call.args;
        let file = |name: &str, at: u64| {
            let link = format!("/proc/{thread}/fd/{}", at as c_int);
            // A file without a name is memory.
            let on_disk = fs::metadata(&link).is_ok_and(|file| (file.is_file() && file.nlink() > 0) || file.is_dir());
            on_disk.then(|| format!("{name} {}", fs::read_link(link).unwrap_or_default().display()))
        };
        let named = |name: &str, path: u64| Some(format!("{name} {}", text(thread, path)));
        let opens = |flags: u64| flags & (libc::O_CREAT | libc::O_TRUNC) as u64 != 0;
        match call.number as c_long {
            libc::SYS_write | libc::SYS_pwrite64 | libc::SYS_writev | libc::SYS_pwritev => file("write", first),
            libc::SYS_sendfile => file("sendfile", first),
            libc::SYS_copy_file_range => file("copy_file_range", third),
            libc::SYS_ftruncate => file("ftruncate", first),
            libc::SYS_fallocate => file("fallocate", first),
            libc::SYS_fsync | libc::SYS_fdatasync => file("fsync", first),
            libc::SYS_fchmod => file("fchmod", first),
            libc::SYS_utimensat if second == 0 => file("utimensat", first),
            libc::SYS_utimensat => named("utimensat", second),
            libc::SYS_openat if opens(third) => named("open", second),
            libc::SYS_openat2 if opens(word(thread, third)) => named("open", second),
            libc::SYS_renameat | libc::SYS_renameat2 => named("rename", second),
            libc::SYS_unlinkat => named("unlink", second),
            libc::SYS_linkat => named("link", second),
            libc::SYS_symlinkat => named("symlink", first),
            libc::SYS_mkdirat => named("mkdir", second),
            libc::SYS_fchmodat => named("chmod", second),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_open if opens(second) => named("open", first),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_rename => named("rename", first),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_unlink | libc::SYS_rmdir => named("unlink", first),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_link | libc::SYS_symlink => named("link", first),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_mkdir => named("mkdir", first),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_chmod => named("chmod", first),
            _ => None,
        }
    }

    fn memory(thread: pid_t, at: u64, bytes: &mut [u8]) -> usize {
        File::open(format!("/proc/{thread}/mem")).and_then(|memory| memory.read_at(bytes, at)).unwrap_or(0)
    }

    fn text(thread: pid_t, at: u64) -> String {
        let mut bytes = [0; 256];
        let read = memory(thread, at, &mut bytes);
        let text = bytes[..read].split(|&byte| byte == 0).next().unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    }

    fn word(thread: pid_t, at: u64) -> u64 {
        let mut bytes = [0; 8];
        memory(thread, at, &mut bytes);
        u64::from_ne_bytes(bytes)
    }
}
