package job

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"taskrecon/internal/base"
	"taskrecon/internal/diff"
	"taskrecon/internal/exit"
	"taskrecon/internal/export"
	"taskrecon/internal/graph"
	"taskrecon/internal/task"
)

// Export says which of the tenant's tasks are written as a sheet for editing, and how.
type Export struct {
	Client *graph.Client
	Cloud  string
	Path   string                         // .xlsx or .csv
	Where  func(*task.Task) (bool, error) // picks the tasks; nil is all
	Edit   Edit                           // what the sheet asks for already; nil is nothing
	Sheet  export.Options                 // its Source is filled in
	Again  graph.Again                    // may be nil
	Notice func(string)                   // gets what is to be known of the sheet
}

// Edit is a mass edit.
type Edit interface {
	// Rows makes the rows of the tasks that were picked, which are managed, each once. Picked is how many of them the edit is for.
	Rows([]*task.Task) (rows []export.Row, picked int, err error)
	// Replaced lists the assignees that the edit replaces, in lower case.
	Replaced() []string
}

// Fetched is called with how many tasks the tenant has, how many of them are managed and how many of those were picked, and what the rows
// amount to.
type Fetched func(all, managed, picked int, amounts *diff.Amounts)

// ExportTasks reads the tenant's tasks of the kinds that are known, and writes those that are picked as a sheet that plan and apply
// take back. The summary counts the rows of the sheet: as notSent where it asks for something, else as unchanged.
func ExportTasks(ctx context.Context, command string, e Export, fetched Fetched) (*Summary, error) {
	s := NewSummary(command)
	who, err := e.Client.Identity(ctx)
	if err != nil {
		return s, stopped(ctx, err)
	}
	read := time.Now()
	current, err := e.Client.ListTasks(ctx, e.Again)
	s.Requests = e.Client.Requests()
	if err != nil {
		return s, listed(ctx, err)
	}
	left := withheld(current)
	current = slices.DeleteFunc(current, (*task.Task).Withheld)
	if left != "" {
		e.Notice(left)
	}
	managed := managedOnce(current)
	if n := strange(current); n > 0 {
		e.Notice(fmt.Sprintf("%s of kinds that this program does not know are left out", task.Plural(n, "task")))
	}
	rows, picked, err := e.rows(managed)
	if err != nil {
		return s, &exit.Error{Code: exit.Input, Err: err, Hint: "nothing was written"}
	}
	fetched(len(current), len(managed), picked, amountsOf(rows))
	e.noticeAssignees(rows, managed)
	s.Rows = len(rows)
	for _, row := range rows {
		if len(row.Assignments) > 0 {
			s.Changes++
		}
	}
	s.Outcomes[diff.NotSent], s.Outcomes[diff.Unchanged] = s.Changes, s.Rows-s.Changes
	if e.Edit != nil && len(rows) == 0 {
		s.Reason = "every task that was picked is as wanted already; no sheet was written"
		if picked == 0 {
			s.Reason = "no task was picked; no sheet was written"
		}
		if exists(e.Path) {
			return s, exit.Errorf(exit.Failed, "remove it, so that it is not applied by mistake", "%s; %s is of another time", s.Reason, e.Path)
		}
		return s, nil
	}
	e.Sheet.Source = base.Source{Tenant: who.Tenant, Cloud: e.Cloud, At: read}
	if s.Reports, err = export.Write(e.Path, rows, e.Sheet); err != nil {
		return s, fmt.Errorf("writing %s: %w", e.Path, err)
	}
	s.Reason = strings.TrimSuffix("written; "+left, "; ")
	return s, nil
}

// strange counts the tasks of kinds that are not known.
func strange(tasks []*task.Task) (n int) {
	for _, t := range tasks {
		if !t.Managed() {
			n++
		}
	}
	return n
}

// amountsOf counts what rows ask for against their bases.
func amountsOf(rows []export.Row) *diff.Amounts {
	a := new(diff.Amounts)
	for _, row := range rows {
		for _, w := range row.Assignments {
			held, _ := row.Base.Get(w.Property)
			a.Add(w.Property, held, w.Value)
		}
	}
	return a
}

// noticeAssignees says what a mass edit does with assignees that the tenant does not know.
func (e *Export) noticeAssignees(rows []export.Row, managed []*task.Task) {
	if e.Edit == nil {
		return
	}
	var wanted []task.Value
	for _, row := range rows {
		for _, w := range row.Assignments {
			if w.Property == task.AssignedTo {
				wanted = append(wanted, w.Value)
			}
		}
	}
	seen := assignees(managed)
	for _, text := range []string{noticeUnseen(wanted, seen), noticeUnmatched(e.Edit.Replaced(), seen)} {
		if text != "" {
			e.Notice(text)
		}
	}
}

// managedOnce are the tasks that this program manages, each once, in the order of the tenant's list.
func managedOnce(tasks []*task.Task) []*task.Task {
	var managed []*task.Task
	seen := make(map[string]bool, len(tasks))
	for _, t := range tasks {
		if key := task.Key(t.ID); t.Managed() && !seen[key] {
			seen[key] = true
			managed = append(managed, t)
		}
	}
	return managed
}

// rows are the rows of the sheet, in the order of the tasks.
func (e *Export) rows(tasks []*task.Task) (rows []export.Row, picked int, err error) {
	if e.Where != nil {
		all := tasks
		tasks = nil
		for _, t := range all {
			if ok, err := e.Where(t); err != nil {
				return nil, 0, err
			} else if ok {
				tasks = append(tasks, t)
			}
		}
	}
	if e.Edit != nil {
		return e.Edit.Rows(tasks)
	}
	for _, t := range tasks {
		rows = append(rows, export.Row{Base: task.BaseOf(t), Kind: t.Kind()})
	}
	return rows, len(rows), nil
}
