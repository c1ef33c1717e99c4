package job

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
	"taskrecon/internal/task"
)

// smallRun is the number of changes from which on MaxChanges is enforced: a third of a tenant of six tasks is no accident.
const smallRun = 10

const (
	fewRows      = 5 // rows that a message names as examples
	fewAssignees = 3 // assignees that a message names
)

// Quota is an upper bound, as a number or as a share. The zero value allows nothing.
type Quota struct {
	N       int
	Percent bool // N is a percentage, from 0 to 100
	Off     bool // there is no bound
}

// ParseQuota reads "500", "30%" (or "30 %") or "off".
func ParseQuota(s string) (Quota, error) {
	text := strings.TrimSpace(s)
	if strings.EqualFold(text, "off") {
		return Quota{Off: true}, nil
	}
	digits, percent := strings.CutSuffix(text, "%")
	n, err := strconv.ParseUint(strings.TrimSpace(digits), 10, 31)
	if err != nil || (percent && n > 100) {
		return Quota{}, fmt.Errorf("%q is none of: a whole number such as 500, a whole percentage up to 100%% such as 30%%, off", s)
	}
	return Quota{N: int(n), Percent: percent}, nil
}

// String is the form that ParseQuota reads.
func (q Quota) String() string {
	switch {
	case q.Off:
		return "off"
	case q.Percent:
		return strconv.Itoa(q.N) + "%"
	}
	return strconv.Itoa(q.N)
}

// Exceeded reports whether n, out of total, is more than the quota allows; exactly the quota is allowed.
func (q Quota) Exceeded(n, total int) bool {
	switch {
	case q.Off:
		return false
	case q.Percent:
		return 100*n > q.N*total // in whole numbers: a rounded share could pass or fail wrongly
	}
	return n > q.N
}

// Missed reports whether n, out of total, is less than the quota, where that is the least there should be; exactly the quota is enough.
func (q Quota) Missed(n, total int) bool {
	switch {
	case q.Off:
		return false
	case q.Percent:
		return 100*n < q.N*total
	}
	return n < q.N
}

// shrunk refuses an input of fewer rows than there should be. A share is of the tenant's tasks, and is known once there is a plan.
func (r *run) shrunk() error {
	q, rows, tenant := r.MinRows, r.summary.Rows, 0
	if r.plan != nil {
		tenant = r.plan.Tenant
	} else if q.Percent {
		return nil
	}
	if !q.Missed(rows, tenant) {
		return nil
	}
	file, measured := filepath.Base(r.File), task.Plural(rows, "row")
	if r.input != nil {
		file = r.input.File
	}
	if q.Percent {
		measured += fmt.Sprintf(" for the tenant's %s", task.Plural(tenant, "managed task"))
	}
	return exit.Errorf(exit.Input, "see whether the file is whole; nothing was sent", "%s has %s; --min-rows asks for at least %s", file, measured, q)
}

// Limits bound the damage that one run can do. The zero value is the strictest: no clears, no reopened tasks, and no
// more changes than a small run has. Only changes that would be sent are measured.
type Limits struct {
	// MaxChanges bounds the tasks changed, as a number or as a share of the tenant's securityConfigurationTasks.
	// A share is not enforced under 10 changes.
	MaxChanges Quota
	// MaxClears bounds the values that are set now and would be emptied; negative is off.
	MaxClears int
	// MaxPerAssignee bounds the tasks that one assignee newly gets; 0 is off. Assignees are compared without regard to
	// case, and one whose name is only respelt gets nothing new.
	MaxPerAssignee int
	// AllowReopen permits to take tasks from completed or rejected back to pending or active.
	AllowReopen bool
}

// Check measures the plan against every limit. The error is nil or an *exit.Error with exit.Limit whose text lists all limits
// exceeded, each with the value measured, the limit, and the flag that lets this plan pass. A value exactly at its
// limit passes. The same plan always gets the same text.
func (l Limits) Check(p *diff.Plan) error {
	pending := p.Pending()
	var exceeded []string
	for _, text := range []string{
		l.checkChanges(len(pending), p.Tenant), l.checkClears(pending), l.checkAssignees(pending), l.checkReopened(pending),
	} {
		if text != "" {
			exceeded = append(exceeded, text)
		}
	}
	if len(exceeded) == 0 {
		return nil
	}
	text := exceeded[0]
	if len(exceeded) > 1 {
		text = fmt.Sprintf("%d safety limits are exceeded:", len(exceeded))
		for i, e := range exceeded {
			text += fmt.Sprintf(" (%d) %s", i+1, e)
		}
	}
	return &exit.Error{Code: exit.Limit, Err: errors.New(text), Hint: "nothing was sent; look at the changes before you raise a limit"}
}

func (l Limits) checkChanges(n, tenant int) string {
	if (l.MaxChanges.Percent && n < smallRun) || !l.MaxChanges.Exceeded(n, tenant) {
		return ""
	}
	if !l.MaxChanges.Percent {
		return fmt.Sprintf("%s; the limit is %d (raise it with --max-changes %d)", task.Plural(n, "change"), l.MaxChanges.N, n)
	}
	measured := fmt.Sprintf("%d changes, but the tenant has no securityConfigurationTask", n)
	if tenant > 0 {
		measured = fmt.Sprintf("%d changes are %s %% of the tenant's %s", n, share(n, tenant, l.MaxChanges.N), task.Plural(tenant, "managed task"))
	}
	enough := Quota{N: n} // where no percentage is enough
	if n <= tenant {
		enough = Quota{N: (100*n + tenant - 1) / tenant, Percent: true}
	}
	return fmt.Sprintf("%s; the limit is %d %% (raise it with --max-changes %s)", measured, l.MaxChanges.N, enough)
}

