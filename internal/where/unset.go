package where

import (
	"math"
	"reflect"
	"sync"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm/runtime"
)

// A date-time that is not set is the zero time, which expr takes for the first day of the year 1. So that it equals nil and is
// neither before nor after anything, the tree is changed before it is compiled: nil beside a date-time becomes the zero time, and
// operators become calls of functions whose names nobody can write. What is reckoned from a date-time that is not set is
// not set either.

var (
	timeType = reflect.TypeFor[time.Time]()
	spanType = reflect.TypeFor[time.Duration]()
)

// unsetSpan is how long it is from or to a date-time that is not set.
const unsetSpan = time.Duration(math.MinInt64)

// function takes the place of an operator. It has one signature, since expr tries each for every argument, and so
// takes time without bound for sums of sums where there are several.
type function struct {
	run   func(...any) (any, error)
	gives reflect.Type
	as    any
}

// functions are under the operator's name, with what they give before it where that depends.
var functions = sync.OnceValue(func() map[string]function {
	all := map[string]function{
		" <":         ordering(runtime.Less),
		" <=":        ordering(runtime.LessOrEqual),
		" >":         ordering(runtime.More),
		" >=":        ordering(runtime.MoreOrEqual),
		"date +":     {reckons(runtime.Add), timeType, new(func(a, b any) time.Time)},
		"date -":     {reckons(runtime.Subtract), timeType, new(func(a, b any) time.Time)},
		"date ??":    {either, timeType, new(func(a, b any) time.Time)},
		"duration +": {reckons(runtime.Add), spanType, new(func(a, b any) time.Duration)},
		"duration -": {reckons(runtime.Subtract), spanType, new(func(a, b any) time.Duration)},
	}
	addAddressFunctions(all)
	return all
})

// minding are the options with which an expression minds date-times that are not set. It must have been compiled without
// them before: expr overlooks what is wrong in the arguments of a call that was put into the tree.
func minding() []expr.Option {
	all := []expr.Option{expr.Env(sample()), expr.AsBool(), expr.Patch(mender{})}
	for name, f := range functions() {
		all = append(all, expr.Function(name, f.run, f.as))
	}
	return all
}

func ordering(order func(a, b any) bool) function {
	return function{orders(order), reflect.TypeFor[bool](), new(func(a, b any) bool)}
}

func either(params ...any) (any, error) {
	if isUnset(params[0]) {
		return params[1], nil
	}
	return params[0], nil
}

func orders(order func(a, b any) bool) func(...any) (any, error) {
	return func(params ...any) (any, error) {
		return !isUnset(params[0]) && !isUnset(params[1]) && order(params[0], params[1]), nil
	}
}

func reckons(reckon func(a, b any) any) func(...any) (any, error) {
	return func(params ...any) (any, error) {
		out := reckon(params[0], params[1])
		if !isUnset(params[0]) && !isUnset(params[1]) {
			return out, nil
		}
		if _, ok := out.(time.Time); ok {
			return time.Time{}, nil
		}
		return unsetSpan, nil
	}
}

func isUnset(v any) bool {
	switch v := v.(type) {
	case time.Time:
		return v.IsZero()
	case time.Duration:
		return v == unsetSpan
	}
	return false
}

// mender changes the operators on what may be date-times.
type mender struct{}

// Visit is called by expr with every node, the parts before the whole.
func (mender) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.BinaryNode:
		mend(node, n)
	case *ast.CallNode:
		mendMethod(node, n)
	}
}

func mend(node *ast.Node, n *ast.BinaryNode) {
	if mendAddress(node, n) {
		return
	}
	left, right := typeOf(n.Left), typeOf(n.Right)
	switch n.Operator {
	case "==", "!=":
		mendNil(&n.Left, right)
		mendNil(&n.Right, left)
	case "in":
		if list, ok := n.Right.(*ast.ArrayNode); ok {
			for i := range list.Nodes {
				mendNil(&list.Nodes[i], left)
			}
		}
	case "<", "<=", ">", ">=":
		if (isTimely(left) || isUnknown(n.Left)) && (isTimely(right) || isUnknown(n.Right)) {
			replace(node, " "+n.Operator, n.Left, n.Right)
		}
	case "??":
		if left == timeType && right == timeType {
			replace(node, "date ??", n.Left, n.Right)
		}
	case "+", "-":
		if gives := reckoned(left, n.Operator, right); gives != "" {
			replace(node, gives+" "+n.Operator, n.Left, n.Right)
		}
	}
}

// reckoned is what a sum or difference gives, or "" where that is nothing that may not be set.
func reckoned(left reflect.Type, operator string, right reflect.Type) string {
	switch {
	case !isTimely(left) || !isTimely(right):
		return ""
	case left == spanType && right == spanType, left == timeType && right == timeType && operator == "-":
		return "duration"
	case left == timeType && right == spanType, left == spanType && right == timeType && operator == "+":
		return "date"
	}
	return ""
}

// mendMethod changes Before and After, which are comparisons too.
func mendMethod(node *ast.Node, n *ast.CallNode) {
	m, ok := n.Callee.(*ast.MemberNode)
	if !ok || typeOf(m.Node) != timeType || len(n.Arguments) != 1 || typeOf(n.Arguments[0]) != timeType {
		return
	}
	name, ok := m.Property.(*ast.StringNode)
	if !ok {
		return
	}
	switch name.Value {
	case "Before":
		replace(node, " <", m.Node, n.Arguments[0])
	case "After":
		replace(node, " >", m.Node, n.Arguments[0])
	}
}

// replace puts a function in the place of a node.
func replace(node *ast.Node, function string, args ...ast.Node) {
	callee := &ast.IdentifierNode{Value: function}
	callee.SetLocation((*node).Location())
	ast.Patch(node, &ast.CallNode{Callee: callee, Arguments: args})
}

// mendNil makes nil what it means beside a value of that type.
func mendNil(node *ast.Node, beside reflect.Type) {
	if _, ok := (*node).(*ast.NilNode); !ok {
		return
	}
	switch beside {
	case timeType:
		ast.Patch(node, &ast.ConstantNode{Value: time.Time{}})
	case spanType:
		ast.Patch(node, &ast.ConstantNode{Value: unsetSpan})
	}
}

// typeOf is the type of a node, also of one that was just put there: expr tells types again only after all is mended.
func typeOf(n ast.Node) reflect.Type {
	if call, ok := n.(*ast.CallNode); ok {
		if callee, ok := call.Callee.(*ast.IdentifierNode); ok {
			if f, ok := functions()[callee.Value]; ok {
				return f.gives
			}
		}
	}
	return n.Type()
}

func isTimely(t reflect.Type) bool { return t == timeType || t == spanType }

// isUnknown reports whether only the run tells the type of a node.
func isUnknown(n ast.Node) bool {
	_, isNil := n.(*ast.NilNode)
	return !isNil && typeOf(n) == reflect.TypeFor[any]()
}
