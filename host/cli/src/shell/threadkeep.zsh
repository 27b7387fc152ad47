# Threadkeep: @KEY@ opens the browser for this directory, and the command that goes on with the thread that is chosen there
# stands on the prompt line. Nothing is run, and Esc leaves the line as it was.
#
# All but the widget is read and run without aliases and with zsh's own options, whatever options are set. No ' may stand in it.

'builtin' 'emulate' '-R' 'zsh' '-o' 'no_aliases' '-c' '
# Sets `held` to what is bound to the key in a keymap, to its beginning, or to a longer key; to nothing where nothing is.
__threadkeep_look() {
    local sequence
    local -a longer
    for sequence in @SEQUENCES@ @BEGINNINGS@; do
        # As in: "^G" send-break
        held=$(builtin bindkey -M $1 -- $sequence)
        held=${held#\"*\" }
        case $held in
            (undefined-key|self-insert|threadkeep-pick) held= ;;
            (?*) return 0 ;;
        esac
    done
    for sequence in @SEQUENCES@; do
        longer=(${(f)"$(builtin bindkey -M $1 -p -- $sequence)"})
        longer=(${longer:#\"$sequence\" *})
        if (($#longer)); then
            held="the beginning of other keys"
            return 0
        fi
    done
}

__threadkeep_bind() {
    local keymap sequence held=
    # main is emacs or viins by another name, or a keymap of its own.
    for keymap in main emacs viins vicmd; do
        if [[ -n "@FORCED@" ]]; then
            break
        fi
        __threadkeep_look $keymap 2>/dev/null
        if [[ -n $held ]]; then
            builtin print -ru2 -- "threadkeep: @KEY@ is bound in this shell (zsh, $keymap: $held), and stays so;" \
                "choose another key (threadkeep shell-init zsh --key KEY), or take this one (--force)"
            return 0
        fi
    done
    __threadkeep_ask() {
        local code
        local -a said
        # What the program says on stderr, and then, as the last line, its exit code and what it printed.
        said=("${(@f)$(
            { chosen=$(command @PROGRAM@ tui --pick) } 2>&1
            code=$?
            builtin printf "\n%s:%s" "$code" "$chosen"
        )}")
        code=$said[-1]
        said[-1]=()
        said=(${said:#})
        case $code in
            (0:?*)
                BUFFER=${code#0:}
                CURSOR=$#BUFFER
                ;;
            (0:|130:*) ;;
            (*) (($#said)) || said=("threadkeep: the browser ended with exit code ${code%%:*}") ;;
        esac
        # The browser has ended that pastes are marked, which zsh wants again.
        builtin print -rn -- "${zle_bracketed_paste[1]-}" >/dev/tty
        (($#said)) || return 0
        # Below the line, and behind it prompt and line come anew.
        builtin zle -I
        builtin print -rlu2 -- "$said[@]"
        return 1
    }

    builtin zle -N threadkeep-pick __threadkeep_pick
    for keymap in main emacs viins vicmd; do
        for sequence in @SEQUENCES@; do
            builtin bindkey -M $keymap -- $sequence threadkeep-pick
        done
    done
}

# Where nobody types, and where lines are not edited, there are no keys.
if [[ -o interactive && -o zle ]]; then
    __threadkeep_bind
fi
unset -f __threadkeep_look __threadkeep_bind
'

# The prompt is made anew with the options that it is written for.
'builtin' 'typeset' '-f' '__threadkeep_ask' >'/dev/null' && '__threadkeep_pick'() {
    '__threadkeep_ask' && 'builtin' 'zle' 'reset-prompt'
    'builtin' 'true'
}
'builtin' 'true'
