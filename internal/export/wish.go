package export

import (
	"fmt"
	"strings"

	"taskrecon/internal/base"
	"taskrecon/internal/ingest"
	"taskrecon/internal/task"
)

// CanAsk reports whether a sheet of either format can ask for a value where the task has another: not so for null where a
// property is not nullable, nor for a text that no cell can hold or that shows as the task's value does.
func CanAsk(p *task.Property, held, wanted task.Value) bool {
	for _, csv := range []bool{false, true} {
		if _, why := wishText(p, wanted, &held, csv); why != "" {
			return false
		}
	}
	return true
}

// wishText is the text of a cell that asks for a value in a sheet whose base holds another, or knows none (nil). Why says what
// keeps any cell from asking for it; "" where nothing does.
func wishText(p *task.Property, wanted task.Value, held *task.Value, csv bool) (text, why string) {
	text, whole := base.Show(p, wanted, csv)
	switch unset := p.Unset(wanted); {
	case unset && p.Kind == task.DateTime:
		text = wanted.String() // the service's own "no date", which a sheet shows as a blank
	case unset:
		text = task.Clear
	}
	plain := text
	if csv {
		plain = base.Unguard(p, text)
	}
	read, err := ingest.Understand(p, plain, task.Format{})
	switch {
	case p.Unset(wanted) && err != nil:
		return text, "the property cannot be emptied"
	case strings.HasSuffix(text, base.CutHere):
		return text, fmt.Sprintf("it is longer than the %d characters that a cell holds", base.MaxCellText)
	case !whole:
		return text, "it holds control characters, which no sheet can hold"
	case blank(plain):
		return text, "it is blank, and a blank cell leaves the property as it is"
	case err != nil || !p.Equal(read, wanted):
		return text, "a cell with this text would be read as something else"
	case held == nil || p.Equal(*held, wanted):
		return text, ""
	}
	switch shown, whole := base.Show(p, *held, csv); {
	case base.SameText(shown, text):
		return text, "the cell would show what it shows of the value that the task has"
	case !whole && strings.Contains(text, base.Lost):
		return text, ingest.ErrLost.Error()
	}
	return text, ""
}

func blank(text string) bool { return strings.TrimSpace(text) == "" }
