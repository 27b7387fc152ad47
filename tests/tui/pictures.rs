//! The pictures of README: the browser on the demo home, on a dark and on a light ground. `THREADKEEP_PICTURES=DIR` keeps them there.

use support::demo_home;
use support::screen::Theme;
use support::screen::keys::{CTRL_C, DOWN};

use super::{QUIET, World, quit, selected_line};

#[test]
fn the_browser_is_drawn_on_a_dark_and_on_a_light_ground() {
    let world = World::of(demo_home);
    let mut pty = world.browse(132, 32, &["--scope", "everywhere"]);
    pty.until("the newest thread", |screen| selected_line(screen).contains("Find every plant"));
    for _ in 0..7 {
        pty.press(DOWN);
        pty.settle(QUIET);
    }
    pty.until("the tides", |screen| selected_line(screen).contains("How the tides work"));
    pty.until("its turns", |screen| screen.shows("019bac64"));
    pty.settle(QUIET);
    for (theme, ground) in [(Theme::Dark, "dark"), (Theme::Light, "light")] {
        let picture = pty.screen().to_svg("threadkeep", theme);
        assert!(picture.contains("How the tides work"), "{picture}");
        if let Some(dir) = std::env::var_os("THREADKEEP_PICTURES") {
            std::fs::write(std::path::Path::new(&dir).join(format!("browser-{ground}.svg")), picture).unwrap();
        }
    }
    assert_eq!(quit(&mut pty, CTRL_C), Some(0));
}
