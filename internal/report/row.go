package report

import (
	"strings"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// Row is a row of the input and what became of it.
type Row struct {
	ledger.Entry
	Sent  ledger.Result // the entry's result, or an empty one
	Shown diff.Outcome  // as people read it
}

func (r *Run) row(e ledger.Entry) Row {
	row := Row{Entry: e, Shown: e.Outcome}
	if e.Result != nil {
		row.Sent = *e.Result
	}
	if r.saved && e.Outcome == diff.NotSent && e.Change.Outcome == diff.Pending {
		row.Shown = WouldChange
	}
	return row
}

// KindName is the name of a kind of task by its @odata.type; a ledger that has none is of securityConfigurationTasks alone.
func KindName(odataType string) string {
	if odataType == "" {
		return task.SecurityConfiguration.Name
	}
	if k := task.KindOf(odataType); k != nil {
		return k.Name
	}
	return odataType
}

// Waits reports whether the row is one of a saved plan and is yet to be sent.
func (r *Row) Waits() bool { return r.Shown == WouldChange }

// Failed reports whether the row did not come out as wanted. A row that waits to be sent has not failed: it would be sent twice if it
// were fed back.
func (r *Row) Failed() bool { return !r.Outcome.Good() && !r.Waits() }

// Why is the row's reason; of a row that shares another's outcome it says that, too.
func (r *Row) Why() string {
	switch {
	case r.Waits():
		return ""
	case r.SameAs == nil || r.Result == nil:
		return r.Reason
	}
	const shared = "sent once, with the earlier row that asks the same of this task"
	if r.Reason == "" {
		return shared
	}
	return r.Reason + "; " + shared
}

// After is the value that the tenant was last seen to hold where an edit is; nil where that is not known. That of an applied edit is
// the one wanted even where the ledger holds no other word of it: applied means that the tenant is known to hold it.
func (r *Row) After(edit int) *task.Value {
	switch {
	case r.Result != nil && edit < len(r.Result.After):
		return &r.Result.After[edit]
	case r.Outcome == diff.Applied:
		return &r.Edits[edit].Wanted
	}
	return nil
}

// ServerDate is the date of the answer by the service's clock, in the form in which the audit logs of Entra and Intune export theirs.
func (r *Row) ServerDate() string {
	if r.Sent.ServerDate.IsZero() {
		return ""
	}
	return r.Sent.ServerDate.UTC().Format(time.RFC3339)
}

// Status is the HTTP status, or nil where there was no answer.
func (r *Row) Status() any { return orBlank(r.Sent.Status) }

// SettledAfter is how many seconds after the last answer the row was settled, or nil where the answer settled it.
func (r *Row) SettledAfter() any { return orBlank(r.Sent.SettledAfter) }

func orBlank[N int | float64](n N) any {
	if n == 0 {
		return nil
	}
	return n
}

// Overwritten names each property of which another's value was overwritten, with that value.
func (r *Row) Overwritten() string {
	values := make([]string, len(r.Overwrote))
	for i, o := range r.Overwrote {
		values[i] = o.Property + ": " + Shown(o.Property, o.Value)
	}
	return strings.Join(values, "; ")
}

// OverwrittenAt is the value of another that an edit overwrote, "" where it overwrote none.
func (r *Row) OverwrittenAt(edit int) string {
	for _, o := range r.Overwrote {
		if o.Property == r.Edits[edit].Property {
			return Shown(o.Property, o.Value)
		}
	}
	return ""
}

// Shown is a value of a property as people are shown it.
func Shown(property string, v task.Value) string {
	if p := task.Lookup(property); p != nil {
		return p.Shown(v)
	}
	return v.String()
}

// NoteSent is the note that went out with the status, or of a row that waits to be sent the one that would.
func (r *Row) NoteSent() string {
	if r.Waits() || r.StatusSent == diff.ViaAction {
		return r.Note
	}
	return ""
}

func (r *Row) properties() string {
	names := make([]string, len(r.Edits))
	for i, e := range r.Edits {
		names[i] = e.Property
	}
	return strings.Join(names, ", ")
}
