//! Shows which URLs mean the same remote.

use super::{is_of_repository, repository_key};

#[test]
fn every_form_of_the_url_of_one_remote_is_that_remote() {
    let groups: [&[&str]; 5] = [
        &[
            "https://github.com/Kit/Kites.git",
            "https://github.com/kit/kites",
            "http://github.com:80/kit/kites/",
            "https://kit:secret@github.com/kit/kites.git",
            "git@github.com:kit/kites.git",
            "github.com:kit/kites",
            "ssh://git@github.com/kit/kites.git",
            "ssh://git@github.com:22/kit/kites",
            "git+ssh://git@GitHub.com/kit/kites",
            "ssh://git@ssh.github.com:443/kit/kites.git",
            "git://github.com/kit//kites.git/",
            "git@github.com:/kit/kites.git",
            "github.com/kit/kites",
            "https://github.com/kit/%6Bites",
        ],
        &[
            "https://dev.azure.com/kit/wind/_git/kites",
            "https://kit@dev.azure.com/kit/wind/_git/kites",
            "git@ssh.dev.azure.com:v3/kit/wind/kites",
            "https://kit.visualstudio.com/wind/_git/kites",
            "https://kit.visualstudio.com/DefaultCollection/wind/_git/kites",
        ],
        &["https://git.example.org/scm/kit/kites.git", "ssh://git@git.example.org:7999/kit/kites.git"],
        &["/srv/git/kites.git", "file:///srv/git/kites.git", "file:///srv/git/kites", "/srv/git/kites/.git"],
        &[
            "https://git.example.org/ärger/ÖL",
            "git@git.example.org:ÄRGER/öl.git",
            "https://git.example.org/%C3%A4rger/öl",
        ],
    ];
    for (at, group) in groups.iter().enumerate() {
        for one in *group {
            assert_eq!(repository_key(one), repository_key(group[0]), "{one}");
            for other in groups.iter().enumerate().filter(|(other, _)| *other != at).flat_map(|(_, urls)| *urls) {
                assert_ne!(repository_key(one), repository_key(other), "{one} and {other}");
            }
        }
    }
}

#[test]
fn the_end_of_a_url_is_enough_where_it_begins_with_a_name() {
    for (url, asked, is) in [
        ("git@github.com:kit/kites.git", "kit/kites", true),
        ("git@github.com:kit/kites.git", "Kites.git", true),
        ("git@github.com:kit/kites.git", "ites", false),
        ("git@github.com:kit/kites.git", "https://gitlab.com/kit/kites", false),
        ("git@github.com:kit/kites.git", "", false),
        ("C:\\git\\kites", "c:/Git/Kites.git", true),
        ("/srv/git/kites", "git/kites", true),
    ] {
        assert_eq!(is_of_repository(&repository_key(url), &repository_key(asked)), is, "{url} of {asked}");
    }
}
