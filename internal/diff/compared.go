package diff

import "taskrecon/internal/task"

// Compared is what stood against each other in a property of a row when the plan was made.
type Compared struct {
	Property *task.Property
	Base     task.Value
	Found    task.Value // the base's where the task was not found
	Wanted   task.Value // what was found, where the row does not set the property
}

// Compared returns what the properties of a row that ended with the plan were compared with, so that the row can be corrected and
// compared again: those that the row's base knows, and those that the row sets. It is nil for a row without a base, one that is
// unchanged, and one that is to be sent, whose edits say the same.
func (c *Change) Compared() []Compared {
	if c.Outcome == Pending || c.Outcome == Unchanged || c.Desired.Base == nil {
		return nil
	}
	var all []Compared
	for _, p := range task.All() {
		base, known := c.Desired.Base.Get(p)
		found := base
		if c.Current != nil && c.Current.Managed() {
			found = c.Current.Get(p)
		}
		wanted, asked := found, false
		for w := range c.Desired.Assignments() {
			if w.Property == p {
				wanted, asked = meet(wanted, w), true
			}
		}
		switch {
		case !p.Writable:
		case known:
			all = append(all, Compared{p, base, found, wanted})
		case asked && c.Current != nil:
			all = append(all, Compared{p, found, found, wanted})
		}
	}
	return all
}
