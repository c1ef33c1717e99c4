package job

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"taskrecon/internal/report"
)

// The names of a run's files in its directory, beside report.xlsx.
const (
	ledgerFile = "ledger.jsonl"
	undoFile   = "undo.csv"
)

// Outputs says what a run leaves where. Apply always leaves a ledger and a report; plan leaves what is named here.
type Outputs struct {
	RunDir    string   // directory of this run; "" is runs/<utc>-<id> for apply, none for plan
	Ledger    string   // "" is ledger.jsonl in RunDir
	Reports   []string // none is report.xlsx in RunDir
	Overwrite bool     // of reports; a ledger is never overwritten
}

// check refuses, before anything is read or sent, what could not be written afterwards, or only in the place of something else.
func (o Outputs) check(input string) error {
	for _, path := range o.Reports {
		if err := report.Supported(path); err != nil {
			return &Exit{Code: ExitUsage, Err: err}
		}
	}
	ledgers, reports := []string{o.Ledger}, o.Reports
	if o.RunDir != "" && o.Ledger == "" {
		ledgers = []string{filepath.Join(o.RunDir, ledgerFile)}
	}
	for _, path := range ledgers {
		if path != "" && exists(path) {
			return Fail(ExitUsage, "name another; a ledger is never overwritten", "the ledger %s exists already", path)
		}
	}
	if o.RunDir != "" && len(reports) == 0 {
		reports = []string{filepath.Join(o.RunDir, "report.xlsx")}
	}
	for _, path := range reports {
		if !o.Overwrite && exists(path) {
			return Fail(ExitUsage, "name another, or say --overwrite", "the report %s exists already", path)
		}
	}
	undo := undoBeside(ledgers[0])
	if o.RunDir != "" {
		undo = filepath.Join(o.RunDir, undoFile)
	}
	return Apart(reports, input, ledgers[0], undo)
}

// Apart refuses reports and sheets that would take the place of each other, or of files that are named: the input, a ledger.
// Names that are "" stand for nothing.
func Apart(outputs []string, files ...string) error {
	for i, path := range outputs {
		for _, other := range slices.Concat(outputs[:i], files) {
			if other != "" && samePlace(path, other) {
				return Fail(ExitUsage, "name another", "%s would take the place of %s", path, other)
			}
		}
	}
	return nil
}

// samePlace reports whether two paths are of one file, which need not exist.
func samePlace(a, b string) bool {
	one, errA := os.Stat(a)
	two, errB := os.Stat(b)
	if errA == nil && errB == nil {
		return os.SameFile(one, two)
	}
	absA, errA := filepath.Abs(a)
	absB, errB := filepath.Abs(b)
	return errA == nil && errB == nil && absA == absB
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

// files are the places of one run.
type files struct {
	runID   string
	ledger  string
	reports []string
	undo    string // "" where nothing is sent
	temp    string // directory that is gone after the run, for a plan that nobody wants kept
}

// undoBeside is where the undo of a run goes whose ledger stands by itself.
func undoBeside(ledger string) string {
	if ledger == "" {
		return ""
	}
	return strings.TrimSuffix(ledger, filepath.Ext(ledger)) + "." + undoFile
}

// newRunID makes the name of a run. Nothing in it comes from outside, so that it can be that of a directory.
func newRunID(started time.Time) (string, error) {
	var id [3]byte
	if _, err := rand.Read(id[:]); err != nil {
		return "", err
	}
	return started.UTC().Format("20060102T150405Z") + "-" + hex.EncodeToString(id[:]), nil
}

// open decides the places and makes the run's directory, 0700. Of a run that does not send, nothing stays but what was named.
func (f *files) open(o Outputs, sends bool) error {
	f.ledger, f.reports = o.Ledger, o.Reports
	keep := sends || o.RunDir != ""
	named := f.ledger != "" && len(f.reports) > 0
	switch {
	case !keep && f.ledger == "":
		temp, err := os.MkdirTemp("", "taskrecon-plan-")
		if err != nil {
			return err
		}
		f.temp, f.ledger = temp, filepath.Join(temp, ledgerFile)
		return nil
	case !keep || named && !sends:
		return nil
	case named && o.RunDir == "":
		f.undo = undoBeside(f.ledger)
		return nil
	}
	dir := o.RunDir
	if dir == "" {
		dir = filepath.Join("runs", f.runID)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making the run's directory: %w", err)
	}
	if f.ledger == "" {
		f.ledger = filepath.Join(dir, ledgerFile)
	}
	f.undo = filepath.Join(dir, undoFile)
	if len(f.reports) == 0 {
		f.reports = []string{filepath.Join(dir, "report.xlsx")}
	}
	return nil
}

// shownLedger is the ledger's path, if it stays.
func (f *files) shownLedger() string {
	if f.temp != "" {
		return ""
	}
	return f.ledger
}

func (f *files) cleanUp() {
	if f.temp != "" {
		os.RemoveAll(f.temp)
	}
}

// report leaves what is derived from the ledger: its signature, what takes the run back, and every report that is wanted.
func (r *run) report() error {
	if r.summary.Ledger != "" {
		r.Watcher.Written("ledger", r.summary.Ledger)
	}
	undo, sign := r.files.undo != "" && r.Command == "apply", r.Signer != nil && r.summary.Ledger != ""
	if len(r.files.reports) == 0 && !undo && !sign {
		return nil
	}
	past, err := r.recorded()
	if err != nil {
		return err
	}
	var errs []error
	if sign {
		errs = append(errs, r.sign(past.Final))
	}
	if undo {
		done, err := WriteUndo(past, r.files.undo, true)
		if errs = append(errs, err); err == nil {
			for _, path := range done.Files {
				r.Watcher.Written("undo", path)
			}
		}
	}
	for _, path := range r.files.reports {
		if err := report.Write(path, past, r.Report); err != nil {
			errs = append(errs, r.rendered(path, err))
			continue
		}
		r.summary.Reports = append(r.summary.Reports, path)
		r.Watcher.Written("report", path)
	}
	return errors.Join(errs...)
}

// rendered says of a report that could not be written how to get it all the same.
func (r *run) rendered(path string, err error) error {
	if r.summary.Ledger == "" {
		return err
	}
	return Fail(ExitFailed, fmt.Sprintf("the ledger %s has everything; mend the cause, and render it with taskrecon report", r.summary.Ledger), "%w", err)
}
