//! Shows that letters of every script have no case.

use super::without_case;

#[test]
fn letters_of_every_script_are_compared_without_case() {
    for (one, other) in [
        ("Kites", "kITES"),
        ("ÄRGER", "ärger"),
        ("ΟΔΟΣ", "οδος"),
        ("οδός", "ΟΔΌΣ"),
        ("STRASSE", "straße"),
        ("ЗМЕЙ", "змей"),
        ("ՈՒՐՈՒՐ", "ուրուր"),
        ("İZMİR", "izmir"),
        ("ISPARTA", "ısparta"),
        ("ﬁne", "FINE"),
        ("𐐀𐐁", "𐐨𐐩"),
        ("凧", "凧"),
    ] {
        assert_eq!(without_case(one), without_case(other), "{one} and {other}");
    }
    for (one, other) in [("a", "ä"), ("и", "й"), ("凧", "帆")] {
        assert_ne!(without_case(one), without_case(other), "{one} and {other}");
    }
}
