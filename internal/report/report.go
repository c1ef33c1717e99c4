package report

import (
	"time"

	"taskrecon/internal/ledger"
)

// Options say how a report is rendered. The zero value is times in UTC, no file replaced, and sheets as long as they may be.
type Options struct {
	Zone      *time.Location // a workbook and a page give the times of the run, and Results those of its rows, in this zone too; nil is UTC alone
	Overwrite bool           // replace a file that exists
	Preview   bool           // a page shows a plan that waits for somebody's answer
	SheetRows int            // of a workbook, after which a table goes on on another sheet; 0 is as many as a sheet holds
}

// Foreign reports whether times are shown in a zone beside UTC.
func (o Options) Foreign() bool { return o.Zone != nil && o.Zone != time.UTC }

// Zones says in which zones the times of a report are.
func (o Options) Zones() string {
	if !o.Foreign() {
		return "UTC"
	}
	return "UTC, but for those that name " + o.Zone.String()
}

// The names of a workbook's sheets, in their order.
const (
	SummarySheet   = "Summary"
	ResultsSheet   = "Results"
	ChangesSheet   = "Changes"
	FailuresSheet  = "Failures"
	UnmanagedSheet = "Unmanaged"
	RunSheet       = "Run"
)

// DocumentTitle is what precedes the run's id in the title of a workbook's properties.
const DocumentTitle = "taskrecon report of run "

// Title is the title of a run's report.
func Title(h *ledger.Header) string { return "taskrecon run " + h.RunID }
