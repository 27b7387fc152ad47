//! How much memory the C library keeps of what the program has freed.

/// Has what is freed given back: a program that stays open for days reads a large home once. The C library keeps a pool for each
/// thread and whole pieces of what was large, which makes the half more.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[expect(unsafe_code, reason = "mallopt has no safe form")]
pub(crate) fn give_back_what_is_freed() {
    for (setting, value) in
        [(libc::M_ARENA_MAX, 2), (libc::M_MMAP_THRESHOLD, 64 << 10), (libc::M_TRIM_THRESHOLD, 128 << 10)]
    {
        // SAFETY: it takes two numbers, and locks what it changes. What it refuses stays as it was.
        unsafe { libc::mallopt(setting, value) };
    }
}

/// Does nothing: another C library keeps less, or cannot be told.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(crate) fn give_back_what_is_freed() {}
