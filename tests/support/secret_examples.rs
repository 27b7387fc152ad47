//! Texts with secrets, and what of them must be nowhere.

/// Texts with a secret each, between « and », one a line.
const EXAMPLES: &str = include_str!("../../core-wasm/src/secrets/tests/secrets.txt");

/// Letters and digits alone, in lower case: what marks and names of files leave of a text.
pub fn squeezed(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// Texts that have secrets, each with the lines of these, squeezed.
pub fn secret_examples() -> impl Iterator<Item = (String, Vec<String>)> {
    EXAMPLES.lines().filter(|line| line.contains('«')).map(example)
}

fn example(line: &str) -> (String, Vec<String>) {
    let (_, marked) = line.split_once(' ').unwrap();
    let marked = marked.replace('⏎', "\n");
    let parts: Vec<&str> = marked.split(['«', '»']).collect();
    let secrets = parts.iter().skip(1).step_by(2).flat_map(|secret| secret.lines()).map(squeezed);
    (parts.concat(), secrets.filter(|secret| secret.len() >= 12).collect())
}
