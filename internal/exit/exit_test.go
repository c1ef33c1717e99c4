package exit_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"taskrecon/internal/exit"
)

func TestCode(t *testing.T) {
	limit := exit.Errorf(exit.Limit, "look first", "too much: %w", fs.ErrExist)
	for _, test := range []struct {
		err  error
		want int
	}{
		{nil, exit.Done},
		{errors.New("any"), exit.Failed},
		{limit, exit.Limit},
		{fmt.Errorf("planning: %w", limit), exit.Limit},
	} {
		if got := exit.Code(test.err); got != test.want {
			t.Errorf("%v: code %d, want %d", test.err, got, test.want)
		}
	}
	if !errors.Is(limit, fs.ErrExist) || limit.Error() != "too much: file already exists" {
		t.Errorf("%v does not wrap its cause", limit)
	}
}

func TestWords(t *testing.T) {
	for code, want := range map[int]string{
		exit.Done: "done", exit.Partial: "finished, but some rows are not as wanted", exit.Terminated: "terminated", 99: "the run failed",
	} {
		if got := exit.Words(code); got != want {
			t.Errorf("%d: %q, want %q", code, got, want)
		}
	}
}

// TestTable compares the table of docs/runs.md with the one wording.
func TestTable(t *testing.T) {
	table, err := os.ReadFile("../../docs/runs.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range exit.Meanings {
		if row := fmt.Sprintf("\n| %d | %s |\n", m.Code, m); !strings.Contains(string(table), row) {
			t.Errorf("docs/runs.md lacks the row%s", row)
		}
	}
}
