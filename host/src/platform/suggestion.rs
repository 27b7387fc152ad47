//! What somebody may have meant who wrote a word that is not known.

/// Gives the known word that is nearest to the one that was given; none where nothing is near.
pub fn nearest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    let near = |word: &&str| {
        let distance = distance(&given, word);
        let begins = given.len() > 2 && (word.starts_with(&given) || given.starts_with(*word));
        (begins || distance <= (given.chars().count() / 3).max(1)).then_some(distance)
    };
    let words = known.into_iter().filter_map(|word| Some((near(&word)?, word)));
    words.min_by_key(|(distance, _)| *distance).map(|(_, word)| word)
}

/// Counts the letters that must be added, taken away, replaced or exchanged with their neighbour.
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<usize>>()];
    for (at, letter) in one.iter().enumerate() {
        let mut row = vec![at + 1];
        for (column, other_letter) in other.iter().enumerate() {
            let replaced = rows[at][column] + usize::from(letter != other_letter);
            let mut least = replaced.min(rows[at][column + 1] + 1).min(row[column] + 1);
            if at > 0 && column > 0 && one[at - 1] == *other_letter && *letter == other[column - 1] {
                least = least.min(rows[at - 1][column - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

#[cfg(test)]
mod tests {
    //! Shows what is taken for a slip of the pen.

    use super::nearest;

    #[test]
    fn the_nearest_known_word_is_suggested_and_none_that_is_far() {
        let known = ["stale-path", "missing-row", "missing-file", "locked"];
        for (given, meant) in [
            ("stale-paht", Some("stale-path")),
            ("Locked", Some("locked")),
            ("missing-fil", Some("missing-file")),
            ("missing_row", Some("missing-row")),
            ("stale", Some("stale-path")),
            ("bread", None),
            ("", None),
        ] {
            assert_eq!(nearest(given, known), meant, "{given}");
        }
    }
}
