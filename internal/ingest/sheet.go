package ingest

import (
	"time"

	"taskrecon/internal/base"
	"taskrecon/internal/task"
)

// SheetRow is a row of a sheet that is made for editing: what the task held, and what the sheet asks for already.
type SheetRow struct {
	Base   *task.Base
	Wishes []task.Wish // in place of the base's values; none for a pair
}

// Source says where and when the base of a sheet was read.
type Source = base.Source

// SheetOptions say what a sheet that is made for editing looks like.
type SheetOptions struct {
	Columns   []*task.Property // behind id, in this order
	Shown     []*task.Property // properties whose base stands in columns of its own, "Current NAME", for comparison
	Zone      *time.Location   // of date cells; nil is UTC
	Source    Source
	Template  bool // a header and no rows; such a sheet has no base
	Overwrite bool
}
