# Threadkeep: @KEY@ opens the browser for this directory, and the command that goes on with the thread that is chosen there
# stands on the prompt line. Nothing is run, and Esc leaves the line as it was.

if status is-interactive
    # The shell's own bindings, and the user's, are there when the first prompt comes.
    function __threadkeep_bind --on-event fish_prompt
        functions --erase __threadkeep_bind
        # Before fish 4 a key is what the terminal sends for it.
        set -l keys @SEQUENCES@
        set -l beginnings @BEGINNINGS@
        set -l after
        if not string match -q -r -- '^[0-3]\\.' $version
            set keys @NAME@
            set beginnings @NAMES_OF_BEGINNINGS@
            set after ,
        end
        set -l held
        if test -z '@FORCED@'
            for mode in default insert
                for key in $keys $beginnings
                    # As in: bind --preset \cr history-pager
                    set held $held (builtin bind -M $mode -- $key 2>/dev/null)
                end
            end
            if string match -q -- '* __threadkeep_pick' $held
                set held
            end
            for key in $keys
                set -l longer "^bind (-\S+ |-[mM] \S+ )*"(string escape --style=regex -- (string escape -n -- $key))"$after\S"
                set held $held (builtin bind | string match -r -- "$longer.*")
            end
        end
        if set -q held[1]
            set held (string replace -r -- '^bind (--preset )?' '' $held[1])
            builtin printf '%s %s\n' "threadkeep: @KEY@ is bound in this shell (fish: $held), and stays so;" \
                "choose another key (threadkeep shell-init fish --key KEY), or take this one (--force)" >&2
            return
        end
        function __threadkeep_pick --description 'Put the command that goes on with a thread on the prompt line'
            # What the program says on stderr, what it prints, marked as such, and at the end its exit code.
            set -l said (begin
                    command @PROGRAM@ tui --pick | string replace -r -- '^' 'chosen:'
                    string join -- '' code: $pipestatus[1]
                end 2>&1)
            set -l code (string replace -f -r -- '^code:' '' $said[-1])
            set -l chosen (string replace -f -r -- '^chosen:' '' $said)
            set said (string match -v -r -- '^(code:|chosen:|$)' $said)
            if test "$code" = 0; and set -q chosen[1]
                builtin commandline --replace -- $chosen[1]
            else if not contains -- "$code" 0 130; and not set -q said[1]
                set said "threadkeep: the browser ended with exit code $code"
            end
            # The browser has ended that pastes are marked, which fish wants again.
            builtin printf '\e[?2004h' >/dev/tty
            if set -q said[1]
                # Below the line, and so much further down that the prompt, which comes anew, covers none of it.
                builtin printf '\n' >&2
                builtin printf '%s\n' $said >&2
                set -l rows (fish_prompt)
                string repeat -n (builtin math (count $rows) - 1) \n >&2
            end
            builtin commandline -f repaint
        end

        for mode in default insert
            for key in $keys
                builtin bind -M $mode -- $key __threadkeep_pick
            end
        end
    end
end
