package job

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"taskrecon/internal/exit"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report/render"
	"taskrecon/internal/runs"
)

// The names of a run's files in its directory.
const (
	ledgerFile = runs.LedgerFile
	reportFile = "report.xlsx"
	undoFile   = "undo.csv"
)

// Outputs says what a run leaves where. Apply always leaves a ledger and a report; plan leaves what is named here.
type Outputs struct {
	Runs      string   // directory of all runs; "" is runs
	RunDir    string   // directory of this run; "" is <utc>-<id> in Runs for apply, none for plan
	Ledger    string   // "" is ledger.jsonl in RunDir
	Reports   []string // none is report.xlsx in RunDir
	Overwrite bool     // what exists; a ledger is never overwritten, nor is the input
	Others    []string // files that the command reads or writes beside these and the input
}

// Apart refuses reports and sheets that would take the place of each other, or of files that are named: the input, a ledger.
// Names that are "" mean nothing.
func Apart(outputs []string, files ...string) error {
	for i, path := range outputs {
		for _, other := range slices.Concat(outputs[:i], files) {
			if other != "" && samePlace(path, other) {
				return exit.Errorf(exit.Usage, "name another", "%s would take the place of %s", path, other)
			}
		}
	}
	return nil
}

// samePlace reports whether two paths are of one file, which need not exist.
func samePlace(a, b string) bool {
	one, errA := os.Stat(a)
	two, errB := os.Stat(b)
	if errA == nil || errB == nil {
		return errA == nil && errB == nil && os.SameFile(one, two)
	}
	absA, errA := filepath.Abs(a)
	absB, errB := filepath.Abs(b)
	if errA != nil || errB != nil || absA == absB {
		return errA == nil && errB == nil
	}
	same := filepath.Base(absA) == filepath.Base(absB)
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		same = strings.EqualFold(filepath.Base(absA), filepath.Base(absB))
	}
	return same && samePlace(filepath.Dir(absA), filepath.Dir(absB))
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

// LedgerAt is the ledger that a path names: that of a run's directory, or the file itself.
func LedgerAt(path string) string {
	if in := filepath.Join(path, ledgerFile); exists(in) {
		return in
	}
	return path
}

// newRunID makes the name of a run. Nothing in it comes from outside, so that it can be that of a directory.
func newRunID(started time.Time) (string, error) {
	var id [3]byte
	if _, err := rand.Read(id[:]); err != nil {
		return "", err
	}
	return started.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(id[:]), nil
}

// report leaves what is derived from the ledger, and says where the ledger is.
func (r *run) report() error {
	if r.summary.Ledger != "" {
		r.Watcher.Written("ledger", r.summary.Ledger)
	}
	return r.render()
}

// render leaves the ledger's signature, what takes the run back, and every report that is wanted.
func (r *run) render() error {
	f := &r.files
	if len(f.reports) == 0 && f.undo == "" && f.signature == "" {
		return nil
	}
	past, err := r.recorded()
	if err != nil {
		return err
	}
	var errs []error
	if f.signature != "" {
		errs = append(errs, r.sign(past.Final))
	}
	if f.undo != "" && sentAnything(past) {
		done, err := WriteUndo(past, f.undo, r.mayReplace(f.undo))
		if errs = append(errs, err); err == nil {
			for _, path := range done.Files {
				r.Watcher.Written("undo", path)
			}
		}
	}
	for _, path := range f.reports {
		o := r.Report
		o.Overwrite = r.mayReplace(path)
		if err := render.Write(path, past, o); err != nil {
			errs = append(errs, r.rendered(path, err))
			continue
		}
		r.summary.Reports = append(r.summary.Reports, path)
		r.Watcher.Written("report", path)
	}
	return errors.Join(errs...)
}

// sentAnything reports whether a run put anything on the wire, so that there may be something to take back.
func sentAnything(past *ledger.Reader) bool {
	_, last := past.Recent(0)
	return !last.IsZero()
}

// rendered says of a report that could not be written how to get it all the same.
func (r *run) rendered(path string, err error) error {
	if r.summary.Ledger == "" {
		return err
	}
	return exit.Errorf(exit.Failed, fmt.Sprintf("the ledger %s has everything; remove the cause, and render it with taskrecon report", r.summary.Ledger), "%w", err)
}
