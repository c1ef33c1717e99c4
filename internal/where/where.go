// Package where is the expression that picks tasks, such as
//
//	status == "active" and dueDateTime < date("2026-12-01")
//
// in the language of github.com/expr-lang/expr. An expression sees a task under these names:
//
//	id                    string
//	String, Enum          string; null reads ""
//	DateTime              time; null, what is no date-time, and 0001-01-01T00:00:00Z are not set: equal to nil, and neither
//	                      before nor after any other
//	Int32                 int; null reads 0, what is no whole number is an error
//	intendedSettings      map of name to value; a name that is missing reads "", of one that is there twice the last counts
package where

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"taskrecon/internal/task"
)

const (
	// maxLength is the most bytes that an expression may have.
	maxLength = 64 << 10
	// budget bounds what one evaluation may allocate, in expr's units: elements of arrays and maps, roughly.
	budget = 100_000
)

// Expr is a compiled expression. It may be used by several goroutines at once.
type Expr struct {
	text    string
	program *vm.Program
	uses    []*task.Property // the only ones that Match reads
	steps   int              // that an evaluation takes at most
}

// Compile reads an expression. An error says what is wrong and, on lines of their own, shows the place in the text.
// Names that are no property, texts that an enum does not have, and date-times compared with texts are
// errors here, before any task is seen.
func Compile(text string) (e *Expr, err error) {
	if err := checkText(text); err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil {
			e, err = nil, fmt.Errorf("the expression cannot be understood: %v", firstLine(r))
		}
	}()
	steps, wrong := stepsOf(text)
	if wrong != nil {
		return nil, wrong.show(text)
	}
	v := &visitor{names: map[string]bool{}}
	_, err = expr.Compile(text, expr.Env(sample()), expr.AsBool(), expr.Patch(v)) // as it stands, since faults are told of what was written
	if v.fault != nil {
		return nil, v.fault.show(text)
	}
	if err != nil {
		return nil, faultOf(err, text).show(text)
	}
	program, err := expr.Compile(text, minding()...)
	if err != nil {
		return nil, faultOf(err, text).show(text)
	}
	return &Expr{text: text, program: program, uses: v.uses(), steps: steps}, nil
}

func checkText(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return errors.New(`the expression is empty; write one such as status == "active"`)
	case len(text) > maxLength:
		return fmt.Errorf("the expression has %d bytes; at most %d are allowed", len(text), maxLength)
	case !utf8.ValidString(text):
		return errors.New("the expression is not UTF-8 text")
	}
	return nil
}

// Match reports whether the expression picks the task, which is a managed one. An error names the task.
func (e *Expr) Match(t *task.Task) (picked bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			picked, err = false, fmt.Errorf("task %s: the expression failed: %v", t.ID, firstLine(r))
		}
	}()
	env, err := environment(t, e.uses)
	if err != nil {
		return false, fmt.Errorf("task %s: %w", t.ID, err)
	}
	if long := longest(t, e.uses); e.steps*(1+long/textStep) > maxWork {
		return false, fmt.Errorf("task %s: the expression can take too long for its text of %d bytes", t.ID, long)
	}
	machine := vm.VM{MemoryBudget: budget}
	out, err := machine.Run(e.program, env)
	if err != nil {
		return false, fmt.Errorf("task %s: %w", t.ID, faultOf(err, e.text).show(e.text))
	}
	picked, ok := out.(bool)
	if !ok {
		return false, fmt.Errorf("task %s: the expression gives %T, not true or false", t.ID, out)
	}
	return picked, nil
}

// longest is the length of the longest text among properties of a task.
func longest(t *task.Task, of []*task.Property) (most int) {
	for _, p := range of {
		most = max(most, len(t.Get(p).String()))
	}
	return most
}

func firstLine(r any) string {
	line, _, _ := strings.Cut(fmt.Sprint(r), "\n")
	return line
}

// names are the words that an expression may use for a task.
func names() []string {
	all := []string{task.IDName}
	for _, p := range task.All() {
		all = append(all, p.Name)
	}
	return all
}

// environment is a task as the expression sees it, with the properties that it uses.
func environment(t *task.Task, uses []*task.Property) (map[string]any, error) {
	env := map[string]any{task.IDName: t.ID}
	for _, p := range uses {
		v, err := native(p, t.Get(p))
		if err != nil {
			return nil, err
		}
		env[p.Name] = v
	}
	return env, nil
}

// sample tells expr the names and their types.
func sample() map[string]any {
	env, err := environment(&task.Task{}, task.All())
	if err != nil {
		panic(err) // null is good for every kind
	}
	return env
}

// uses are the properties that the expression names, or all where it takes the environment as a whole.
func (v *visitor) uses() []*task.Property {
	if v.names["$env"] {
		return task.All()
	}
	return slices.DeleteFunc(task.All(), func(p *task.Property) bool { return !v.names[p.Name] })
}
