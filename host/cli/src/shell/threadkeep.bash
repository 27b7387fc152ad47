# Threadkeep: @KEY@ opens the browser for this directory, and the command that goes on with the thread that is chosen there
# stands on the prompt line. Nothing is run, and Esc leaves the line as it was.
#
# Commands have a backslash in front of them, which keeps aliases away.

# Sets `held` to what is bound to the key in a keymap, to its beginning, or to a longer key; to nothing where nothing is.
__threadkeep_look() {
    \builtin local bound sequence
    # Commands of readline, texts, and commands of the shell, a line each, as in: "\C-g": abort
    bound=$'\n'$(
        \builtin bind -m "$1" -p
        \builtin bind -m "$1" -s
        \builtin bind -m "$1" -X
    )
    for sequence in @SEQUENCES@ @BEGINNINGS@; do
        if [[ $bound == *$'\n"'"$sequence"'"'* ]]; then
            held=${bound#*$'\n"'"$sequence"'"'}
            held=${held%%$'\n'*}
            held=${held#:}
            held=${held# }
            case $held in
                self-insert | *__threadkeep_pick*) held= ;;
                *) \builtin return 0 ;;
            esac
        fi
    done
    for sequence in @SEQUENCES@; do
        if [[ $bound == *$'\n"'"$sequence"[!\"]* ]]; then
            held='the beginning of other keys'
            \builtin return 0
        fi
    done
}

__threadkeep_bind() {
    \builtin local keymap sequence held=
    if ((BASH_VERSINFO[0] < 4)); then
        held="bash $BASH_VERSION has no way to put text on the prompt line; bash 4 has"
    elif ((BASH_VERSINFO[0] == 4 && BASH_VERSINFO[1] < 3 && @LENGTH@ > 2)); then
        held="bash $BASH_VERSION runs nothing for a key of @LENGTH@ bytes, as @KEY@ is; bash 4.3 does"
    fi
    if [[ -n $held ]]; then
        \builtin printf '%s\n' "threadkeep: $held" >&2
        \builtin return 0
    fi
    for keymap in emacs vi-insert vi-command; do
        if [[ -n '@FORCED@' ]]; then
            \builtin break
        fi
        __threadkeep_look "$keymap" 2>/dev/null
        if [[ -n $held ]]; then
            \builtin printf '%s %s\n' "threadkeep: @KEY@ is bound in this shell (bash, $keymap: $held), and stays so;" \
                "choose another key (threadkeep shell-init bash --key KEY), or take this one (--force)" >&2
            \builtin return 0
        fi
    done
    __threadkeep_pick() {
        \builtin local said code
        # What the program says on stderr, and then, as the last line, its exit code and what it printed.
        said=$(
            { chosen=$(\command @PROGRAM@ tui --pick); } 2>&1
            code=$?
            \builtin printf '\n%s:%s' "$code" "${chosen-}"
        )
        code=${said##*$'\n'}
        said=${said%$'\n'*}
        said=${said%$'\n'}
        case $code in
            0:?*)
                READLINE_LINE=${code#0:}
                READLINE_POINT=${#READLINE_LINE}
                ;;
            0: | 130:*) ;;
            *) said=${said:-threadkeep: the browser ended with exit code ${code%%:*}} ;;
        esac
        # The browser has ended that pastes are marked, which readline wants again.
        if [[ $(\builtin bind -v) == *'enable-bracketed-paste on'* ]]; then
            \builtin printf '\e[?2004h' >/dev/tty
        fi
        if [[ -n $said ]]; then
            \builtin printf '%s\n' "$said" >&2
        fi
    }

    for keymap in emacs vi-insert vi-command; do
        for sequence in @SEQUENCES@; do
            # The last argument is what `$_` is afterwards: what it was.
            \builtin bind -m "$keymap" -x "\"$sequence\": __threadkeep_pick \"\$_\""
        done
    done
}

# Where nobody types, and where lines are not edited, there are no keys.
if [[ $- == *i* && (-o emacs || -o vi) ]]; then
    __threadkeep_bind
fi
\builtin unset -f __threadkeep_look __threadkeep_bind
