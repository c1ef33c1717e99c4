package diff

import (
	"cmp"
	"fmt"
	"strings"

	"taskrecon/internal/task"
)

// Conflicts compares base, found and wanted for each wish of a row that has a base, and returns in words those of
// which the three are different: the property was changed in the sheet and, otherwise, in the tenant.
func Conflicts(d *task.Desired, found *task.Task) []string {
	var conflicts []string
	for w := range d.Assignments() {
		base, known := d.Base.Get(w.Property)
		if !known {
			continue
		}
		name, v, wanted := w.Property.Name, found.Get(w.Property), w.Value
		if w.Pair != "" {
			name += "." + w.Pair
			base, v, wanted = onlyPair(base, w.Pair), onlyPair(v, w.Pair), onlyPair(meet(task.Null, w), w.Pair)
		}
		if !w.Property.Equal(v, wanted) && !w.Property.Equal(v, base) {
			conflicts = append(conflicts, ConflictOf(name, base, v, wanted))
		}
	}
	return conflicts
}

func onlyPair(v task.Value, name string) task.Value {
	only, err := task.OnlyPair(v, name)
	if err != nil { // no value that was read is of another form
		return v
	}
	return only
}

// ConflictOf says of one property what the base, the tenant and the wish hold.
func ConflictOf(name string, base, found, wanted task.Value) string {
	p := cmp.Or(task.Lookup(name), task.IntendedSettings) // or a pair of these
	return fmt.Sprintf("%s: base %s, found %s, wanted %s", name, p.Quoted(base), p.Quoted(found), p.Quoted(wanted))
}

// ConflictWords is the reason of a row that is left alone because of these conflicts.
func ConflictWords(conflicts []string) string {
	return "someone else changed it: " + strings.Join(conflicts, "; ")
}
