//! Compares letters without their case, those of every script.

use alloc::string::String;

/// Returns a text in which letters that differ by their case alone are the same ones: final and other sigmas, a sharp s and
/// two of the other, a dotted I of Turkish and the plain one.
pub fn without_case(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let plain = text.chars().map(|letter| if letter == 'İ' { 'I' } else { letter });
    plain.flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests;
