package diff

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

// Amounts is what edits amount to, property by property. The zero Amounts counts nothing yet.
type Amounts struct {
	by [task.Count]*amount
}

type amount struct {
	rows     int
	from, to map[string]int
}

// AmountsOf counts the edits of the changes that are to be sent.
func AmountsOf(p *Plan) *Amounts {
	a := new(Amounts)
	for _, c := range p.Pending() {
		for _, e := range c.Edits {
			a.Add(e.Property, e.Before, e.Wanted)
		}
	}
	return a
}

// Add counts one edit.
func (a *Amounts) Add(p *task.Property, before, wanted task.Value) {
	n := a.by[p.Index()]
	if n == nil {
		n = &amount{from: map[string]int{}, to: map[string]int{}}
		a.by[p.Index()] = n
	}
	n.rows++
	if p.Kind != task.Settings && p.OneLine() {
		n.from[text.Clip(p.Shown(before), 60)]++
		n.to[text.Clip(p.Shown(wanted), 60)]++
	}
}

// Lines are a line for each property that the edits change, in table order, such as
// "assignedTo: 945 rows, to bob.keller 945; from alice 289, secops 210, 4 others 446". Values of several lines and settings are only counted.
func (a *Amounts) Lines() []string {
	var lines []string
	for _, p := range task.All() {
		n := a.by[p.Index()]
		if n == nil {
			continue
		}
		line := fmt.Sprintf("%s: %s", p.Name, text.Count(n.rows, "row"))
		if len(n.to) > 0 {
			line += ", to " + most(n.to) + "; from " + most(n.from)
		}
		lines = append(lines, line)
	}
	return lines
}

// mostValues is how many values of a property a line names.
const mostValues = 4

// most names the values that occur most.
func most(counts map[string]int) string {
	type value struct {
		word string
		n    int
	}
	var all []value
	for word, n := range counts {
		all = append(all, value{word, n})
	}
	slices.SortFunc(all, func(a, b value) int { return cmp.Or(b.n-a.n, strings.Compare(a.word, b.word)) })
	var words []string
	others, rows := 0, 0
	for i, v := range all {
		if i < mostValues || len(all) == mostValues+1 {
			words = append(words, v.word+" "+text.Grouped(v.n))
			continue
		}
		others, rows = others+1, rows+v.n
	}
	if others > 0 {
		words = append(words, fmt.Sprintf("%s %s", text.Count(others, "other"), text.Grouped(rows)))
	}
	return strings.Join(words, ", ")
}
