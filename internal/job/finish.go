package job

import (
	"fmt"
	"os"
	"slices"
	"time"

	"taskrecon/internal/base"
	"taskrecon/internal/ledger"
)

// Finished reports whether the file at path is the ledger of a run that has finished, so that Run needs no Client for it and
// asks nobody.
func Finished(path string) bool {
	if !ledger.Is(path) {
		return false
	}
	past, err := ledger.Open(path)
	if err != nil {
		return false
	}
	defer past.Close()
	return past.Finished()
}

// finish leaves what a run that has finished lacks of its files, since it was killed while it wrote them, or that is asked for
// only now. It sends nothing, and ends as that run did.
func (r *run) finish() error {
	end := r.past.End
	s := r.summary
	s.Rows, s.Outcomes, s.Changes = r.past.Rows(), r.past.Counts(), r.past.Changes()
	s.Unmanaged = len(r.past.Header.Unmanaged)
	if err := r.placeBeside(); err != nil {
		return err
	}
	f := &r.files
	s.Run, s.Ledger = f.runID, f.shownLedger()
	there := func(path string) bool { return r.written(path, end.At) }
	f.reports = slices.DeleteFunc(slices.Clone(f.reports), func(path string) bool {
		if !there(path) {
			return false
		}
		s.Reports = append(s.Reports, path)
		return true
	})
	if there(f.undo) && there(base.Path(f.undo)) {
		f.undo = ""
	}
	if f.signature != "" && there(f.signature) {
		f.signature = ""
	}
	if err := r.render(); err != nil {
		return err
	}
	s.Reason = fmt.Sprintf("the run finished at %s: %s; nothing was sent now", end.At.UTC().Format(time.DateTime+" UTC"), end.Reason)
	if end.ExitCode == ExitDone {
		return nil
	}
	return Fail(end.ExitCode, "see its report; to try what it left undone, make a new plan", "%s", s.Reason)
}

// written reports whether the run itself wrote a file when it had ended. An earlier leg's is out of date, and with --overwrite
// all are written again.
func (r *run) written(path string, ended time.Time) bool {
	info, err := os.Stat(path)
	return err == nil && !r.Outputs.Overwrite && !info.ModTime().Before(ended)
}
