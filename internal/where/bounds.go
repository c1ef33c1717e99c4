package where

import (
	"fmt"
	"regexp/syntax"
	"slices"

	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/parser"

	"taskrecon/internal/task"
)

// expr has functions and loops that take time and memory out of all proportion to the expression, and its own budget counts the
// elements of lists alone. So an expression is bounded before it is compiled: what it can cost for one task is added up over its
// tree, and what has no bound, or no use for picking tasks, is refused. A step is the work on one value of usual length; where a
// task has longer texts, Match counts these.

const (
	// maxSteps is the most that one evaluation may cost.
	maxSteps = 50_000
	// maxWork is the most that it may cost where a step counts as often as the task's longest text has textSteps in it.
	maxWork = 5_000_000
	// maxPattern is the most instructions that a regular expression may have.
	maxPattern = 1000
	// maxDepth is how deep brackets may stand in each other: the parser calls itself for each.
	maxDepth = 200

	textStep   = 100 // bytes of a text that count as a step
	listStep   = 10  // constants of a list that count as a step: they are looked up, or walked over
	keysOf     = 100 // settings that a task is taken to have
	zoneSteps  = 100 // of loading a time zone
	matchSteps = 10
)

// loops are the functions that evaluate their second argument for each element of the first.
var loops = map[string]bool{"all": true, "any": true, "none": true, "one": true, "count": true}

// plainFunctions take time and memory in proportion to their arguments, and give no list.
var plainFunctions = map[string]bool{
	"len": true, "lower": true, "upper": true, "trim": true, "trimPrefix": true, "trimSuffix": true, "hasPrefix": true,
	"hasSuffix": true, "indexOf": true, "lastIndexOf": true, "abs": true, "ceil": true, "floor": true, "round": true,
	"int": true, "float": true, "now": true, "date": true, "duration": true, "timezone": true,
}

// cost is what evaluating a part of an expression takes.
type cost struct {
	steps int
	size  int // of the text that it gives, in steps
}

// bounds adds up the cost of an expression.
type bounds struct {
	variables map[string]int // their sizes
	element   int            // the size of the loop's element at hand
	visited   int
	fault     *fault // the first
}

// stepsOf is the most steps that an expression takes, or what is wrong with it. What the parser refuses is left to the compiler.
func stepsOf(text string) (steps int, wrong *fault) {
	if deep(text) {
		return 0, &fault{words: fmt.Sprintf("the brackets stand more than %d deep in each other", maxDepth), at: -1}
	}
	tree, err := parser.Parse(text)
	if err != nil {
		return 0, nil
	}
	b := &bounds{variables: map[string]int{}}
	c := b.of(tree.Node)
	if b.fault == nil && c.steps > maxSteps {
		b.tooLong(tree.Node)
	}
	return c.steps, b.fault
}

// deep reports whether brackets stand too deep in each other; those in quotes do not count.
func deep(text string) bool {
	depth, quote := 0, byte(0)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quote != 0 && c == '\\' && quote != '`':
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
		case c == '"' || c == '\'' || c == '`':
			quote = c
		case c == '(' || c == '[' || c == '{':
			if depth++; depth > maxDepth {
				return true
			}
		case c == ')' || c == ']' || c == '}':
			depth--
		}
	}
	return false
}

func (b *bounds) refuse(n ast.Node, format string, args ...any) cost {
	if b.fault == nil {
		b.fault = &fault{words: fmt.Sprintf(format, args...), at: n.Location().From}
	}
	return cost{}
}

func (b *bounds) tooLong(n ast.Node) cost {
	return b.refuse(n, "the expression can take too long: more than %d steps for one task", maxSteps)
}

// all adds up several parts. The size is that of the largest.
func (b *bounds) all(nodes ...ast.Node) cost {
	sum := cost{steps: 1, size: 1}
	for _, n := range nodes {
		if n == nil {
			continue
		}
		c := b.of(n)
		sum.steps, sum.size = min(sum.steps+c.steps, maxSteps+1), max(sum.size, c.size)
	}
	return sum
}

// of is the cost of a part that is no list. A node that stands in several places, as the parser makes some, counts in each.
func (b *bounds) of(node ast.Node) cost {
	if b.visited++; b.fault != nil || b.visited > maxSteps {
		return b.tooLong(node)
	}
	switch n := node.(type) {
	case *ast.NilNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		return cost{1, 1}
	case *ast.PointerNode:
		return cost{1, max(1, b.element)}
	case *ast.StringNode:
		return cost{1, 1 + len(n.Value)/textStep}
	case *ast.IdentifierNode:
		return cost{1, max(1, b.variables[n.Value])}
	case *ast.UnaryNode:
		return b.all(n.Node)
	case *ast.BinaryNode:
		return b.binary(n)
	case *ast.ChainNode:
		return b.of(n.Node)
	case *ast.MemberNode:
		return b.all(n.Node, n.Property)
	case *ast.SliceNode:
		return b.all(n.Node, n.From, n.To)
	case *ast.CallNode:
		return b.all(append([]ast.Node{n.Callee}, n.Arguments...)...)
	case *ast.BuiltinNode:
		return b.builtin(n)
	case *ast.PredicateNode:
		return b.of(n.Node)
	case *ast.ConditionalNode:
		return b.all(n.Cond, n.Exp1, n.Exp2)
	case *ast.SequenceNode:
		return b.all(n.Nodes...)
	case *ast.VariableDeclaratorNode:
		value := b.of(n.Value)
		b.variables[n.Name] = value.size
		rest := b.of(n.Expr)
		return cost{min(value.steps+rest.steps, maxSteps+1), rest.size}
	case *ast.ArrayNode:
		return b.refuse(n, "a list has no place here; it may stand behind in, and in the functions len, all, any, none, one and count")
	}
	return b.refuse(node, "this has no place in an expression that picks tasks")
}

