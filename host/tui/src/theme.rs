//! What each part of the screen looks like.
//!
//! A theme gives every [`Role`] a style. The one with colours uses the sixteen of the terminal alone and sets no background, so
//! that it reads well on dark and on light; the plain one does with bold, underlined, dim and reversed text.

mod words;

use ratatui::style::{Color, Modifier, Style};

pub use words::UnknownColor;

/// Lists the roles, each with its name for settings.
macro_rules! roles {
    ($($(#[doc = $doc:literal])* $role:ident $name:literal,)*) => {
        /// Says what a piece of text is, from which its looks follow.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Role { $($(#[doc = $doc])* $role,)* }

        impl Role {
            /// Holds every role.
            pub const ALL: &[Role] = &[$(Role::$role,)*];

            /// Gives the name that settings know it by, in kebab-case.
            pub fn name(self) -> &'static str {
                match self { $(Role::$role => $name,)* }
            }
        }
    };
}

roles! {
    /// What has no other role.
    Text "text",
    /// What matters less than what is around it.
    Dim "dim",
    /// A heading of a text.
    Heading "heading",
    /// What a text stresses strongly.
    Strong "strong",
    /// What a text stresses.
    Emphasis "emphasis",
    /// What a text crosses out.
    Struck "struck",
    /// Code within a sentence.
    InlineCode "inline-code",
    /// Code that stands by itself.
    CodeBlock "code-block",
    /// The words of a link.
    Link "link",
    /// Where a link leads.
    LinkTarget "link-target",
    /// What is quoted.
    Quote "quote",
    /// The bullet or the number of a list's item.
    ListMarker "list-marker",
    /// A line between parts of a text, or around the cells of a table.
    Rule "rule",
    /// The head of a table.
    TableHead "table-head",
    /// The line above a turn.
    TurnHeader "turn-header",
    /// The mark of what the user says.
    User "user",
    /// What the agent says.
    Agent "agent",
    /// What the agent thinks.
    Reasoning "reasoning",
    /// What the agent plans.
    Plan "plan",
    /// The mark of a command.
    Command "command",
    /// What a command wrote.
    Output "output",
    /// A tool that was called.
    Tool "tool",
    /// An image, by its name.
    Image "image",
    /// The path of a file.
    Path "path",
    /// It went well.
    Success "success",
    /// It failed.
    Failure "failure",
    /// It should be looked at.
    Warning "warning",
    /// A note of the reader's.
    Note "note",
    /// A line that a change adds.
    Added "added",
    /// A line that a change removes.
    Removed "removed",
    /// Where in a file a change is.
    HunkHeader "hunk-header",
    /// Where searched words stand.
    Match "match",
    /// The row of a list that is chosen.
    Selected "selected",
    /// A row that is marked for something to be done.
    Marked "marked",
    /// The title of a thread.
    Title "title",
    /// How long ago something was.
    Age "age",
    /// The project of a thread.
    Project "project",
    /// A branch of git.
    Branch "branch",
    /// The name of a model.
    Model "model",
    /// A number of tokens.
    Tokens "tokens",
    /// The sign of a pinned thread.
    Pin "pin",
    /// A tag.
    Tag "tag",
    /// The border of a pane.
    Border "border",
    /// The border of the pane that keys go to.
    BorderFocused "border-focused",
    /// What stands before a text that is being typed.
    Prompt "prompt",
    /// A key of the keyboard.
    Key "key",
    /// A keyword of a language.
    Keyword "keyword",
    /// A string in code.
    StringLiteral "string-literal",
    /// A comment in code.
    Comment "comment",
    /// A number in code.
    Number "number",
    /// A constant in code.
    Constant "constant",
    /// The name of a type in code.
    TypeName "type-name",
    /// The name of a function in code.
    FunctionName "function-name",
    /// The name of a field, of a property or of a setting in code.
    PropertyName "property-name",
    /// An operator in code.
    Operator "operator",
    /// An attribute or an annotation in code.
    Attribute "attribute",
}

impl Role {
    /// Gives the role of that name.
    pub fn named(name: &str) -> Option<Role> {
        Role::ALL.iter().copied().find(|role| role.name() == name)
    }
}

/// Says what each role looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    /// One for each of [`Role::ALL`].
    styles: Vec<Style>,
}

impl Theme {
    /// Gives the theme of colours.
    pub fn colored() -> Self {
        Theme::of(colored)
    }

    /// Gives the theme without any colour.
    pub fn plain() -> Self {
        Theme::of(plain)
    }

    fn of(look: fn(Role) -> Style) -> Self {
        Theme { styles: Role::ALL.iter().map(|role| look(*role)).collect() }
    }

    /// Says what a role looks like.
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }

    /// Gives the theme with other looks for some roles: pairs of a role's name and of words such as `bold red`, `#aabbcc`,
    /// `cyan on black`, `reverse` or `none`. What is said of a role goes in the place of all that it was.
    pub fn with(mut self, pairs: &[(String, String)]) -> Result<Theme, UnknownColor> {
        for (name, look) in pairs {
            let role = Role::named(name).ok_or_else(|| UnknownColor::Role(name.clone()))?;
            let style = words::style(look).map_err(|word| UnknownColor::Word { role, word })?;
            if let Some(place) = self.styles.get_mut(role as usize) {
                *place = style;
            }
        }
        Ok(self)
    }
}

