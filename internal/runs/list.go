package runs

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
)

// LedgerFile is the name of the ledger in a run's directory.
const LedgerFile = "ledger.jsonl"

// Run is what a ledger says of its run.
type Run struct {
	Ledger   string               `json:"ledger"`
	Run      string               `json:"run"`
	Command  string               `json:"command"`
	Started  time.Time            `json:"started,omitzero"`
	Operator string               `json:"operator"`
	Actor    string               `json:"actor"`
	Tenant   string               `json:"tenant"`
	File     string               `json:"file"`
	Rows     int                  `json:"rows"`
	Outcomes map[diff.Outcome]int `json:"outcomes,omitempty"`
	ExitCode *int                 `json:"exitCode"` // null for a run that has not ended
	Verified bool                 `json:"verified"` // every line is as it was written
	Problem  string               `json:"problem,omitempty"`
	Next     string               `json:"next,omitempty"` // the command that sends or settles what is left; the caller's

	Ended  time.Time `json:"-"`
	Saved  bool      `json:"-"` // a plan of which nothing was sent yet
	Passed bool      `json:"-"` // nothing is left to be sent or settled
}

// List reads the ledgers (*.jsonl, but for bases) in dir and one directory below it, oldest run first. A ledger that was
// altered is listed with the problem; only a directory that cannot be read is an error.
func List(dir string) ([]Run, error) {
	if _, err := os.ReadDir(dir); err != nil {
		return nil, fmt.Errorf("listing the runs: %w", err)
	}
	var runs []Run
	var seen []os.FileInfo
	for _, pattern := range []string{"*/" + LedgerFile, "*.jsonl", "*/*.jsonl"} {
		paths, err := filepath.Glob(filepath.Join(globQuote(dir), pattern))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			info, err := os.Stat(path)
			known := func(other os.FileInfo) bool { return os.SameFile(info, other) }
			if err != nil || !info.Mode().IsRegular() || strings.HasSuffix(path, ".base.jsonl") || slices.ContainsFunc(seen, known) {
				continue
			}
			seen, runs = append(seen, info), append(runs, read(path))
		}
	}
	slices.SortStableFunc(runs, func(a, b Run) int {
		return cmp.Or(a.Started.Compare(b.Started), cmp.Compare(a.Ledger, b.Ledger))
	})
	return runs, nil
}

// globQuote makes a directory's name match itself.
func globQuote(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

func read(path string) Run {
	p := Run{Ledger: path}
	past, err := ledger.Open(path)
	if err != nil {
		p.Problem = plainCause(err)
		return p
	}
	defer past.Close()
	h := &past.Header
	p.Run, p.Command, p.Started, p.Operator, p.Actor, p.Tenant = h.RunID, h.Command, h.Started, h.Operator, h.Actor, h.Tenant
	p.File, p.Rows, p.Outcomes, p.Verified = h.Input.File, past.Rows(), past.Counts(), true
	p.Saved, p.Passed = past.Planned() && past.End == nil, past.Finished()
	if past.End != nil {
		p.ExitCode, p.Ended = &past.End.ExitCode, past.End.At
	}
	return p
}

// plainCause leaves out of an error the path that is shown beside it.
func plainCause(err error) string {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err.Error()
	}
	return err.Error()
}
