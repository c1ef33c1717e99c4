package job

import (
	"fmt"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// planNotices say what is to be known of a plan beside its changes.
func planNotices(p *diff.Plan, current []*task.Task) (notices []string) {
	if text := withheld(current); text != "" {
		notices = append(notices, text)
	}
	notices = append(notices, noticeAssignees(p, current)...)
	notices = append(notices, noticeLacking(p)...)
	if held := keptNotes(p); held > 0 {
		notices = append(notices, fmt.Sprintf("%s not sent: the status that it goes with is held already", task.Plural(held, "note")))
	}
	return notices
}

// noticeLacking says once for each property in how many rows it is set for a task whose kind lacks it.
func noticeLacking(p *diff.Plan) (notices []string) {
	var rows [task.Count]int
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Outcome != diff.WrongType || !c.Current.Managed() {
			continue
		}
		for _, lacked := range diff.Lacks(c.Current, &c.Desired) {
			rows[lacked.Index()]++
		}
	}
	for _, p := range task.All() {
		if n := rows[p.Index()]; n > 0 {
			notices = append(notices, fmt.Sprintf("%s is set in %s whose tasks are of kinds that lack it", p.Name, task.Plural(n, "row")))
		}
	}
	return notices
}

// keptNotes counts the rows whose note stays here, since the task has the status that it goes with.
func keptNotes(p *diff.Plan) (n int) {
	for i := range p.Changes {
		c := &p.Changes[i]
		if c.Desired.Note != "" && c.SameAs < 0 && c.StatusVia == "" && (c.Outcome == diff.Pending || c.Outcome == diff.Unchanged) {
			n++
		}
	}
	return n
}
