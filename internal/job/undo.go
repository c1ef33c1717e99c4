package job

import (
	"fmt"
	"slices"

	"taskrecon/internal/base"
	"taskrecon/internal/export"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// Undone is what WriteUndo wrote.
type Undone struct {
	Rows  int
	Files []string
	Left  []string // in words, what the run changed or may have changed and the sheet does not restore
}

// WriteUndo writes the sheet that takes back what the run of a ledger changed, and nothing else. Its base is
// what the run left behind, so that somebody's later edit is a conflict when it is applied. A run that
// changed nothing gives a sheet without rows.
func WriteUndo(past *ledger.Reader, path string, overwrite bool) (*Undone, error) {
	u, err := export.UndoOf(past)
	if err != nil {
		return nil, err
	}
	o := export.Options{
		Columns: slices.Clone(u.Properties), Shown: u.Properties, Overwrite: overwrite,
		Source: base.Source{Tenant: past.Header.Tenant, Cloud: past.Header.Cloud, At: u.At, Undoes: past.Header.RunID},
	}
	if !slices.Contains(o.Columns, task.DisplayName) {
		o.Columns = slices.Insert(o.Columns, 0, task.DisplayName)
	}
	done := &Undone{Rows: len(u.Rows), Left: u.Left}
	if done.Files, err = export.Write(path, u.Rows, o); err != nil {
		return nil, fmt.Errorf("writing %s: %w", path, err)
	}
	return done, nil
}