/// Nothing is white, black, bright yellow, or on a background: one of the two kinds of terminals would not show it.
fn colored(role: Role) -> Style {
    let style = Style::new();
    match role {
        Role::Text | Role::Agent | Role::CodeBlock | Role::Title | Role::Operator => style,
        Role::Dim | Role::LinkTarget | Role::Rule | Role::Output | Role::Age | Role::Tokens | Role::Border => {
            style.dim()
        }
        Role::TurnHeader => style.fg(Color::Cyan).dim(),
        Role::Heading => style.fg(Color::Blue).bold(),
        Role::Strong | Role::TableHead => style.bold(),
        Role::Emphasis => style.italic(),
        Role::Struck => style.crossed_out(),
        Role::Quote | Role::Reasoning => style.dim().italic(),
        Role::Link => style.fg(Color::Blue).underlined(),
        Role::InlineCode | Role::ListMarker | Role::Plan | Role::Tool | Role::HunkHeader => style.fg(Color::Cyan),
        Role::Project | Role::Number | Role::Constant => style.fg(Color::Cyan),
        Role::User | Role::Prompt | Role::BorderFocused => style.fg(Color::Blue).bold(),
        Role::Command | Role::Key => style.fg(Color::Magenta).bold(),
        Role::Image | Role::Branch | Role::Tag | Role::Keyword => style.fg(Color::Magenta),
        Role::Path => style.bold(),
        Role::Success | Role::Added | Role::StringLiteral => style.fg(Color::Green),
        Role::Failure => style.fg(Color::Red).bold(),
        Role::Removed => style.fg(Color::Red),
        Role::Warning | Role::Note => style.fg(Color::Yellow).bold(),
        Role::Marked | Role::Pin => style.fg(Color::Yellow),
        Role::Match => style.fg(Color::Magenta).add_modifier(Modifier::BOLD | Modifier::REVERSED),
        Role::Selected => style.reversed(),
        Role::Model | Role::FunctionName | Role::PropertyName => style.fg(Color::Blue),
        Role::Comment => style.dim().italic(),
        Role::TypeName | Role::Attribute => style.fg(Color::Yellow),
    }
}

fn plain(role: Role) -> Style {
    let style = Style::new();
    match role {
        Role::Dim | Role::LinkTarget | Role::Rule | Role::Output | Role::Age | Role::Tokens | Role::Border => {
            style.dim()
        }
        Role::TurnHeader | Role::Quote | Role::Reasoning | Role::Comment => style.dim(),
        Role::Heading | Role::Match => style.bold().underlined(),
        Role::Link | Role::Emphasis | Role::Key | Role::Tag => style.underlined(),
        Role::Strong | Role::TableHead | Role::User | Role::Command | Role::Path | Role::Failure => style.bold(),
        Role::Warning | Role::Note | Role::Marked | Role::Pin | Role::BorderFocused | Role::Prompt => style.bold(),
        Role::Added | Role::Keyword => style.bold(),
        Role::Selected => style.reversed(),
        _ => style,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    //! Shows what themes promise.

    use std::collections::HashSet;

    use ratatui::style::{Color, Modifier, Style};

    use super::{Role, Theme, UnknownColor};

    fn pair(name: &str, look: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), look.to_owned())]
    }

    #[test]
    fn names_of_roles_are_distinct_and_in_kebab_case() {
        let names: HashSet<&str> = Role::ALL.iter().map(|role| role.name()).collect();
        assert_eq!(names.len(), Role::ALL.len());
        for role in Role::ALL {
            assert!(role.name().chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{role:?}");
            assert_eq!(Role::named(role.name()), Some(*role));
            assert_eq!(Role::ALL.get(*role as usize), Some(role));
        }
        assert_eq!(Role::named("no-such-role"), None);
    }

    #[test]
    fn colours_read_well_on_dark_and_on_light() {
        let readable =
            [None, Some(Color::Red), Some(Color::Green), Some(Color::Yellow), Some(Color::Blue), Some(Color::Magenta)];
        for role in Role::ALL {
            let style = Theme::colored().style(*role);
            assert!(readable.contains(&style.fg) || style.fg == Some(Color::Cyan), "{role:?}");
            assert_eq!(style.bg, None, "{role:?}");
        }
        assert!(Theme::colored().style(Role::Selected).add_modifier.contains(Modifier::REVERSED));
    }

    #[test]
    fn the_plain_theme_has_no_colour() {
        let modifiers = Modifier::BOLD | Modifier::UNDERLINED | Modifier::REVERSED | Modifier::DIM;
        for role in Role::ALL {
            let style = Theme::plain().style(*role);
            assert_eq!((style.fg, style.bg), (None, None), "{role:?}");
            assert!(modifiers.contains(style.add_modifier), "{role:?}");
        }
    }

    #[test]
    fn what_is_said_of_a_role_takes_the_place_of_what_it_was() {
        let theme = Theme::colored().with(&pair("failure", "underline cyan on black")).unwrap();
        assert_eq!(theme.style(Role::Failure), Style::new().fg(Color::Cyan).bg(Color::Black).underlined());
        assert_eq!(theme.style(Role::Success), Theme::colored().style(Role::Success));
    }

    #[test]
    fn an_unknown_name_is_told() {
        let error = Theme::plain().with(&pair("kite", "red")).unwrap_err();
        assert_eq!(error, UnknownColor::Role("kite".to_owned()));
        let error = Theme::plain().with(&pair("title", "bold kite")).unwrap_err();
        assert_eq!(error.to_string(), "title: `kite` is neither a colour nor a way to write");
    }
}
