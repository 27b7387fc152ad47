/// Tells what a plugin is, whatever its kind.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Small letters, digits and `-`, at most 40; it begins with a letter.
    pub name: &'static str,
    /// By semantic versioning.
    pub version: &'static str,
    /// What it is good for, in one sentence.
    pub summary: &'static str,
    /// What it needs to see of threads: `facts`, `names`, `places`, `usage`, `history`.
    pub wants: &'static [&'static str],
}
