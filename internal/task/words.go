package task

import "strconv"

// Quoted is the value in quotes, or "not set" for none.
func (v Value) Quoted() string {
	if v.IsNull() {
		return "not set"
	}
	return strconv.Quote(v.String())
}
