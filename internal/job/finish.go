package job

import (
	"fmt"
	"os"
	"slices"
	"time"

	"taskrecon/internal/base"
	"taskrecon/internal/exit"
	"taskrecon/internal/ledger"
)

// Finished reports whether the file at path is the ledger of a run that has finished, so that Run needs no Client for it and
// makes no call.
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
// only now. It sends nothing, writes nothing into the ledger, and ends as that run did.
func (r *run) finish() error {
	past, err := ledger.Open(r.File)
	if err != nil {
		return &exit.Error{Code: exit.Input, Err: err, Hint: "nothing was sent"}
	}
	defer past.Close()
	r.past, r.record = past, past
	r.Watcher.Started(past.Header.RunID)
	s, end := r.summary, past.End
	s.Rows, s.Outcomes, s.Changes, s.Unmanaged = past.Rows(), past.Counts(), past.Changes(), len(past.Header.Unmanaged)
	if err := r.findBeside(); err != nil {
		return err
	}
	s.Run, s.Ledger = r.files.runID, r.files.ledger
	r.keepWritten(end.At)
	if err := r.checkBeside(); err != nil {
		return err
	}
	if err := r.render(); err != nil {
		return err
	}
	s.Reason = fmt.Sprintf("the run finished at %s: %s; nothing was sent now", end.At.UTC().Format(time.DateTime+" UTC"), end.Reason)
	if end.ExitCode == exit.Done {
		return nil
	}
	return exit.Errorf(end.ExitCode, "see its report; to try what it left undone, make a new plan", "%s", s.Reason)
}

// keepWritten leaves of a run's places those at which it has not written since it ended. With --overwrite all are written again.
func (r *run) keepWritten(ended time.Time) {
	f := &r.files
	written := func(path string) bool {
		info, err := os.Stat(path)
		return err == nil && f.own[path] && !r.Outputs.Overwrite && !info.ModTime().Before(ended) // an earlier leg's is out of date
	}
	f.reports = slices.DeleteFunc(slices.Clone(f.reports), func(path string) bool {
		if !written(path) {
			return false
		}
		r.summary.Reports = append(r.summary.Reports, path)
		return true
	})
	if !sentAnything(r.past) || written(f.undo) && written(base.Path(f.undo)) {
		f.undo = ""
	}
	if f.signature != "" && written(f.signature) {
		f.signature = ""
	}
}
