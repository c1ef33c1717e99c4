package cli

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// completionScript writes the script of a shell to a file. The script calls the taskrecon of TestMain.
func completionScript(t *testing.T, shell string) string {
	t.Helper()
	if _, err := exec.LookPath(shell); err != nil {
		t.Skipf("%s is not installed, so its completion was not tried", shell)
	}
	out, diag, code := runHere(t, nil, "completion", shell)
	if code != 0 || diag != "" {
		t.Fatalf("exit %d: %s", code, diag)
	}
	path := filepath.Join(t.TempDir(), "taskrecon."+shell)
	if err := os.WriteFile(path, []byte(out), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func shellRun(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+cmd.Dir, "XDG_CONFIG_HOME="+cmd.Dir, "XDG_DATA_HOME="+cmd.Dir, "TERM=dumb")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// completionCases is what is typed, the last word being completed, and what is offered for it.
var completionCases = []struct {
	typed []string
	want  []string // among what is offered; none is that nothing is
	never string
}{
	{[]string{""}, []string{"plan", "apply", "config", "completion", "man", "help"}, "--yes"},
	{[]string{"ap"}, []string{"apply"}, "plan"},
	{[]string{"apply", "--max-a"}, []string{"--max-attempts"}, "--max-clears"},
	{[]string{"apply", "x.csv", "--conf"}, []string{"--config"}, "--yes"},
	{[]string{"apply", "--on-conflict", ""}, []string{"skip", "overwrite", "abort"}, "--yes"},
	{[]string{"apply", "--on-conflict", "o"}, []string{"overwrite"}, "skip"},
	{[]string{"undo", "--max-a"}, nil, "--max-attempts"},
	{[]string{"completion", ""}, shells, "plan"},
	{[]string{"help", "ver"}, []string{"verify", "version"}, "plan"},
	{[]string{"config", "ex"}, []string{"export"}, "plan"},
	{[]string{"config", "--max-a"}, []string{"--max-attempts"}, "--yes"},
}

func checkOffers(t *testing.T, typed, got, want []string, never string) {
	t.Helper()
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("%q: %q is not offered, but %q", typed, w, got)
		}
	}
	if len(want) == 0 && len(got) > 0 || slices.Contains(got, never) {
		t.Errorf("%q: offers %q", typed, got)
	}
}

func TestCompletionBash(t *testing.T) {
	path := completionScript(t, "bash")
	ask := `source "$1"; shift; COMP_WORDS=(taskrecon "$@"); COMP_CWORD=$#; _taskrecon; printf '%s\n' "${COMPREPLY[@]}"`
	for _, test := range completionCases {
		got := strings.Fields(shellRun(t, "bash", append([]string{"--norc", "-c", ask, "bash", path}, test.typed...)...))
		checkOffers(t, test.typed, got, test.want, test.never)
	}
	for _, typed := range [][]string{{"apply", "--on-conflict", "="}, {"apply", "--on-conflict", "=", "o"}} {
		got := strings.Fields(shellRun(t, "bash", append([]string{"--norc", "-c", ask, "bash", path}, typed...)...))
		checkOffers(t, typed, got, []string{"overwrite"}, "--yes")
	}
	if got := shellRun(t, "bash", "--norc", "-c", `source "$1"; complete -p taskrecon`, "bash", path); !strings.Contains(got, "-o default") {
		t.Errorf("files are not completed: %s", got)
	}
}

func TestCompletionFish(t *testing.T) {
	path := completionScript(t, "fish")
	for _, test := range completionCases {
		line := "taskrecon " + strings.Join(test.typed, " ")
		var got []string
		for offer := range strings.Lines(shellRun(t, "fish", "--no-config", "-c", `source $argv[1]; complete -C $argv[2]`, path, line)) {
			word, _, _ := strings.Cut(strings.TrimSpace(offer), "\t")
			got = append(got, word)
		}
		checkOffers(t, test.typed, got, test.want, test.never)
	}
}

// TestCompletionZsh types into a zsh on a terminal of its own, since its completion works nowhere else.
func TestCompletionZsh(t *testing.T) {
	t.Parallel()
	path := completionScript(t, "zsh")
	shellRun(t, "zsh", "-n", path)
	rc := "PS1='READY>'; autoload -Uz compinit; compinit -u -D; source " + path + `
show() { print -r -- "<<$BUFFER>>"; }
zle -N show; bindkey '^X' show; bindkey '^I' complete-word`
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), ".zshrc"), []byte(rc), 0o600); err != nil {
		t.Fatal(err)
	}
	ask := `zmodload zsh/zpty
export ZDOTDIR=$1
zpty z zsh -d -i
zpty -r -m z out '*READY>*'
for typed in "${@:2}"; do
    zpty -w -n z $'\x15'"taskrecon $typed"$'\t\x18'
    zpty -r -m z out '*<<*>>*'
    print -r -- ${${out##*<<}%%>>*}
done
zpty -d z`
	tests := []struct{ typed, want string }{
		{"appl", "taskrecon apply"},
		{"apply --max-at", "taskrecon apply --max-attempts"},
		{"apply --on-conflict ov", "taskrecon apply --on-conflict overwrite"},
		{"apply --on-conflict=ab", "taskrecon apply --on-conflict=abort"},
		{"apply --yes --skip-in", "taskrecon apply --yes --skip-invalid"},
		{"completion fi", "taskrecon completion fish"},
		{"help verif", "taskrecon help verify"},
		{"validate " + strings.TrimSuffix(path, "sh"), "taskrecon validate " + path},
	}
	args := []string{"-f", "-c", ask, "zsh", filepath.Dir(path)}
	for _, test := range tests {
		args = append(args, test.typed)
	}
	got := strings.Split(shellRun(t, "zsh", args...), "\n")
	for i, test := range tests {
		if i >= len(got) || strings.TrimSpace(got[i]) != test.want {
			t.Errorf("%q: completed to %q, want %q", test.typed, got[min(i, len(got)-1)], test.want)
		}
	}
}

func TestCompletionPwsh(t *testing.T) {
	path := completionScript(t, "pwsh")
	for _, test := range completionCases {
		line := "taskrecon " + strings.Join(test.typed, " ")
		ask := `. '` + path + `'; [System.Management.Automation.CommandCompletion]::CompleteInput('` + line + `', ` + "'" + line + "'" + `.Length, $null).CompletionMatches.CompletionText`
		got := strings.Fields(shellRun(t, "pwsh", "-NoProfile", "-Command", ask))
		checkOffers(t, test.typed, got, test.want, test.never)
	}
}

// TestCompletionKnowsAll asks for every flag of every command.
func TestCompletionKnowsAll(t *testing.T) {
	for _, c := range (&program{}).app().Commands {
		got, _, _ := runHere(t, nil, c.Name, "--complete=-")
		for _, f := range c.Flags {
			for _, name := range f.Names() {
				if dashed := strings.Repeat("-", min(len(name), 2)) + name; !strings.Contains("\n"+got, "\n"+dashed+"\t") {
					t.Errorf("%s: no %s", c.Name, dashed)
				}
			}
		}
	}
}

func TestCompletionWords(t *testing.T) {
	for placeholder, want := range map[string][]string{
		"include|skip": {"include", "skip"}, "patch|updateStatus": {"patch", "updateStatus"}, "N|N%": nil, "FILE.xlsx|FILE.csv": nil,
		"none|FILE": {"none"}, "": nil, "PROPERTY=VALUE...": nil, ".html": nil,
	} {
		if got := wordsIn(placeholder); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", placeholder, got, want)
		}
	}
}
