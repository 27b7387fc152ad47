//! Shows which names mean the same directory.

use super::{directory_key, is_under};

#[test]
fn names_of_one_directory_are_one() {
    let groups: [&[&str]; 5] = [
        &[
            "C:\\Users\\Kit\\Kites",
            "c:\\users\\kit\\kites\\",
            "C:/Users/Kit/Kites",
            "C:\\Users\\\\Kit\\.\\Sails\\..\\Kites",
            "\\\\?\\C:\\Users\\Kit\\Kites",
            "\\\\.\\C:\\Users\\Kit\\Kites",
            "//?/C:/Users/Kit/Kites",
            "/mnt/c/Users/Kit/Kites",
            "/mnt/C/users/kit/kites/",
            "\\\\wsl.localhost\\Ubuntu\\mnt\\c\\Users\\Kit\\Kites",
        ],
        &["D:\\", "d:", "D:/", "\\\\?\\D:\\", "/mnt/d", "/mnt/d/"],
        &[
            "\\\\Server\\Share\\Kites",
            "\\\\server\\share\\kites\\",
            "\\\\?\\UNC\\Server\\Share\\Kites",
            "\\\\?\\unc\\server\\share\\kites",
            "\\\\server/share\\.\\kites",
        ],
        &[
            "/home/kit/kites",
            "/home/kit/kites/",
            "//home//kit/./kites",
            "/home/kit/sails/../kites",
            "/../home/kit/kites",
            "\\\\wsl$\\Ubuntu\\home\\kit\\kites",
            "\\\\wsl.localhost\\Ubuntu\\home\\kit\\kites\\",
            "\\\\?\\UNC\\wsl.localhost\\Debian\\home\\kit\\kites",
            "//wsl.localhost/Ubuntu/home/kit/kites",
        ],
        &["/", "//", "/.", "/..", "\\\\wsl$\\Ubuntu", "\\\\wsl$\\Ubuntu\\"],
    ];
    for (at, group) in groups.iter().enumerate() {
        for one in *group {
            assert_eq!(directory_key(one), directory_key(group[0]), "{one}");
            for other in groups.iter().enumerate().filter(|(other, _)| *other != at).flat_map(|(_, names)| *names) {
                assert_ne!(directory_key(one), directory_key(other), "{one} and {other}");
            }
        }
    }
}

#[test]
fn names_of_linux_have_their_case_and_what_is_relative_stays_so() {
    for (one, other) in [
        ("/home/Kit", "/home/kit"),
        ("kites", "/kites"),
        ("/mnt/cc/Kites", "/mnt/cc/kites"),
        ("../kites", "kites"),
        ("C:kites", "C:\\kites"),
        ("/home/a\\b", "/home/a/b"),
        ("\\\\server\\share", "/server/share"),
    ] {
        assert_ne!(directory_key(one), directory_key(other), "{one} and {other}");
    }
    assert_eq!(directory_key("a/../../b"), "../b");
    assert_eq!(directory_key(""), "");
}

#[test]
fn what_lies_below_a_directory_does_so_by_every_name() {
    for (dir, under, is) in [
        ("C:\\Users\\kit\\Kites", "c:/users", true),
        ("C:\\Users\\kit\\Kites", "C:\\", true),
        ("C:\\Users\\kit\\Kites", "/mnt", true),
        ("C:\\Users\\kit\\Kites", "C:\\Users\\ki", false),
        ("D:\\Kites", "C:\\", false),
        ("\\\\server\\share\\kites", "\\\\SERVER\\Share\\", true),
        ("\\\\wsl$\\Ubuntu\\home\\kit", "/home/", true),
        ("/home/kit", "/", true),
        ("/home/kitten", "/home/kit", false),
    ] {
        assert_eq!(is_under(&directory_key(dir), &directory_key(under)), is, "{dir} under {under}");
    }
}
