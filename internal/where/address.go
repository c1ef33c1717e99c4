package where

import (
	"reflect"
	"strings"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/vm/runtime"

	"taskrecon/internal/task"
)

// addressOperators compare texts. On a property that holds addresses they become calls of functions for which addresses are
// equal without regard to case, as they are everywhere else.
var addressOperators = map[string]func(a, b string) bool{
	"==": func(a, b string) bool { return a == b }, "!=": func(a, b string) bool { return a != b },
	"contains": strings.Contains, "startsWith": strings.HasPrefix, "endsWith": strings.HasSuffix,
}

const addressFunction = "address "

func addAddressFunctions(to map[string]function) {
	add := func(operator string, run func(a, b any) bool) {
		to[addressFunction+operator] = function{
			func(params ...any) (any, error) { return run(params[0], params[1]), nil }, reflect.TypeFor[bool](), new(func(a, b any) bool),
		}
	}
	for operator, compare := range addressOperators {
		add(operator, func(a, b any) bool { return compareAddresses(compare, a, b) })
	}
	add("in", func(a, list any) bool {
		v := reflect.ValueOf(list)
		if v.Kind() != reflect.Slice {
			return runtime.In(a, list)
		}
		for i := range v.Len() {
			if compareAddresses(addressOperators["=="], a, v.Index(i).Interface()) {
				return true
			}
		}
		return false
	})
}

func compareAddresses(compare func(a, b string) bool, a, b any) bool {
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

// mendAddress reports whether a comparison was of addresses, and has become a call.
func mendAddress(node *ast.Node, n *ast.BinaryNode) bool {
	_, compares := addressOperators[n.Operator]
	if !compares && n.Operator != "in" || !isAddress(n.Left) && !(compares && isAddress(n.Right)) {
		return false
	}
	replace(node, addressFunction+n.Operator, n.Left, n.Right)
	return true
}

func isAddress(n ast.Node) bool {
	name, ok := n.(*ast.IdentifierNode)
	if !ok {
		return false
	}
	p := task.Lookup(name.Value)
	return p != nil && p.Address()
}
