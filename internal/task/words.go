package task

import "strconv"

// NotSet is how people are shown a value that is not set, everywhere.
const NotSet = "(not set)"

// Shown is a value as people are shown it.
func (p *Property) Shown(v Value) string {
	if p.Unset(v) {
		return NotSet
	}
	return v.String()
}

// Quoted is Shown with a value that is set in quotes.
func (p *Property) Quoted(v Value) string {
	if p.Unset(v) {
		return NotSet
	}
	return strconv.Quote(v.String())
}