func (b *bounds) binary(n *ast.BinaryNode) cost {
	switch n.Operator {
	case "..":
		return b.refuse(n, "a range has no place here; it may stand behind in, and in the functions len, all, any, none, one and count")
	case "in":
		c, list := b.of(n.Left), cost{1, 1}
		if !b.constantRange(n) {
			list, _ = b.list(n.Right)
		}
		return cost{min(c.steps+list.steps, maxSteps+1), 1}
	case "matches":
		return b.matching(n)
	case "+":
		left, right := b.of(n.Left), b.of(n.Right)
		size := min(left.size+right.size, maxSteps+1)
		return cost{min(left.steps+right.steps+size, maxSteps+1), size}
	}
	return b.all(n.Left, n.Right)
}

// constantRange reports whether a range between numbers is asked for the one whole number that a task has, which needs no list.
func (b *bounds) constantRange(n *ast.BinaryNode) bool {
	name, ok := n.Left.(*ast.IdentifierNode)
	r, isRange := n.Right.(*ast.BinaryNode)
	if !ok || !isRange || r.Operator != ".." || name.Value != task.ManagedDeviceCount.Name {
		return false
	}
	_, from := r.Left.(*ast.IntegerNode)
	_, to := r.Right.(*ast.IntegerNode)
	return from && to
}

// matching is the cost of a regular expression, which must be there before any task is seen.
func (b *bounds) matching(n *ast.BinaryNode) cost {
	pattern, ok := n.Right.(*ast.StringNode)
	if !ok {
		return b.refuse(n.Right, "matches takes a regular expression in quotes")
	}
	tree, err := syntax.Parse(pattern.Value, syntax.Perl)
	if err != nil {
		return b.all(n.Left) // the compiler words it
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil || len(program.Inst) > maxPattern {
		return b.refuse(pattern, "the regular expression is too large")
	}
	c := b.of(n.Left)
	return cost{min(c.steps+matchSteps*c.size, maxSteps+1), 1}
}

func (b *bounds) builtin(n *ast.BuiltinNode) cost {
	switch {
	case loops[n.Name] && len(n.Arguments) > 0:
		list, elements := b.list(n.Arguments[0])
		outer := b.element
		b.element = list.size
		body := b.all(n.Arguments[1:]...)
		b.element = outer
		if elements > 0 && body.steps > maxSteps/elements {
			return b.tooLong(n)
		}
		return cost{min(list.steps+elements*body.steps, maxSteps+1), 1}
	case n.Name == "len" && len(n.Arguments) == 1 && isList(n.Arguments[0]):
		c, _ := b.list(n.Arguments[0])
		return c
	case n.Name == "timezone":
		c := b.all(n.Arguments...)
		return cost{c.steps + zoneSteps, 1}
	case n.Name == "keys" || n.Name == "values":
		return b.refuse(n, "%s gives a list, which has no place here", n.Name)
	case !plainFunctions[n.Name] && !loops[n.Name]:
		return b.refuse(n, "there is no function %.80q", n.Name)
	}
	return b.all(n.Arguments...)
}

// isList reports whether a part is a list as list knows them.
func isList(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.ArrayNode:
		return true
	case *ast.BinaryNode:
		return n.Operator == ".."
	case *ast.BuiltinNode:
		return n.Name == "keys" || n.Name == "values"
	}
	return false
}

// list is the cost of a list, and how many elements it has at most. What is no list in the expression is one of a task: its settings.
func (b *bounds) list(node ast.Node) (c cost, elements int) {
	switch n := node.(type) {
	case *ast.ArrayNode:
		c := b.all(n.Nodes...)
		if !slices.ContainsFunc(n.Nodes, isVariable) {
			c.steps = 1 + len(n.Nodes)/listStep
		}
		return c, len(n.Nodes)
	case *ast.BinaryNode:
		if n.Operator == ".." {
			return b.span(n)
		}
	case *ast.BuiltinNode:
		if n.Name == "keys" || n.Name == "values" {
			c := b.all(n.Arguments...)
			return cost{c.steps + keysOf, 1}, keysOf
		}
	}
	return b.of(node), keysOf
}

// isVariable reports whether a part is more than a value that stands in the expression.
func isVariable(node ast.Node) bool {
	switch node.(type) {
	case *ast.StringNode, *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.NilNode:
		return false
	}
	return true
}

// span is the cost of a range, and its length.
func (b *bounds) span(n *ast.BinaryNode) (cost, int) {
	from, ok := n.Left.(*ast.IntegerNode)
	to, isNumber := n.Right.(*ast.IntegerNode)
	if !ok || !isNumber {
		return b.refuse(n, "a range takes two numbers, such as 1..10"), 0
	}
	if to.Value-from.Value >= maxSteps {
		return b.tooLong(n), 0
	}
	length := max(to.Value-from.Value+1, 0)
	return cost{1 + length, 1}, length
}
