package where

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/expr-lang/expr/ast"

	"taskrecon/internal/task"
)

// visitor looks for comparisons that can never be meant. It keeps the leftmost fault, and the names used.
type visitor struct {
	names map[string]bool
	fault *fault
}

// compares are the operators whose two sides must be of one sort.
var compares = []string{"==", "!=", "<", "<=", ">", ">=", "in", "not in"}

// Visit is called by expr with every node, before its own check of types.
func (v *visitor) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		v.names[n.Value] = true
	case *ast.BinaryNode:
		if slices.Contains(compares, n.Operator) {
			v.compare(n.Left, n.Right)
			v.compare(n.Right, n.Left)
		}
	case *ast.BuiltinNode:
		v.date(n.Name, n.Arguments)
	case *ast.CallNode:
		if f, ok := n.Callee.(*ast.IdentifierNode); ok {
			v.date(f.Value, n.Arguments)
		}
	}
}

// compare checks the texts that other has, if side is a property.
func (v *visitor) compare(side, other ast.Node) {
	name, ok := side.(*ast.IdentifierNode)
	if !ok {
		return
	}
	p := task.Lookup(name.Value)
	if p == nil {
		return
	}
	nodes := []ast.Node{other}
	if list, ok := other.(*ast.ArrayNode); ok {
		nodes = list.Nodes
	}
	for _, n := range nodes {
		text, ok := n.(*ast.StringNode)
		if !ok {
			continue
		}
		if words := unfit(p, text.Value); words != "" {
			v.report(n, words)
		}
	}
}

func (v *visitor) report(n ast.Node, words string) {
	at := n.Location().From
	if v.fault == nil || at < v.fault.at {
		v.fault = &fault{words: words, at: at}
	}
}

// unfit says why a property cannot be compared with a text, or "".
func unfit(p *task.Property, text string) string {
	switch p.Kind {
	case task.Enum:
		if slices.Contains(p.Members, text) {
			return ""
		}
		hint := ""
		if near, ok := p.Member(text); ok {
			hint = fmt.Sprintf("; write %q, upper and lower case count here", near)
		} else if near, ok := task.Nearest(text, p.Members); ok {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		return fmt.Sprintf("%s has no member %.80q%s (%s)", p.Name, text, hint, strings.Join(p.Members, ", "))
	case task.DateTime:
		example := "2026-12-01"
		if _, err := parseDate(text); err == nil {
			example = text
		}
		return fmt.Sprintf("%s is a date-time and %.80q is a text; write date(%q)", p.Name, text, example)
	case task.Int32:
		example := "12"
		if digits, ok := task.WholeNumber(strings.TrimSpace(text)); ok {
			example = digits
		}
		return fmt.Sprintf("%s is a whole number and %.80q is a text; write %s, without quotes", p.Name, text, example)
	}
	return ""
}

// date checks the text of date("…"), which expr itself would read only when a task is there.
func (v *visitor) date(function string, args []ast.Node) {
	if function != "date" || len(args) != 1 {
		return
	}
	text, ok := args[0].(*ast.StringNode)
	if !ok {
		return
	}
	if _, err := parseDate(text.Value); err != nil {
		v.report(text, fmt.Sprintf(`%.80q is not a date; write 2026-12-01 or 2026-12-01T15:04:05Z, or give date its layout too`, text.Value))
	}
}

// parseDate reads what date("…") reads.
func parseDate(text string) (t time.Time, err error) {
	for _, layout := range dateLayouts {
		if t, err = time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return t, err
}

// dateLayouts are those of expr's date.
var dateLayouts = []string{time.DateOnly, time.TimeOnly, time.DateTime, time.RFC3339, time.RFC822, time.RFC850, time.RFC1123}
