package report

import (
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// Headers are those of Results, in every form that has them.
var Headers = []string{
	"Row", "Task ID", "Display name", "Outcome", "Reason", "Changed properties", "Attempts", "HTTP status", "Error code", "Request ID",
	"Client request ID", "Sent at", "Settled at", "Server date", "Run ID", "Actor", "App ID", "Tenant",
	"Settled after", "Overwrote", "Note sent",
}

// UnmanagedHeaders are those of the list of unmanaged tasks, in every form that has it for people.
var UnmanagedHeaders = []string{"Task ID", "Display name", "Status", "Assigned to", "Due", "Kind"}

// UnmanagedValues are a task's in these columns.
func UnmanagedValues(u *ledger.Unmanaged) []string {
	return []string{
		u.ID, task.DisplayName.Shown(u.DisplayName), task.Status.Shown(u.Status), task.AssignedTo.Shown(u.AssignedTo), task.DueDateTime.Shown(u.DueDateTime),
		KindName(u.Type),
	}
}

// Places in Headers.
const (
	AtOutcome = 3
	AtChanged = 5
	AtZone    = 18 // before which the columns of the reader's zone come; those behind it were added later
)

// Values are the row's in the columns of Headers: a string, int, float64, time.Time, diff.Outcome or nil each.
func (r *Run) Values(row *Row) []any {
	h := &r.Ledger.Header
	return []any{
		row.Row, row.ID, row.DisplayName.String(), row.Shown, row.Why(), row.properties(), row.Attempts, row.Status(), row.Sent.Code, row.Sent.RequestID,
		row.Sent.ClientRequestID, row.Sent.SentAt, row.Sent.SettledAt, row.ServerDate(), h.RunID, row.Caller.Actor, row.Caller.AppID, h.Tenant,
		row.SettledAfter(), row.Overwritten(), row.NoteSent(),
	}
}
