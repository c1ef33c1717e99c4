package diff

import (
	"slices"

	"taskrecon/internal/task"
)

// Standing is how a task compares with the edits of a change: the three-way comparison of base, found and wanted.
//
//	found equals, property by property   the property
//	the wanted value                     is made
//	the base's, or a value overwritten   is old
//	neither                              is third
//
// One third makes the task third; else one old makes it old; else it holds what is wanted.
type Standing struct {
	Third []Edit // edits whose property holds a third value, with that as Before
	Old   []Edit // edits whose property is old, with what was found as Before
}

// Wanted reports whether the task holds everything that is wanted.
func (s Standing) Wanted() bool { return len(s.Third) == 0 && len(s.Old) == 0 }

// Stand compares a task with the edits of a change. Values that the change has already set out to overwrite count as old.
func Stand(edits []Edit, found *task.Task, over []Overwritten) Standing {
	var s Standing
	for _, e := range edits {
		v := found.Get(e.Property)
		left := e
		left.Before = v
		switch {
		case e.Property.Equal(v, e.Wanted):
		case e.Property.Equal(v, e.Before), slices.ContainsFunc(over, func(o Overwritten) bool {
			return o.Property == e.Property && e.Property.Equal(v, o.Value)
		}):
			s.Old = append(s.Old, left)
		default:
			s.Third = append(s.Third, left)
		}
	}
	return s
}

// ConflictsOf describes the third values of a standing against the edits as they were planned.
func ConflictsOf(planned []Edit, third []Edit) []string {
	words := make([]string, 0, len(third))
	for _, t := range third {
		for _, e := range planned {
			if e.Property == t.Property {
				words = append(words, ConflictOf(e.Property.Name, e.Before, t.Before, e.Wanted))
			}
		}
	}
	return words
}

// OtherPairs reports whether found differs from what the plan was made upon in pairs that the edit does not change.
func OtherPairs(planned Edit, found task.Value) bool {
	var values [3]map[string][]string
	for i, v := range []task.Value{planned.Before, planned.Wanted, found} {
		pairs, err := task.PairsOf(v)
		if err != nil {
			return true
		}
		values[i] = task.ValuesByName(pairs)
	}
	before, wanted, now := values[0], values[1], values[2]
	for _, names := range []map[string][]string{before, now} {
		for name := range names {
			if !slices.Equal(now[name], before[name]) && slices.Equal(wanted[name], before[name]) {
				return true
			}
		}
	}
	return false
}
