package export

import (
	"time"

	"taskrecon/internal/base"
	"taskrecon/internal/task"
)

// Row is a row of a sheet that is made for editing: what the task held, and what the sheet asks for already.
type Row struct {
	Base        *task.Base
	Assignments []task.Assignment // in place of the base's values; none for a pair
	Note        string            // that goes to the service with the status
	Kind        *task.TaskKind    // nil where the sheet does not show it
}

// Options say what a sheet that is made for editing looks like.
type Options struct {
	Columns   []*task.Property // behind id, in this order
	Shown     []*task.Property // properties whose base has columns of its own, for comparison: "Current NAME", or in the undo of a run "Left NAME"
	Zone      *time.Location   // of date cells; nil is UTC
	Source    base.Source
	Template  bool // a header and no rows; such a sheet has no base
	Overwrite bool
}
