//! Everything that can be done in the browser, by name: the keys, the palette and the help are made of this list.

/// Declares the commands with their names and what they do.
macro_rules! commands {
    ($($Command:ident $name:literal $does:literal,)*) => {
        /// What can be done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Command {
            $(#[doc = $does] $Command,)*
        }

        impl Command {
            /// All of them, in the order in which they are shown.
            pub(crate) const ALL: &[Command] = &[$(Command::$Command,)*];

            /// Gives its name.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Command::$Command => $name,)* }
            }

            /// Says what it does.
            pub(crate) fn does(self) -> &'static str {
                match self { $(Command::$Command => $does,)* }
            }
        }
    };
}

commands! {
    Resume "resume" "Goes on with the thread.",
    Fork "fork" "Goes on with a fork of the thread.",
    Name "name" "Gives the thread a name, or takes it away.",
    Archive "archive" "Puts the chosen threads into the archive.",
    Unarchive "unarchive" "Takes the chosen threads out of the archive.",
    Delete "delete" "Deletes the thread, after showing what goes.",
    Pin "pin" "Pins the chosen threads, or takes their pins away.",
    Tag "tag" "Gives the chosen threads tags, or takes them away.",
    Note "note" "Writes a note beside the thread.",
    CopyId "copy-id" "Copies the id of the thread.",
    CopyInvocation "copy-command" "Copies the command that goes on with the thread.",
    Export "export" "Writes the thread into a file, or the chosen ones into a directory.",
    Why "why" "Says where the thread is shown, what is wrong with it, and what would mend it.",
    Prompts "prompts" "Lists the prompts of the thread, to go to one.",
    Pager "pager" "Opens the thread in a pager.",
    Editor "editor" "Opens the thread in an editor.",
    Choose "choose" "Chooses the thread, or no longer, and goes to the next one.",
    ChooseAll "choose-all" "Chooses all threads of the list, or none.",
    Scope "scope" "Looks around further: this worktree, its repository, everywhere.",
    Archived "archived" "Shows archived threads too, then them alone, then none.",
    Sources "sources" "Shows the threads that programs and sub-agents began, too.",
    Projects "projects" "Groups threads by project, or not.",
    Order "order" "Goes by another time, the title or the tokens.",
    Reverse "reverse" "Turns the order round.",
    Up "up" "Goes up.",
    Down "down" "Goes down.",
    PageUp "page-up" "Goes up a page.",
    PageDown "page-down" "Goes down a page.",
    First "first" "Goes to the first line.",
    Last "last" "Goes to the last line.",
    Focus "focus" "Goes to the preview, or back to the list.",
    Preview "preview" "Shows the preview, or hides it.",
    PreviewUp "preview-up" "Scrolls the preview up.",
    PreviewDown "preview-down" "Scrolls the preview down.",
    TurnBefore "turn-before" "Goes to the turn before.",
    TurnBehind "turn-behind" "Goes to the next turn.",
    Find "find" "Looks for words in the preview.",
    FindNext "find-next" "Goes to the next place where they stand.",
    FindBefore "find-before" "Goes to the place before, where they stand.",
    Outputs "outputs" "Shows outputs of commands whole, or their ends.",
    Help "help" "Shows the keys.",
    Palette "palette" "Lists every command by name.",
    Reload "reload" "Reads the home again.",
    Redraw "redraw" "Draws the screen anew.",
    Suspend "suspend" "Goes to the background; fg comes back.",
    Back "back" "Takes back what was typed or opened last; else ends.",
    Quit "quit" "Ends.",
}

impl Command {
    /// Gives the command with a name.
    pub(crate) fn of_name(name: &str) -> Option<Command> {
        Command::ALL.iter().copied().find(|command| command.name() == name)
    }
}