// share is n out of total in percent, with as many decimals as it takes to show that it is more than limit.
func share(n, total, limit int) string {
	percent := 100 * float64(n) / float64(total)
	for decimals := 1; ; decimals++ {
		text := strconv.FormatFloat(percent, 'f', decimals, 64)
		if shown, _ := strconv.ParseFloat(text, 64); shown > float64(limit) || decimals == 9 {
			return strings.TrimSuffix(text, ".0")
		}
	}
}

func (l Limits) checkClears(pending []*diff.Change) string {
	var rows []int
	var counts [task.Count]int
	eachEdit(pending, func(c *diff.Change, e diff.Edit) {
		n := lostSettings(e)
		if e.Property.Unset(e.Wanted) && !e.Property.Unset(e.Before) {
			n = max(n, 1)
		}
		rows = append(rows, slices.Repeat([]int{c.Desired.Origin().Row}, n)...)
		counts[e.Property.Index()] += n
	})
	if l.MaxClears < 0 || len(rows) <= l.MaxClears {
		return ""
	}
	var which []string
	for _, p := range task.All() {
		if n := counts[p.Index()]; n > 0 {
			which = append(which, fmt.Sprintf("%s %d", p.Name, n))
		}
	}
	return fmt.Sprintf("%s would be cleared (%s) in %s; the limit is %d (raise it with --max-clears %d)",
		task.Plural(len(rows), "value"), strings.Join(which, ", "), someRows(rows), l.MaxClears, len(rows))
}

// lostSettings counts the settings that the task has and that a new collection lacks.
func lostSettings(e diff.Edit) int {
	if e.Property.Kind != task.Settings {
		return 0
	}
	before, err1 := task.PairsOf(e.Before)
	wanted, err2 := task.PairsOf(e.Wanted)
	if err1 != nil || err2 != nil {
		return 0
	}
	kept := task.ValuesByName(wanted)
	lost := slices.DeleteFunc(before, func(s task.Setting) bool { return kept[s.Name] != nil })
	return len(lost)
}

func (l Limits) checkAssignees(pending []*diff.Change) string {
	if l.MaxPerAssignee <= 0 {
		return ""
	}
	type load struct {
		name string // as the first of its rows spells it
		rows []int
	}
	byKey := map[string]*load{}
	var loads []*load // in the order of the plan, which makes the sort below repeatable
	eachEdit(pending, func(c *diff.Change, e diff.Edit) {
		key := strings.ToLower(e.Wanted.String())
		if e.Property != task.AssignedTo || key == "" || key == strings.ToLower(e.Before.String()) {
			return
		}
		if byKey[key] == nil {
			byKey[key] = &load{name: e.Wanted.String()}
			loads = append(loads, byKey[key])
		}
		byKey[key].rows = append(byKey[key].rows, c.Desired.Origin().Row)
	})
	loads = slices.DeleteFunc(loads, func(a *load) bool { return len(a.rows) <= l.MaxPerAssignee })
	if len(loads) == 0 {
		return ""
	}
	slices.SortStableFunc(loads, func(a, b *load) int { return cmp.Compare(len(b.rows), len(a.rows)) })
	var told []string
	for i, a := range loads[:min(len(loads), fewAssignees)] {
		verb := " "
		if i == 0 {
			verb = " tasks would be newly assigned "
		}
		told = append(told, fmt.Sprintf("%d%sto %.80q (%s)", len(a.rows), verb, a.name, someRows(a.rows)))
	}
	if more := len(loads) - len(told); more > 0 {
		told = append(told, "too many to "+task.Plural(more, "other"))
	}
	return fmt.Sprintf("%s; the limit for one assignee is %d (raise it with --max-per-assignee %d)",
		strings.Join(told, ", "), l.MaxPerAssignee, len(loads[0].rows))
}

func (l Limits) checkReopened(pending []*diff.Change) string {
	if l.AllowReopen {
		return ""
	}
	var rows []int
	eachEdit(pending, func(c *diff.Change, e diff.Edit) {
		if e.Reopens() {
			rows = append(rows, c.Desired.Origin().Row)
		}
	})
	if len(rows) == 0 {
		return ""
	}
	return fmt.Sprintf("%s would be reopened, from completed or rejected to pending or active, in %s; the limit is 0 (allow it with --allow-reopen)",
		task.Plural(len(rows), "task"), someRows(rows))
}

func eachEdit(changes []*diff.Change, do func(*diff.Change, diff.Edit)) {
	for _, c := range changes {
		for _, e := range c.Edits {
			do(c, e)
		}
	}
}

// someRows names the first few of the rows: "row 4", "rows 4, 9, 12", "rows 2, 3, 4, 5, 6 and 34 more".
// A row that is there several times in a row counts once.
func someRows(rows []int) string {
	rows = slices.Compact(slices.Clone(rows))
	if len(rows) == 1 {
		return fmt.Sprintf("row %d", rows[0])
	}
	var names []string
	for _, r := range rows[:min(len(rows), fewRows)] {
		names = append(names, strconv.Itoa(r))
	}
	text := "rows " + strings.Join(names, ", ")
	if more := len(rows) - len(names); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
