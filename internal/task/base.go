package task

import "time"

// Base is what a task was known to hold when a sheet was made of it, for the properties that were known then.
// A row with a base wishes only for what differs from it, and a property that holds neither the base
// nor the wish has been changed by somebody else since.
type Base struct {
	ID string
	// Read is when this was read; zero where the sheet does not say.
	Read time.Time
	// Closes is when the settling windows of all that was sent to the task had closed: before, nothing is to be sent to it. Zero is no
	// such time.
	Closes time.Time

	values values
	known  [Count]bool
}

// BaseOf is the base that knows every property of a task.
func BaseOf(t *Task) *Base {
	b := &Base{ID: t.ID, values: t.values}
	for _, p := range All() {
		b.known[p.index] = t.Kind().Has(p)
	}
	return b
}

// Get returns the value of p at the base; ok is false for a property that the base does not know.
func (b *Base) Get(p *Property) (v Value, ok bool) {
	if b == nil {
		return Null, false
	}
	return b.values.get(p), b.known[p.index]
}

// Set makes the value of p known.
func (b *Base) Set(p *Property, v Value) {
	b.values.set(p, v)
	b.known[p.index] = true
}
