package cli

import (
	"bytes"
	"flag"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"taskrecon/internal/screen"
)

// runHere runs the program inside the test, with nothing in its environment but what env says.
func runHere(t *testing.T, env []string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, diag bytes.Buffer
	code = run(t.Context(), append([]string{"taskrecon"}, args...), env, strings.NewReader(""), &out, &diag)
	return out.String(), diag.String(), code
}

func TestHelpFits80Columns(t *testing.T) {
	calls := [][]string{{"--help"}, {"-h"}, {"help"}, {}}
	for _, c := range (&program{}).app().Commands {
		calls = append(calls, []string{c.Name, "--help"}, []string{"help", c.Name})
	}
	for _, call := range calls {
		out, diag, code := runHere(t, nil, call...)
		if code != 0 || diag != "" || !strings.HasPrefix(out, "NAME:\n   taskrecon") || !strings.Contains(out, "\nDESCRIPTION:\n") {
			t.Errorf("%q: exit %d, stderr %q, stdout %.100q", call, code, diag, out)
		}
		for line := range strings.SplitSeq(out, "\n") {
			if n := utf8.RuneCountInString(line); n > screen.Width {
				t.Errorf("%q: %d columns: %s", call, n, line)
			}
			if strings.TrimRight(line, " ") != line {
				t.Errorf("%q: space at the end of %q", call, line)
			}
		}
	}
}

func TestHelpTellsEveryFlag(t *testing.T) {
	for _, c := range (&program{}).app().Commands {
		if c.Name == "help" { // whose --help is that of the program
			continue
		}
		both := [2]string{}
		both[0], _, _ = runHere(t, nil, c.Name, "--help")
		both[1], _, _ = runHere(t, nil, "help", c.Name)
		if both[0] != both[1] {
			t.Errorf("%s: --help and help differ", c.Name)
		}
		for _, f := range c.Flags {
			for _, name := range f.Names() {
				if !regexp.MustCompile(`(?m)^ +.*--?` + regexp.QuoteMeta(name) + `\b`).MatchString(both[0]) {
					t.Errorf("%s: the help does not tell of %s", c.Name, name)
				}
			}
		}
	}
}

// TestHelpExamplesParse holds the examples to the flags that there are.
func TestHelpExamplesParse(t *testing.T) {
	seen := 0
	app := (&program{}).app()
	descriptions := map[string]string{"taskrecon": app.Description}
	for _, c := range app.Commands {
		descriptions[c.Name] = c.Description
	}
	for name, description := range descriptions {
		examples := examplesIn(description)
		if len(examples) == 0 {
			t.Errorf("%s has no example", name)
		}
		for _, example := range examples {
			seen++
			args := shellWords(example)
			if name != "taskrecon" && args[1] != name {
				t.Errorf("%s: the example %q is of another command", name, example)
			}
			if err := parses(args); err != nil {
				t.Errorf("%s: %q: %v", name, example, err)
			}
		}
	}
	if seen < 15 {
		t.Errorf("only %d examples", seen)
	}
	for _, wrong := range []string{"taskrecon apply --no-such-flag x.csv", "taskrecon undo --max-attempts 3 x", "taskrecon nothing"} {
		if parses(shellWords(wrong)) == nil {
			t.Errorf("%q passes for an example", wrong)
		}
	}
}

// parses takes a command line as the program does, up to the command's action.
func parses(args []string) error {
	app := (&program{}).app()
	cmd := app.Command(args[1])
	if cmd == nil {
		return usage("no command %q", args[1])
	}
	flags := cmd.Flags
	if cmd.SkipFlagParsing {
		flags = flagsOfAll(app)
	}
	options, _, err := splitArgs(args[1], flags, args[2:])
	if err != nil {
		return err
	}
	set := flag.NewFlagSet("example", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	for _, f := range flags {
		if err := f.Apply(set); err != nil {
			return err
		}
	}
	return set.Parse(options)
}

// shellWords splits a command line at the spaces outside quotes, up to a pipe or a redirection.
func shellWords(line string) []string {
	var words []string
	word, quote := "", rune(0)
	for _, r := range line + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote == 0 && (r == '\'' || r == '"'):
			quote = r
		case quote == 0 && r == ' ':
			if strings.HasPrefix(word, ">") || word == "|" {
				return words
			}
			if word != "" {
				words = append(words, word)
			}
			word = ""
		default:
			word += string(r)
		}
	}
	return words
}

// examplesIn returns the command lines of a text, continued ones in one piece.
func examplesIn(text string) []string {
	var examples []string
	for line := range strings.SplitSeq(strings.ReplaceAll(text, "\\\n", ""), "\n") {
		if strings.HasPrefix(line, "  taskrecon ") {
			examples = append(examples, strings.TrimLeft(line, " "))
		}
	}
	return examples
}
