package task

import "strings"

// Task is a task as the tenant holds it. Properties that this program does not know are dropped: they are never written back.
type Task struct {
	ID     string
	Type   string // @odata.type as read
	values values
}

// Withheld replaces every text that held the access token.
const Withheld = "withheld: it held the access token"

// Withheld reports whether the task held the access token, so that nothing but its id was kept: it is neither compared, exported nor sent.
func (t *Task) Withheld() bool { return t.Type == Withheld }

// Unknown returns what is kept of a task that cannot be understood: its id, and in place of its type what is wrong with it.
func Unknown(id string, why error) *Task {
	return &Task{ID: id, Type: "unknown kind or shape (" + strings.TrimPrefix(why.Error(), "task "+id+": ") + ")"}
}

// Get returns the value of p; a property that the service left out is null.
func (t *Task) Get(p *Property) Value { return t.values.get(p) }

// Had reports whether the task was sent with the property, whatever its value, null too: one that was left out may have any.
func (t *Task) Had(p *Property) bool { return t.values.had&(1<<p.index) != 0 }

// Set changes the value of p in this copy of the task.
func (t *Task) Set(p *Property, v Value) { t.values.set(p, v) }

// Managed reports whether the task is of a kind that this program knows.
func (t *Task) Managed() bool { return t.Kind() != nil }

// Kind is the task's kind, nil where it is not known.
func (t *Task) Kind() *TaskKind { return KindOf(t.Type) }

// Key is the form of an id under which two ids are the same task: ids are compared without regard to case.
func Key(id string) string { return strings.ToLower(id) }

// Origin is the place of a row in the input. Row is counted from 1 as a spreadsheet shows it, or the
// line on which the record starts in a CSV file.
type Origin struct {
	File  string `json:"file,omitempty"`
	Sheet string `json:"sheet,omitempty"`
	Row   int    `json:"row"`
}

// Assignment is one property that a row sets, with the value wanted. With a Pair it is for the one pair of
// intendedSettings that has this name, and leaves the others as they are; null then removes the pair.
type Assignment struct {
	Property *Property
	Value    Value
	Pair     string
}
