package where

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/file"
	"github.com/expr-lang/expr/vm"

	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

// Expr is a compiled expression. It may be used by several goroutines at once.
type Expr struct {
	program *vm.Program
	uses    []*task.Property // the only ones that Match reads
	cost    int              // of an evaluation without loops
}

// Compile reads an expression. An error says what is wrong and, on lines of their own, shows the place in the text.
// Names that are no property, texts that an enum does not have, and date-times compared with texts are
// errors here, before any task is seen.
func Compile(source string) (e *Expr, err error) {
	switch {
	case strings.TrimSpace(source) == "":
		return nil, errors.New(`the expression is empty; write one such as status == "active"`)
	case len(source) > maxLength:
		return nil, fmt.Errorf("the expression has %d bytes; at most %d are allowed", len(source), maxLength)
	case !utf8.ValidString(source):
		return nil, errors.New("the expression is not UTF-8 text")
	}
	defer func() {
		if r := recover(); r != nil {
			e, err = nil, fmt.Errorf("the expression cannot be understood: %v", firstLine(r))
		}
	}()
	if err := checkSize(source); err != nil {
		return nil, place(err)
	}
	// As it is written, so that errors name what was written: expr does not check the arguments of calls that a visitor puts in.
	v := &checks{names: map[string]bool{}}
	options := []expr.Option{expr.Env(sample()), expr.AsBool(), expr.MaxNodes(maxNodes)}
	_, err = expr.Compile(source, append(options, expr.Patch(v))...)
	if v.fault != nil {
		err = v.fault.Bind(file.NewSource(source))
	}
	e = &Expr{uses: v.uses(), cost: v.cost.sum}
	if err == nil {
		e.program, err = expr.Compile(source, append(append(options, expr.Patch(operators{})), functions()...)...)
	}
	if err != nil {
		return nil, place(err)
	}
	if _, err := e.run(&task.Task{ID: strings.Repeat("x", 36)}); errors.Is(err, errTooLong) { // as it will be for every task
		return nil, errTooLong
	}
	return e, nil
}

// Match reports whether the expression picks the task, which is a managed one. An error names the task.
func (e *Expr) Match(t *task.Task) (picked bool, err error) {
	defer func() {
		if r := recover(); r != nil {
			picked, err = false, fmt.Errorf("task %s: the expression failed: %v", t.ID, firstLine(r))
		}
	}()
	out, err := e.run(t)
	if err != nil {
		return false, fmt.Errorf("task %s: %w", t.ID, place(err))
	}
	picked, ok := out.(bool)
	if !ok {
		return false, fmt.Errorf("task %s: the expression gives %T, not true or false", t.ID, out)
	}
	return picked, nil
}

func (e *Expr) run(t *task.Task) (any, error) {
	env, err := environment(t, e.uses)
	if err != nil {
		return nil, err
	}
	m := newMeter(t, e.uses)
	env[meterName] = m
	if err := m.spend(e.cost); err != nil {
		return nil, err
	}
	machine := vm.VM{MemoryBudget: maxElements}
	out, err := machine.Run(e.program, env)
	if err != nil && strings.Contains(err.Error(), "memory budget exceeded") {
		err = errTooLong
	}
	return out, err
}

// placed is an error whose further lines point into the expression.
type placed string

func (p placed) Error() string { return string(p) }

// Lines are the error, line by line.
func (p placed) Lines() []string { return strings.Split(string(p), "\n") }

// place is an error in expr's words, with the line that it is in, if that is not too long to be shown.
func place(err error) error {
	var e *file.Error
	if !errors.As(err, &e) {
		return errors.New(text.Clip(firstLine(err), mostWords))
	}
	words := text.Clip(firstLine(e.Message), mostWords)
	if name, ok := strings.CutPrefix(words, "unknown name "); ok {
		words += meant(name)
	}
	if e.Line > 0 {
		words += fmt.Sprintf(" (%d:%d)", e.Line, e.Column+1)
	}
	if len(e.Snippet) < mostWords {
		words += e.Snippet
	}
	return placed(words)
}

// mostWords bounds the characters of a message, and of the lines that show its place.
const mostWords = 400

// meant is a hint at the name that was meant, if there is one.
func meant(name string) string {
	if p := task.Named(name); p != nil {
		return "; write " + p.Name + ", upper and lower case count here"
	}
	names := []string{task.IDName, kindProperty.Name}
	for _, p := range task.All() {
		names = append(names, p.Name)
		if m, ok := p.Member(name); ok {
			return fmt.Sprintf("; write %q in quotes for the %s", m, p.Enum)
		}
	}
	if near, ok := task.Nearest(name, names); ok {
		return "; did you mean " + near + "?"
	}
	return ""
}

func firstLine(r any) string {
	line, _, _ := strings.Cut(fmt.Sprint(r), "\n")
	return line
}

// uses are the properties that the expression names, or all where it takes the environment as a whole.
func (v *checks) uses() []*task.Property {
	if v.names["$env"] {
		return task.All()
	}
	return slices.DeleteFunc(task.All(), func(p *task.Property) bool { return !v.names[p.Name] })
}
