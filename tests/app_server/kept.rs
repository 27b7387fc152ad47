//! Answers that are given again: they are what would be answered anew, whatever changed in between.

use serde_json::{Value, json};
use support::{HomeAndState, Rollout, uuid7};
use threadkeep::platform::home::Home;
use threadkeep::{Options, Threadkeep};
use threadkeep_app_server::DirectClient;

const AT: i64 = 1_772_000_000_000;

fn read(client: &DirectClient, id: &str) -> Value {
    match client.ask("thread/read", &json!({"threadId": id}).to_string()) {
        Ok(answer) => serde_json::from_str(&answer.result).unwrap(),
        Err(error) => json!([error.code, error.message]),
    }
}

#[test]
fn what_changed_in_any_way_is_not_answered_as_it_was() {
    let home = HomeAndState::new();
    let id = uuid7(AT, 1);
    let begun = || Rollout::paginated(&id).at_millis(AT).cwd("/src/app").user("Count the herons").agent("Three.");
    home.write(&begun());
    home.write(&Rollout::paginated(&uuid7(AT, 2)).at_millis(AT).cwd("/src/other").user("Another one").agent("Yes."));
    let opened = Home::open(home.home.path(), |_| None).unwrap();
    let threads =
        Threadkeep::open(Options { state_dir: home.state.path().to_path_buf(), ..Options::new(opened) }).unwrap();
    let client = DirectClient::new(threads.clone());
    let other = home.program();
    let grown = || begun().user("And the egrets?").agent("None.");
    let changes: [(&str, &dyn Fn()); 10] = [
        ("nothing", &(|| {})),
        ("named elsewhere", &(|| drop(other.run(["name", &id, "Herons"]).well()))),
        ("named here", &(|| drop(threads.name(&id, Some("Egrets")).unwrap()))),
        (
            "grown",
            &(|| {
                home.write(&grown());
                threads.refresh().unwrap();
            }),
        ),
        ("archived elsewhere", &(|| drop(other.run(["archive", &id]).well()))),
        ("brought back", &(|| drop(other.run(["unarchive", &id]).well()))),
        ("another thread named", &(|| drop(other.run(["name", &uuid7(AT, 2), "Another"]).well()))),
        ("opened by a client", &(|| drop(client.ask("thread/resume", &json!({"threadId": id}).to_string()).unwrap()))),
        ("let go", &(|| drop(client.ask("thread/unsubscribe", &json!({"threadId": id}).to_string()).unwrap()))),
        ("deleted elsewhere", &(|| drop(other.run(["delete", "--yes", &id]).well()))),
    ];
    for (what, change) in changes {
        // The second answer is kept, the third comes from what is kept.
        let before = [(); 3].map(|()| read(&client, &id));
        assert!(before.iter().all(|answer| answer == &before[0]), "before: {what}");
        change();
        let mut anew = read(&DirectClient::new(threads.clone()), &id);
        if what == "opened by a client" {
            anew["thread"]["status"] = json!({"type": "idle"});
            anew["thread"]["environments"] = read(&client, &id)["thread"]["environments"].clone();
        }
        assert_eq!(read(&client, &id), anew, "{what}");
        assert_eq!(what == "nothing" || what == "another thread named", before[0] == anew, "{what} changes the answer");
    }
}
