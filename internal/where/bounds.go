package where

import (
	"errors"
	"reflect"
	"regexp/syntax"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"taskrecon/internal/task"
)

// The bounds of an expression. A unit of cost is the work of one node of its tree on texts of usual length.
const (
	maxLength   = 64 << 10  // bytes of an expression
	maxNodes    = 10_000    // of its tree
	maxCost     = 50_000    // of an evaluation without loops
	maxWork     = 5_000_000 // units of an evaluation, each multiplied by how many times textUnit the longest text has
	maxElements = 100_000   // of lists that an evaluation makes
	maxPattern  = 1000      // instructions of a regular expression
	textUnit    = 100       // bytes of a text that a unit covers
	sumUnit     = 10        // bytes of a sum of texts that cost a unit: they take memory too
)

// available are the functions that an expression may use: their time and memory are in proportion to their arguments.
var available = []string{
	"all", "any", "none", "one", "count", "len", "keys", "values", "lower", "upper", "trim", "trimPrefix", "trimSuffix", "hasPrefix",
	"hasSuffix", "indexOf", "lastIndexOf", "abs", "ceil", "floor", "round", "int", "float", "now", "date", "duration", "timezone",
}

// extra is what a function costs beyond a unit.
var extra = map[string]int{"keys": 100, "values": 100, "timezone": 1000}

var (
	errTooLarge = errors.New("the expression is too large")
	errTooLong  = errors.New("the expression can take too long or too much memory")
)

// counter counts the nodes of a tree.
type counter int

func (c *counter) Visit(*ast.Node) {
	if *c++; *c > 2*maxNodes {
		panic(errTooLarge)
	}
}

// checkSize refuses a tree that is too large to be walked over: the parser can put one node into several places, each of which counts.
func checkSize(source string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errTooLarge
		}
	}()
	if tree, err := parser.Parse(source); err == nil { // what the parser refuses is left to the compiler
		ast.Walk(&tree.Node, new(counter))
	}
	return nil
}

// costs adds up the cost of a tree.
type costs struct{ sum int }

func (c *costs) Visit(node *ast.Node) {
	c.sum++
	switch n := (*node).(type) {
	case *ast.BuiltinNode:
		c.sum += extra[n.Name]
	case *ast.BinaryNode:
		c.sum += rangeLength(n)
		switch {
		case n.Operator == "matches":
			c.sum += 10
		case n.Operator == "in" && n.Left.Type().Kind() == reflect.Int:
			c.sum -= rangeLength(n.Right) // with whose ends expr compares
		}
	}
}

// rangeLength is the length of a range between two numbers, as far as it matters; 0 if it is none.
func rangeLength(n ast.Node) int {
	r, ok := n.(*ast.BinaryNode)
	if !ok || r.Operator != ".." {
		return 0
	}
	from, isNumber := r.Left.(*ast.IntegerNode)
	to, isNumberToo := r.Right.(*ast.IntegerNode)
	if !isNumber || !isNumberToo || to.Value < from.Value {
		return 0
	}
	return min(to.Value-from.Value, maxCost) + 1
}

// bound checks that a part of the expression has bounds.
func (v *checks) bound(node ast.Node) {
	v.cost.Visit(&node)
	switch n := node.(type) {
	case *ast.BinaryNode:
		if n.Operator == ".." && rangeLength(n) == 0 {
			v.report(n, "a range takes two numbers, such as 1..10")
		}
		if n.Operator == "matches" {
			v.pattern(n.Right)
		}
	case *ast.ArrayNode:
		for _, element := range n.Nodes {
			if _, isNil := element.(*ast.NilNode); !isNil && slices.Contains(roomy, element.Type().Kind()) {
				v.report(element, "a list holds texts, numbers and date-times alone")
			}
		}
	case *ast.VariableDeclaratorNode:
		if k := n.Value.Type().Kind(); k != reflect.Map && slices.Contains(roomy, k) {
			v.report(n, "a variable holds no list")
		}
	case *ast.MapNode, *ast.BytesNode:
		v.report(n, "this has no place in an expression that picks tasks")
	}
}

// roomy are the kinds of values that can be put together from others without end, if lists or variables could hold them.
var roomy = []reflect.Kind{reflect.Slice, reflect.Map, reflect.Interface}

// pattern checks a regular expression.
func (v *checks) pattern(n ast.Node) {
	text, ok := n.(*ast.StringNode)
	if !ok {
		v.report(n, "matches takes a regular expression in quotes")
		return
	}
	tree, err := syntax.Parse(text.Value, syntax.Perl)
	if err != nil {
		return // the compiler words it
	}
	if program, err := syntax.Compile(tree.Simplify()); err != nil || len(program.Inst) > maxPattern {
		v.report(n, "the regular expression is too large")
	}
}

// meter counts what an evaluation costs.
type meter struct {
	left int
	unit int // what a node costs: the length of the longest text, in times textUnit
}

// meterName is the name of the meter in the environment. No expression can spell it.
const meterName = " meter"

func newMeter(t *task.Task, uses []*task.Property) *meter {
	longest := 0
	for _, p := range uses {
		longest = max(longest, len(t.Get(p).String()))
	}
	return &meter{left: maxWork, unit: 1 + longest/textUnit}
}

// spend takes the cost of so many nodes.
func (m *meter) spend(nodes int) error {
	if m.left -= nodes * m.unit; m.left < 0 {
		return errTooLong
	}
	return nil
}

// sum takes the cost of a text that was put together from others.
func (m *meter) sum(text string) error {
	m.unit = max(m.unit, 1+len(text)/textUnit)
	m.left -= len(text) / sumUnit
	return m.spend(1)
}
