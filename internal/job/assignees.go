package job

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// assignees are those that the tenant's tasks have, in lower case.
func assignees(current []*task.Task) map[string]bool {
	seen := map[string]bool{}
	for _, t := range current {
		seen[strings.ToLower(t.Get(task.AssignedTo).String())] = true
	}
	return seen
}

// noticeAssignees says what a plan does with addresses that may be a slip: an assignee that the tenant has never seen, and rows
// whose addresses differ from the tenant's in case alone.
func noticeAssignees(p *diff.Plan, current []*task.Task) (notices []string) {
	var wanted []task.Value
	sameButCase := 0
	for i := range p.Changes {
		c := &p.Changes[i]
		differs := false
		for w := range c.Desired.Assignments() {
			if c.Current == nil || !w.Property.Address() {
				continue
			}
			v := c.Current.Get(w.Property)
			differs = differs || w.Property.Equal(v, w.Value) && !v.IsNull() && !w.Value.IsNull() && v != w.Value
			if w.Property == task.AssignedTo && c.Outcome == diff.Pending {
				wanted = append(wanted, w.Value)
			}
		}
		if differs {
			sameButCase++
		}
	}
	if text := noticeUnseen(wanted, assignees(current)); text != "" {
		notices = append(notices, text)
	}
	if sameButCase > 0 {
		notices = append(notices, fmt.Sprintf("addresses are compared without regard to case: %s with one that differs from the tenant's in case alone, which is left as it is",
			task.Plural(sameButCase, "row")))
	}
	return notices
}

// noticeUnseen names the assignees that no task of the tenant has.
func noticeUnseen(wanted []task.Value, seen map[string]bool) string {
	rows := map[string]int{}
	for _, v := range wanted {
		if !v.IsNull() && v.String() != "" && !seen[strings.ToLower(v.String())] {
			rows[v.String()]++
		}
	}
	if len(rows) == 0 {
		return ""
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(rows)) {
		names = append(names, fmt.Sprintf("%.80q (%s)", name, task.Plural(rows[name], "row")))
	}
	return "no task of this tenant is assigned yet to " + few(names) + "; look for a slip"
}

// noticeUnmatched names the assignees that an edit replaces and no task has.
func noticeUnmatched(replaced []string, seen map[string]bool) string {
	var names []string
	for _, old := range replaced {
		if !seen[old] {
			names = append(names, fmt.Sprintf("%.80q", old))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "no task of this tenant is assigned to " + few(names) + ", whom --map names"
}

// few is the first of many names.
func few(names []string) string {
	const most = 10
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
