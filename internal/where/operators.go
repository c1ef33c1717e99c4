package where

import (
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm/runtime"
)

// A date-time that is not set is the zero time, which expr takes for the first day of the year 1; and expr compares addresses by
// their letters. So operators that may see either become calls of functions, whose names no expression can spell. Their values are of no type that
// expr knows of, so that all that depends on them is decided by the functions too.

// unsetSpan is how long it is from or to a date-time that is not set.
const unsetSpan = time.Duration(math.MinInt64)

// operators is the visitor that replaces operators, and that counts the passes of loops.
type operators struct{}

// Visit is called by expr with every node, the parts before the whole.
func (operators) Visit(node *ast.Node) {
	switch n := (*node).(type) {
	case *ast.BinaryNode:
		if _, ok := onAddresses[n.Operator]; ok && (isAddress(n.Left) || isAddress(n.Right)) {
			call(node, "address "+n.Operator, n.Left, n.Right)
		} else if _, ok := onDates[n.Operator]; n.Operator == "+" || ok && !(isBasic(n.Left) && (isBasic(n.Right) || n.Operator == "in")) {
			call(node, n.Operator, n.Left, n.Right)
		}
	case *ast.CallNode:
		m, ok := n.Callee.(*ast.MemberNode)
		if !ok || m.Node.Type() != reflect.TypeFor[time.Time]() || len(n.Arguments) != 1 {
			return
		}
		if name, ok := m.Property.(*ast.StringNode); ok && name.Value == "Before" {
			call(node, "<", m.Node, n.Arguments[0])
		} else if ok && name.Value == "After" {
			call(node, ">", m.Node, n.Arguments[0])
		}
	case *ast.PredicateNode:
		var body costs
		ast.Walk(&n.Node, &body)
		pass := ast.Node(&ast.NilNode{})
		call(&pass, "pass", &ast.ConstantNode{Value: body.sum}, &ast.NilNode{})
		n.Node = &ast.SequenceNode{Nodes: []ast.Node{pass, n.Node}}
	}
}

// call puts a function in the place of a node.
func call(node *ast.Node, function string, a, b ast.Node) {
	callee := &ast.IdentifierNode{Value: " " + function}
	callee.SetLocation((*node).Location())
	ast.Patch(node, &ast.CallNode{Callee: callee, Arguments: []ast.Node{a, b, &ast.IdentifierNode{Value: meterName}}})
}

// isBasic reports whether a node gives a text, a number or a truth value.
func isBasic(n ast.Node) bool {
	switch n.Type().Kind() {
	case reflect.String, reflect.Bool, reflect.Int, reflect.Float64:
		return true
	}
	return false
}

func isAddress(n ast.Node) bool {
	p := propertyOf(n)
	return p != nil && p.Address()
}

// functions are the options that make the operators' functions known.
func functions() []expr.Option {
	var all []expr.Option
	add := func(name string, f func(a, b any, m *meter) (any, error)) {
		// One signature, without types: where there are several, expr tries each for every argument, and takes time without bound for sums of sums.
		all = append(all, expr.Function(" "+name, func(args ...any) (any, error) {
			return f(args[0], args[1], args[2].(*meter))
		}, new(func(a, b, m any) any)))
	}
	for operator, f := range onDates {
		add(operator, f)
	}
	for operator, f := range onAddresses {
		add("address "+operator, func(a, b any, _ *meter) (any, error) { return ofAddresses(f, a, b), nil })
	}
	add("pass", func(nodes, _ any, m *meter) (any, error) { return nil, m.spend(nodes.(int)) })
	return all
}

var onDates = map[string]func(a, b any, m *meter) (any, error){
	"<":  ordering(runtime.Less),
	"<=": ordering(runtime.LessOrEqual),
	">":  ordering(runtime.More),
	">=": ordering(runtime.MoreOrEqual),
	"==": func(a, b any, _ *meter) (any, error) { return equal(a, b), nil },
	"!=": func(a, b any, _ *meter) (any, error) { return !equal(a, b), nil },
	"in": func(a, b any, _ *meter) (any, error) {
		return runtime.In(a, b) || isUnset(a) && runtime.In(nil, b), nil
	},
	"??": func(a, b any, _ *meter) (any, error) {
		if a == nil || isUnset(a) {
			return b, nil
		}
		return a, nil
	},
	"+": func(a, b any, m *meter) (any, error) {
		sum := reckon(runtime.Add, a, b)
		if text, ok := sum.(string); ok {
			return sum, m.sum(text)
		}
		return sum, nil
	},
	"-": func(a, b any, _ *meter) (any, error) { return reckon(runtime.Subtract, a, b), nil },
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

func equal(a, b any) bool {
	return runtime.Equal(a, b) || a == nil && isUnset(b) || b == nil && isUnset(a)
}

func ordering(order func(a, b any) bool) func(a, b any, m *meter) (any, error) {
	return func(a, b any, _ *meter) (any, error) { return !isUnset(a) && !isUnset(b) && order(a, b), nil }
}

// reckon adds or subtracts. What is reckoned from a date-time that is not set is not set either.
func reckon(with func(a, b any) any, a, b any) any {
	out := with(a, b)
	if _, isTime := out.(time.Time); isTime && (isUnset(a) || isUnset(b)) {
		return time.Time{}
	} else if isUnset(a) || isUnset(b) {
		return unsetSpan
	}
	return out
}

var onAddresses = map[string]func(a, b string) bool{
	"==": func(a, b string) bool { return a == b }, "!=": func(a, b string) bool { return a != b },
	"contains": strings.Contains, "startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix, "in": nil,
}

// ofAddresses compares two texts, or one with those of a list, where compare is nil. Those with an @ are equal without regard to case.
func ofAddresses(compare func(a, b string) bool, a, b any) bool {
	if list := reflect.ValueOf(b); compare == nil && list.Kind() == reflect.Slice {
		for i := range list.Len() {
			if ofAddresses(onAddresses["=="], a, list.Index(i).Interface()) {
				return true
			}
		}
		return false
	} else if compare == nil {
		return runtime.In(a, b)
	}
	x, ok := a.(string)
	y, both := b.(string)
	switch {
	case !ok || !both:
		return compare("", "x") // a text equals nothing else
	case strings.Contains(x, "@") || strings.Contains(y, "@"):
		return compare(strings.ToLower(x), strings.ToLower(y))
	}
	return compare(x, y)
}
