package where

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/builtin"
	"github.com/expr-lang/expr/file"

	"taskrecon/internal/task"
)

// checks looks for what can never be meant, and for what has no bound. It keeps the leftmost fault, the names used, and what an evaluation
// costs without loops.
type checks struct {
	names map[string]bool
	cost  costs
	fault *file.Error
}

// compares are the operators whose two sides must be of one sort.
var compares = []string{"==", "!=", "<", "<=", ">", ">=", "in", "not in"}

// Visit is called by expr with every node, the parts before the whole.
func (v *checks) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.IdentifierNode:
		v.names[n.Value] = true
	case *ast.BinaryNode:
		if slices.Contains(compares, n.Operator) {
			v.compare(n.Left, n.Right)
			v.compare(n.Right, n.Left)
		}
	case *ast.BuiltinNode:
		v.function(n)
	}
	v.bound(*node)
}

func (v *checks) report(n ast.Node, format string, args ...any) {
	if v.fault == nil || n.Location().From < v.fault.From {
		v.fault = &file.Error{Location: n.Location(), Message: fmt.Sprintf(format, args...)}
	}
}

// compare checks the texts that other has, if side is a property.
func (v *checks) compare(side, other ast.Node) {
	p := propertyOf(side)
	if p == nil {
		return
	}
	nodes := []ast.Node{other}
	if list, ok := other.(*ast.ArrayNode); ok {
		nodes = list.Nodes
	}
	for _, n := range nodes {
		if text, ok := n.(*ast.StringNode); ok {
			if words := unfit(p, text.Value); words != "" {
				v.report(n, "%s", words)
			}
		}
	}
}

// propertyOf is the property that a node names, or nil.
func propertyOf(n ast.Node) *task.Property {
	if name, ok := n.(*ast.IdentifierNode); ok {
		if name.Value == kindProperty.Name {
			return kindProperty
		}
		return task.Lookup(name.Value)
	}
	return nil
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
		return fmt.Sprintf(`%s is a date-time and %.80q is a text; write date("2026-12-01")`, p.Name, text)
	case task.Int32:
		return fmt.Sprintf("%s is a whole number and %.80q is a text; write a number such as 12, without quotes", p.Name, text)
	}
	return ""
}

// function checks that a function may be used, and the text of date("…"), which expr itself reads only when a task is there.
func (v *checks) function(n *ast.BuiltinNode) {
	if !slices.Contains(available, n.Name) {
		v.report(n, "there is no function %s here", n.Name)
	}
	if n.Name != "date" || len(n.Arguments) != 1 {
		return
	}
	if text, ok := n.Arguments[0].(*ast.StringNode); ok {
		if _, err := builtin.Builtins[builtin.Index["date"]].Func(text.Value); err != nil {
			v.report(text, "%.120v; write 2026-12-01 or 2026-12-01T15:04:05Z, or give date its layout too", err)
		}
	}
}
