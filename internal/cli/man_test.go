package cli

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"taskrecon/internal/exit"
	"taskrecon/internal/text"
)

func TestManPage(t *testing.T) {
	page, diag, code := runHere(t, nil, "man")
	if code != 0 || diag != "" {
		t.Fatalf("exit %d: %s", code, diag)
	}
	sections := []string{"NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES"}
	at := 0
	for _, s := range sections {
		i := strings.Index(page[at:], "\n.SH "+s+"\n")
		if i < 0 {
			t.Fatalf("no section %s after the one before", s)
		}
		at += i
	}
	for _, c := range (&program{}).app().Commands {
		_, own, ok := strings.Cut(page, "\n.SS "+c.Name+"\n")
		own, _, _ = strings.Cut(own, "\n.S")
		if !ok {
			t.Errorf("no command %s", c.Name)
		}
		for _, f := range c.Flags {
			if !strings.Contains(own, text.Roff("--"+f.Names()[0])) {
				t.Errorf("%s: no --%s", c.Name, f.Names()[0])
			}
		}
	}
	for _, e := range exit.Meanings {
		if !strings.Contains(page[at-8000:], `\fB`+strconv.Itoa(e.Code)+`\fR`) {
			t.Errorf("no exit code %d", e.Code)
		}
	}
	for _, name := range secretVariables {
		if !strings.Contains(page, `\fB`+name+`\fR`) {
			t.Errorf("no variable %s", name)
		}
	}
}

// TestManReads has the page read by those who read manual pages.
func TestManReads(t *testing.T) {
	page, _, _ := runHere(t, nil, "man")
	for _, reader := range [][]string{
		{"mandoc", "-T", "lint", "-W", "error"},
		{"groff", "-man", "-ww", "-z", "-Tutf8"},
	} {
		t.Run(reader[0], func(t *testing.T) {
			if _, err := exec.LookPath(reader[0]); err != nil {
				t.Skipf("%s is not installed, so it did not read the page", reader[0])
			}
			cmd := exec.Command(reader[0], reader[1:]...)
			cmd.Stdin = strings.NewReader(page)
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestManFits80Columns(t *testing.T) {
	if _, err := exec.LookPath("groff"); err != nil {
		t.Skip("groff is not installed, so the page was not set")
	}
	page, _, _ := runHere(t, nil, "man")
	cmd := exec.Command("groff", "-man", "-Tutf8", "-P-cbou", "-rLL=80n")
	cmd.Stdin = strings.NewReader(page)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(out), "\n")
	for _, line := range lines {
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if len(lines) < 300 {
		t.Errorf("only %d lines", len(lines))
	}
}
